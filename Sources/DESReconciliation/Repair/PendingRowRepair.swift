import DESBase
import DESCatalog
import DESMigration
import DESShard
import DESStorage

/// Marks pending rows whose file is in one published shard, after the file was read back and checked.
struct PendingRowRepair: Sendable {
    let context: ReconciliationContext
    let reader: ShardIndexReader
    /// For sources, which block.
    let threads: ThreadPool

    /// What becomes of each file, in their order.
    func run(_ files: [UnmarkedFile]) async throws -> [UnmarkedFile.Outcome] {
        var outcomes = files.map { UnmarkedFile.Outcome.kept($0.rows[0], nil) }
        var marks: [(position: Int, row: CatalogRow)] = []
        let byShard = Dictionary(grouping: files.indices) { ByteString(files[$0].shard) }
        for (shard, positions) in byShard.sorted(by: { $0.key < $1.key }) {
            guard case .index(let index) = try await reader.read(shard.text) else {
                for position in positions {
                    outcomes[position] = .kept(files[position].rows[0], "not marked: the shard cannot be read any more")
                }
                continue
            }
            for position in positions {
                switch try await check(files[position], in: index) {
                case .success(let row): marks.append((position, row))
                case .failure(let refusal):
                    outcomes[position] = .kept(files[position].rows[0], "not marked: \(refusal.reason)")
                }
            }
        }
        guard !marks.isEmpty else { return outcomes }
        let keys = marks.map { RowMark(key: $0.row.key, shard: files[$0.position].shard) }
        let results = try await context.retrying { try await context.world.catalog.mark(keys, within: nil) }
        let pairs = try InvariantViolation.paired(marks, results, .markedIsPublished, "marking rows")
        for ((position, row), result) in pairs {
            switch result {
            // After a lost answer it may have been this process.
            case .marked, .alreadyMarked: outcomes[position] = .marked(row)
            case .changed: outcomes[position] = .settled
            case .refused(let reason):
                outcomes[position] = .kept(row, "not marked: the catalog refused it: \(reason)")
            }
        }
        return outcomes
    }

    private struct Refusal: Error {
        let reason: String
    }

    /// The row to mark.
    private func check(_ file: UnmarkedFile, in index: ShardIndex) async throws -> Result<CatalogRow, Refusal> {
        func refuse(_ reason: String) -> Result<CatalogRow, Refusal> { .failure(Refusal(reason: reason)) }
        do {
            guard let entry = try index.entry(uid: file.uid),
                entry.meta.createdAt.flatMap({ Timestamp(parsing: $0) }) == file.time
            else { return refuse("the shard does not have it any more") }
            let content = try await EntryVerification(context: context).content(of: entry, in: file.shard)
            return await choose(file, entry, content)
        } catch let problem as EntryProblem {
            return refuse(problem.message)
        } catch let error as ShardError {
            return refuse(error.message)
        } catch let error as StorageError {
            return refuse("its file cannot be checked: \(error)")
        }
    }

    private func choose(
        _ file: UnmarkedFile, _ entry: ShardEntry, _ content: EntryContent
    ) async -> Result<CatalogRow, Refusal> {
        let matcher = SourceMatcher(sources: context.world.sources)
        let matches = await withTaskExecutorPreference(threads) {
            var matches: [SourceMatcher.Match] = []
            for row in file.rows { matches.append(await matcher.compare(row, with: entry) { content }) }
            return matches
        }
        // Of several rows with the same content one is marked: there is one file.
        if let position = matches.firstIndex(where: { if case .same = $0 { true } else { false } }) {
            return .success(file.rows[position])
        }
        guard matches.count == 1, let row = file.rows.first else {
            return .failure(Refusal(reason: "it cannot be told to which of \(matches.count) rows it belongs"))
        }
        switch matches[0] {
        case .same: return .success(row)
        case .sourceGone:
            // What is left to compare is the size.
            guard row.size != .null else {
                return .failure(Refusal(reason: "its source is gone, and the row has no size to compare"))
            }
            // Nobody deleted it, then: it may only be out of reach, and be another file by now.
            let location = row.key.location.uidText ?? ""
            if !context.settings.deletesSources,
                case .doubtful(let why) = await context.world.sources.absences(of: [location]).first ?? .certain
            {
                return .failure(Refusal(reason: "its source is missing, but perhaps only out of reach: \(why)"))
            }
            return .success(row)
        case .differs(let reason), .unknown(let reason): return .failure(Refusal(reason: reason))
        }
    }
}
