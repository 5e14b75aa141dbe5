package import DESS3
package import DESSystem

/// Notes in a folder, one a file, which uploads in parts are under way: what a killed process began is aborted by the next
/// one, since its parts are kept, and paid for, until then. Shares its folder with nobody.
package struct UploadJournal: Sendable {
    /// The name of a note's file.
    package typealias Note = String

    private static let suffix = ".upload"

    private let folder: String
    private let threads: ThreadPool

    /// - Parameter folder: made when the first note is.
    package init(folder: String, threads: ThreadPool) {
        self.folder = folder
        self.threads = threads
    }

    /// Notes an upload that was begun; it lasts longer than the process.
    package func add(_ upload: S3Upload) async throws -> Note {
        try await threads.run { [folder] in
            try FileSystem.createDirectory(folder)
            let name = String(UInt64.random(in: .min ... .max), radix: 36) + Self.suffix
            let file = try OpenFile("\(folder)/\(name)", .createNew)
            // Keys may have line ends, IDs and buckets do not.
            try file.write(text: "\(upload.id)\n\(upload.location.bucket)\n\(upload.location.key)")
            return name
        }
    }

    /// The upload is completed or aborted.
    package func remove(_ note: Note) async throws {
        try await threads.run { [folder] in try FileSystem.remove("\(folder)/\(note)") }
    }

    /// What is under way, or was when a process died.
    package func notes() async throws -> [(note: Note, upload: S3Upload)] {
        try await threads.run { [folder] in
            guard try FileSystem.status(folder) != nil else { return [] }
            var notes: [(note: Note, upload: S3Upload)] = []
            for name in try FileSystem.names(in: folder) where name.hasSuffix(Self.suffix) {
                let bytes = try FileContent.read("\(folder)/\(name)", 0..<(1 << 16)).bytes
                let lines = String(decoding: bytes, as: UTF8.self).split(
                    separator: "\n", maxSplits: 2, omittingEmptySubsequences: false)
                guard lines.count == 3, !lines[0].isEmpty, !lines[2].isEmpty else {
                    // The process died while it wrote it.
                    try FileSystem.remove("\(folder)/\(name)")
                    continue
                }
                let location = S3Location(bucket: String(lines[1]), key: String(lines[2]))
                notes.append((name, S3Upload(location: location, id: String(lines[0]))))
            }
            return notes
        }
    }
}
