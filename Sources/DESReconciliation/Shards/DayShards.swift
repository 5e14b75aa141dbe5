import DESBase
import DESShard
import DESStorage

/// Reads the shards of a day into the spool.
struct DayShards: Sendable {
    let context: ReconciliationContext
    let reader: ShardIndexReader

    /// How many shards were read, and whether it is known of all what they hold.
    struct Outcome: Sendable {
        var count = 0
        var isComplete = true
    }

    /// What to do with shards that are listed.
    enum Purpose: Sendable {
        /// All of them are new: their entries and big files are noted.
        case first
        /// They were read before, and are compared with further rows.
        case again
        /// They may have appeared since: only new ones count.
        case new
        /// As `new`, but only their big files are noted.
        case newBigFiles
    }

    /// Reads the shards of a day from a list that is at that day.
    func read(_ list: ListedShards, day: Int64) async throws -> Outcome {
        var outcome = Outcome()
        while case let page = try await list.next(of: day), !page.isEmpty { try await read(page, .first, &outcome) }
        return outcome
    }

    /// Reads the shards of a day that were read before.
    func readAgain(day: Int64) async throws -> Outcome { try await list(day, .again) }

    /// Reads the shards of a day that appeared since they were listed.
    func readNewShards(of day: Int64) async throws -> Outcome { try await list(day, .new) }

    private func list(_ day: Int64, _ purpose: Purpose) async throws -> Outcome {
        let list = ListedShards(context, prefix: ListedShards.text(of: day) + "_", countsOthers: false)
        var outcome = Outcome()
        while case let page = try await list.next(of: day), !page.isEmpty { try await read(page, purpose, &outcome) }
        return outcome
    }

    /// Reads some shards.
    func read(_ objects: [ObjectAttributes], _ purpose: Purpose, _ outcome: inout Outcome) async throws {
        var shards: [SpooledShard] = []
        var known: Set<Int64> = []
        for object in objects {
            if let shard = try await context.spool.addShard(object) {
                shards.append(shard)
            } else if purpose == .again, let shard = try await context.spool.shard(object.key) {
                known.insert(shard.number)
                shards.append(shard)
            }
        }
        var changed = outcome
        try await reader.forEach(shards) { shard, read in
            let isNew = !known.contains(shard.number)
            let part = isNew ? await context.parts.number(of: shard.key) : nil
            switch read {
            case .gone: return
            case .large: return
            case .unreadable(let why):
                changed.isComplete = false
                if isNew { context.book.add(Finding(.unreadableShard, key: shard.key, message: why)) }
            case .index(let index):
                let spooled = try await context.spool.add(
                    index, of: shard, bigFilesIn: part, keepsEntries: purpose != .newBigFiles)
                changed.count += 1
                if let error = spooled.firstError {
                    changed.isComplete = false
                    if isNew {
                        context.book.add(
                            Finding(.unreadableShard, uid: error.uid, key: shard.key, message: error.message))
                    }
                }
                guard isNew else { return }
                context.book.count { totals in
                    totals.shards += 1
                    totals.files += spooled.entries
                }
            }
        }
        outcome = changed
    }
}
