package import DESBase
package import DESS3

/// Notes in a folder, one a file, to which keys uploads in parts are under way: what a killed process began is aborted by the next
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

    /// Notes that an upload is going to be begun; it lasts longer than the process.
    package func add(_ location: S3Location) async throws -> Note {
        try await threads.run { [folder] in
            try FileSystem.createDirectory(folder)
            let name = String(UInt64.random(in: .min ... .max), radix: 36) + Self.suffix
            let file = try OpenFile("\(folder)/\(name)", .createNew)
            // Keys may have line ends, buckets do not.
            try file.write(text: "\(location.bucket)\n\(location.key)")
            return name
        }
    }

    /// The upload is completed or aborted.
    package func remove(_ note: Note) async throws {
        try await threads.run { [folder] in try FileSystem.remove("\(folder)/\(note)") }
    }

    /// What is under way, or was when a process died.
    package func notes() async throws -> [(note: Note, location: S3Location)] {
        try await threads.run { [folder] in
            guard try FileSystem.status(folder) != nil else { return [] }
            var notes: [(note: Note, location: S3Location)] = []
            for name in try FileSystem.names(in: folder) where name.hasByteSuffix(Self.suffix) {
                let bytes = try FileContent.read("\(folder)/\(name)", 0..<(1 << 16)).bytes
                let lines = String(decoding: bytes, as: UTF8.self).split(
                    separator: "\n", maxSplits: 1, omittingEmptySubsequences: false)
                guard lines.count == 2, !lines[0].isEmpty, !lines[1].isEmpty else {
                    // The process died while it wrote it, so nothing was begun.
                    try FileSystem.remove("\(folder)/\(name)")
                    continue
                }
                notes.append((name, S3Location(bucket: String(lines[0]), key: String(lines[1]))))
            }
            return notes
        }
    }
}
