import DESBase
import DESCatalog
import DESStorage

/// Judges what is different between the rows and the shards of one day.
struct DaySettlement: Sendable {
    let context: ReconciliationContext
    let day: Int64
    let reader: DayShards
    let repair: PendingRowRepair
    /// Whether only rows are looked at: their shards were before.
    let onlyRows: Bool

    private var spool: Spool { context.spool }
    private var book: FindingBook { context.book }

    /// - Parameter isComplete: whether all shards of the day could be read.
    func run(isComplete: Bool) async throws {
        var isComplete = isComplete
        try await spool.findDifferences(onlyRows: onlyRows)
        guard try await !spool.differences(after: 0, atMost: 1).isEmpty else { return try await countUndated() }
        // A row may have been marked after the shards of its day were listed: they are listed once more.
        let more = try await reader.readNewShards(of: day)
        if !more.isComplete { isComplete = false }
        if more.count > 0 { try await spool.findDifferences(onlyRows: onlyRows) }
        var last: Int64 = 0
        while case let page = try await spool.differences(after: last, atMost: Spool.pageSize), !page.isEmpty {
            last = page.last?.number ?? last
            let keys = page.map { (uid: $0.uid, createdAt: $0.time) }
            let rows = try await context.retrying { try await context.world.catalog.recoveredRows(for: keys) }
            var unmarked: [UnmarkedFile] = []
            for (difference, rows) in zip(page, rows) {
                let verdict = KeyVerdict(difference, rows: rows, isDayComplete: isComplete)
                if let file = try await judge(difference, verdict) { unmarked.append(file) }
            }
            try await settle(unmarked)
        }
        try await countUndated()
    }

    private func countUndated() async throws {
        guard !onlyRows else { return }
        let count = try await spool.undatedWithoutRow()
        book.count { $0.filesWithoutTime += count }
    }

    /// - Returns: a file whose row is not marked, and may be.
    private func judge(_ difference: Difference, _ verdict: KeyVerdict) async throws -> UnmarkedFile? {
        let (uid, time) = (difference.uid, difference.time)
        switch verdict {
        case .agree: break
        case .inDoubt(let count): book.count { $0.rowsInDoubt += count }
        case .missing(let count, let rows):
            for row in rows.prefix(count) {
                book.add(
                    Finding(
                        .markedInNoShard, uid: uid, createdAt: time, location: row.key.location.uidText,
                        message: count < rows.count
                            ? "\(count) of \(rows.count) rows with this uid and time: shards have \(rows.count - count)"
                            : nil))
            }
        case .noRow:
            book.add(
                Finding(
                    .inShardNoRow, uid: uid, createdAt: time, shard: difference.shards?.first.key,
                    message: difference.entries > 1 ? "and in \(difference.entries - 1) more" : nil))
        case .leftOver(let count): try await several(difference, count)
        case .notMarked(let count, let rows, let leftOver):
            if leftOver > 0 { try await several(difference, leftOver) }
            guard let shards = difference.shards else { break }
            // A migration that runs marks these rows itself, and so does the next one for what waits in staging.
            let isYoung = [shards.first, shards.last].contains {
                !context.isOld($0.modifiedAt) || context.staged.contains(ByteString($0.key))
            }
            for row in rows.prefix(count) {
                guard !isYoung else {
                    book.addYoung(.inShardNotMarked)
                    continue
                }
                if difference.entries == 1 {
                    return UnmarkedFile(uid: uid, time: time, shard: shards.first.key, rows: rows)
                }
                book.add(
                    Finding(
                        .inShardNotMarked, uid: uid, createdAt: time, location: row.key.location.uidText,
                        shard: shards.first.key, message: "\(difference.entries) shards have files of this uid and time"
                    ))
            }
        }
        return nil
    }

    private func several(_ difference: Difference, _ count: Int) async throws {
        guard let shards = difference.shards else { return }
        // A shard may have been taken back since it was read.
        for key in [shards.first.key, shards.last.key] {
            let store = context.world.store
            guard try await context.retrying({ try await store.attributes(of: key) != nil }) else { return }
        }
        book.add(
            Finding(
                .inSeveralShards, uid: difference.uid, createdAt: difference.time, shard: shards.first.key,
                message: "and in \(shards.last.key): \(count) more than rows"))
    }

    private func settle(_ files: [UnmarkedFile]) async throws {
        guard !files.isEmpty else { return }
        let outcomes =
            context.settings.repairs
            ? try await repair.run(files) : files.map { UnmarkedFile.Outcome.kept($0.rows[0], nil) }
        for (file, outcome) in zip(files, outcomes) {
            var finding = Finding(.inShardNotMarked, uid: file.uid, createdAt: file.time, shard: file.shard)
            switch outcome {
            case .marked(let row):
                finding.location = row.key.location.uidText
                finding.isRepaired = true
            case .kept(let row, let why):
                finding.location = row.key.location.uidText
                finding.message = why ?? (file.rows.count > 1 ? "or one of \(file.rows.count - 1) other rows" : nil)
            case .settled: continue
            }
            book.add(finding)
        }
    }
}
