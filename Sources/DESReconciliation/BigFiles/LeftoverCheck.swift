import DESBase
import DESMigration
import DESRouting
import DESStorage

/// Looks for what interrupted runs left: files in the staging folder, and uploads in parts.
struct LeftoverCheck: Sendable {
    let context: ReconciliationContext
    let threads: ThreadPool

    /// A file in staging.
    struct StagingEntry: Sendable {
        let name: String
        /// Seconds since 1970.
        let modifiedAt: Int64
        let isSealed: Bool
    }

    /// What lies in the staging folder; empty if there is no such folder.
    static func stagedFiles(in folder: String, on threads: ThreadPool) async throws -> [StagingEntry] {
        try await threads.run {
            guard try FileSystem.status(folder)?.kind == .directory else { return [] }
            return try FileSystem.names(in: folder).compactMap { name in
                let isSealed = ShardFileName(name)?.suffix.utf8.count == UniqueSuffix.length
                guard
                    isSealed || name.hasByteSuffix(".des\(StagingFolder.openSuffix)")
                        || name.hasByteSuffix(".des\(StagingFolder.damagedSuffix)")
                        || isBigFile(name),
                    let status = try FileSystem.status("\(folder)/\(name)")
                else { return nil }
                return StagingEntry(
                    name: name, modifiedAt: status.identity.modifiedAtNanoseconds / 1_000_000_000, isSealed: isSealed)
            }
        }
    }

    private static func isBigFile(_ name: String) -> Bool {
        name.hasBytePrefix(StagingFolder.bigFilePrefix) && name.hasByteSuffix(StagingFolder.openSuffix)
    }

    func run(staged: [StagingEntry]) async throws {
        for file in staged {
            guard context.isOld(file.modifiedAt) else {
                context.book.addYoung(.stagingLeftover)
                continue
            }
            let days = (context.start - file.modifiedAt) / 86_400
            context.book.add(
                Finding(
                    .stagingLeftover, key: "\(context.world.stagingDirectory)/\(file.name)",
                    message: "\(file.isSealed ? "sealed" : "unfinished") \(days) days ago"))
        }
        for store in await context.parts.stores {
            if let directory = store as? DirectoryStore { try await checkCopies(of: directory) }
            guard let uploads = store as? any UnfinishedUploads else { continue }
            try await check(uploads, in: store)
        }
    }

    private func checkCopies(of store: DirectoryStore) async throws {
        let copies = try await context.retrying { [prefix = context.settings.bigFilesPrefix] in
            try await store.unfinishedCopies(in: [prefix])
        }
        for copy in copies {
            guard context.isOld(copy.modifiedAt) else {
                context.book.addYoung(.stagingLeftover)
                continue
            }
            let days = (context.start - copy.modifiedAt) / 86_400
            context.book.add(
                Finding(.stagingLeftover, key: copy.path, message: "a copy that was not finished, \(days) days ago"))
        }
    }

    private func check(_ store: any UnfinishedUploads, in part: any ObjectStore) async throws {
        var marker: String?
        repeat {
            let page = try await context.retrying { [marker] in try await store.unfinishedUploads(after: marker) }
            for upload in page.uploads { try await judge(upload, store, part.name) }
            marker = page.next
        } while marker != nil
    }

    private func judge(_ upload: UnfinishedUpload, _ store: any UnfinishedUploads, _ name: String) async throws {
        guard context.isOld(upload.beganAt) else { return context.book.addYoung(.unfinishedUpload) }
        var finding = Finding(
            .unfinishedUpload, key: upload.key,
            message: "begun \((context.start - (upload.beganAt ?? context.start)) / 86_400) days ago in \(name)")
        if context.settings.repairs {
            do {
                try await context.retrying { try await store.abort(upload) }
                finding.isRepaired = true
            } catch let error as StorageError {
                finding.message = "not aborted: \(error)"
            }
        }
        context.book.add(finding)
    }
}
