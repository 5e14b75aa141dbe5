import DESMigration
import Testing

/// What a cycle came to.
struct PipelineOutcome: Sendable {
    let result: CycleResult
    /// Files that came from the catalog.
    let fetched: Int
    let log: [String]

    /// The failure of a uid; nil if there is none or more than one.
    func failure(_ uid: String) -> FileFailure? {
        let found = result.errors.filter { $0.uid == uid }
        return found.count == 1 ? found.first : nil
    }

    /// Whether a log line has all of these texts.
    func logged(_ texts: String...) -> Bool {
        log.contains { line in texts.allSatisfy { line.contains($0) } }
    }

    /// Expects the books to add up to these numbers.
    func expectBooks(
        migrated: Int, failed: Int = 0, skipped: Int = 0, sourceLocation: SourceLocation = #_sourceLocation
    ) {
        #expect(result.filesMigrated == migrated, "migrated; \(result.errors)", sourceLocation: sourceLocation)
        #expect(result.filesFailed == failed, "failed; \(result.errors)", sourceLocation: sourceLocation)
        #expect(result.filesSkipped == skipped, "skipped; \(log)", sourceLocation: sourceLocation)
        expectBalance(sourceLocation: sourceLocation)
    }

    /// Expects every file that was fetched to be in the books once, and every failure to be named.
    func expectBalance(sourceLocation: SourceLocation = #_sourceLocation) {
        #expect(
            result.filesProcessed == result.filesMigrated + result.filesFailed + result.filesSkipped,
            sourceLocation: sourceLocation
        )
        #expect(result.filesProcessed == fetched, sourceLocation: sourceLocation)
        #expect(result.errors.count + result.errorsOmitted == result.filesFailed, sourceLocation: sourceLocation)
    }
}

extension PipelineFixture {
    /// Expects these files to be marked and in exactly one shard each, byte by byte, and every other row to be unmarked
    /// with its source as it was; and nothing to wait in staging.
    func expectSettled(
        _ migrated: [PipelineFile], sourcesDeleted: Bool = false, inStaging: [String] = [],
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let archive = try PipelineArchive(output)
        #expect(try table.markedIDs() == Set(migrated.map(\.id)), "marked rows", sourceLocation: sourceLocation)
        for (file, copies) in Dictionary(grouping: migrated, by: \.content) {
            #expect(
                archive.count(of: copies[0]) == copies.count, "entries of \(file)", sourceLocation: sourceLocation
            )
        }
        for file in migrated where sourcesDeleted {
            #expect(PipelineDisk.read(file.path) == nil, "source of \(file.uid)", sourceLocation: sourceLocation)
        }
        #expect(stagedNames == inStaging, "staging", sourceLocation: sourceLocation)
        for entry in archive.entries {
            #expect(
                entry.isWhereItBelongs(settings.shardBits), "\(entry.uid.prefix(80))", sourceLocation: sourceLocation)
        }
    }

    /// What lies in staging beside the lock and the mark of a worker.
    var stagedNames: [String] { PipelineDisk.names(in: staging).filter { $0 != "lock" && $0 != "workers" } }

    /// Expects every entry to belong to one of these files, and each of them to be there.
    func expectOnly(_ migrated: [PipelineFile], sourceLocation: SourceLocation = #_sourceLocation) throws {
        #expect(try PipelineArchive(output).entries.count == migrated.count, sourceLocation: sourceLocation)
    }
}
