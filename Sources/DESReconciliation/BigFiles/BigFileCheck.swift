import DESBase
import DESShard
import DESStorage

/// Compares the big files that are stored with those that entries of all shards name, and removes, if asked to, those that
/// nothing names.
struct BigFileCheck: Sendable {
    let context: ReconciliationContext
    let reader: DayShards

    private var spool: Spool { context.spool }
    private var book: FindingBook { context.book }
    private var prefix: String { context.settings.bigFilesPrefix }

    func run() async throws {
        for (number, store) in await context.parts.stores.enumerated() { try await list(store, number) }
        try await spool.findBigFileDifferences()
        let hasOldOrphans = try await judgeNamed()
        guard context.settings.isWhole else {
            book.note("big files that no shard names were not looked for: that takes the shards of all days")
            return
        }
        if hasOldOrphans, areShardsKnown {
            // A shard that was published meanwhile may name one of them.
            try await readNewShards()
            try await spool.findBigFileDifferences()
        }
        try await judgeOrphans(isComplete: areShardsKnown)
    }

    /// Whether it is known of all shards which big files they name.
    private var areShardsKnown: Bool { book.found(.unreadableShard) == 0 && book.found(.unknownShard) == 0 }

    private func list(_ store: any ObjectStore, _ part: Int) async throws {
        var after: String?
        repeat {
            let page = try await context.retrying { [after, prefix] in
                // A local folder is read as a whole for each page.
                try await store.list(
                    prefix: prefix + "/", after: after, limit: store.localFolder == nil ? 1000 : 20_000)
            }
            after = page.next
            var found: [(hash: String, attributes: ObjectAttributes)] = []
            var others = 0
            for object in page.objects {
                let hash = String(decoding: object.key.utf8.dropFirst(prefix.utf8.count + 1), as: UTF8.self)
                if SHA256.isHash(hash) { found.append((hash, object)) } else { others += 1 }
            }
            try await spool.addStored(found, part: part)
            book.count { [found, others] totals in
                totals.bigFiles += found.count
                totals.otherObjects += others
            }
        } while after != nil
    }

    /// Judges those that entries name.
    ///
    /// - Returns: whether there are old ones that no entry names.
    private func judgeNamed() async throws -> Bool {
        var hasOldOrphans = false
        try await forEachDifference { difference in
            guard let named = difference.namedSize else {
                if context.isOld(difference.modifiedAt) { hasOldOrphans = true }
                return
            }
            let key = "\(prefix)/\(difference.hash)"
            let store = await context.parts.stores[difference.part]
            let found: ObjectAttributes?
            do {
                found = try await context.retrying { try await store.attributes(of: key) }
            } catch is StorageError {
                book.count { $0.bigFilesInDoubt += 1 }
                return
            }
            let problem: String? =
                switch found?.size {
                case nil: nil
                case UInt64(named)?: "another entry says that it has another size"
                case let size?: "it has \(size) bytes instead of \(named)"
                }
            if found?.size == UInt64(named), difference.storedSize == nil { return }
            book.add(
                Finding(
                    .missingBigFile, uid: difference.uid, shard: difference.shard, key: key,
                    message: problem))
        }
        return hasOldOrphans
    }

    private func judgeOrphans(isComplete: Bool) async throws {
        try await forEachDifference { difference in
            guard difference.namedSize == nil, !difference.isNamedElsewhere else { return }
            guard context.isOld(difference.modifiedAt) else { return book.addYoung(.orphanedBigFile) }
            guard isComplete else { return book.count { $0.bigFilesInDoubt += 1 } }
            let key = "\(prefix)/\(difference.hash)"
            let store = await context.parts.stores[difference.part]
            var finding = Finding(
                .orphanedBigFile, key: key, message: "\(difference.storedSize ?? 0) bytes in \(store.name)")
            if context.settings.deletesOrphans {
                do {
                    finding.isRepaired = try await delete(key, in: store, difference)
                } catch let error as StorageError {
                    finding.message = "not deleted: \(error)"
                }
            }
            book.add(finding)
        }
    }

    /// - Returns: false if it is another object by now.
    private func delete(
        _ key: String, in store: any ObjectStore, _ difference: BigFileDifference
    ) async throws -> Bool {
        try await context.retrying {
            guard let now = try await store.attributes(of: key) else { return true }
            guard now.modifiedAt == difference.modifiedAt else { return false }
            try await store.delete(key)
            return true
        }
    }

    private func forEachDifference(_ body: (BigFileDifference) async throws -> Void) async throws {
        var last: Int64 = 0
        while case let page = try await spool.bigFileDifferences(after: last, atMost: Spool.pageSize), !page.isEmpty {
            last = page.last?.number ?? last
            for difference in page { try await body(difference) }
        }
    }

    private func readNewShards() async throws {
        let list = ListedShards(context, countsOthers: false)
        var outcome = DayShards.Outcome()
        while case let page = try await list.next(), !page.isEmpty {
            try await reader.read(page, .newBigFiles, &outcome)
        }
    }
}
