import DESBase

/// What a staging folder is used for: by a process that works alone, which brings to its end what it finds there, or by a
/// worker among many, which throws it away because others may have its work by now. A file named `workers` tells.
struct StagingUse: Sendable {
    static let workersMark = "workers"

    let staging: StagingFolder
    let threads: ThreadPool

    /// Takes the folder into use.
    ///
    /// - Throws: ``StagingUseError`` if sealed shards of the other use lie there, `SystemError`.
    func begin(recovers: Bool) async throws {
        try await threads.run { [staging] in
            let names = try staging.files.names(in: staging.path)
            let isForWorkers = names.contains(Self.workersMark)
            guard isForWorkers == recovers else { return }
            let sealed = try staging.leftovers().sealed
            guard sealed.isEmpty else {
                throw StagingUseError(
                    description: isForWorkers
                        ? "the staging folder \(staging.path) has \(sealed.count) shards of a worker; let workers finish their job "
                            + "first, or give this process another packer.staging_dir"
                        : "the staging folder \(staging.path) has \(sealed.count) shards of a run without the section workers; "
                            + "let such a run finish first, or give the worker another packer.staging_dir")
            }
            let mark = "\(staging.path)/\(Self.workersMark)"
            if isForWorkers {
                try staging.files.remove(mark)
            } else {
                try staging.files.create(mark).synchronize()
            }
            try staging.files.synchronizeDirectory(staging.path)
        }
    }
}

/// The staging folder holds what this process must not touch.
struct StagingUseError: Error, CustomStringConvertible {
    let description: String
}
