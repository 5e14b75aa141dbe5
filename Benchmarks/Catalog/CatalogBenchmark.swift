import DESBase
import DESCatalog
import DESCatalogODBC
import DESCatalogPostgres

/// Reads all pending rows of a table page by page, and then marks them batch by batch, and prints how fast that was.
///
///     catalog-benchmark URL TABLE [ROWS-A-PAGE]
@main
enum CatalogBenchmark {
    /// A wrong call.
    private struct Usage: Error, CustomStringConvertible {
        let description = "usage: catalog-benchmark URL TABLE [ROWS-A-PAGE]"
    }

    static func main() async throws {
        let arguments = CommandLine.arguments.dropFirst()
        guard let url = arguments.first, let table = arguments.dropFirst().first,
            let batchSize = arguments.dropFirst(2).first.map({ Int($0) }) ?? 1000
        else { throw Usage() }
        let catalog = try catalog(url, CatalogSchema(table: table))
        try await catalog.checkSchema()

        let clock = ContinuousClock()
        var keys: [RowMark] = []
        let start = clock.now
        let scan = try await catalog.pendingRows(in: PendingRange(before: .latest))
        while case let page = try await scan.nextPage(atMost: batchSize), !page.isEmpty {
            keys += page.map { RowMark(key: $0.key, shard: "20240101_00_00000000000000000000000000.des") }
        }
        let fetched = clock.now
        await scan.close()

        var longest = Duration.zero
        let begun = clock.now
        var rest = keys[...]
        while !rest.isEmpty {
            let before = clock.now
            let outcomes = try await catalog.mark(Array(rest.prefix(batchSize)), within: nil)
            precondition(outcomes.allSatisfy { $0 == .marked })
            longest = max(longest, before.duration(to: clock.now))
            rest = rest.dropFirst(batchSize)
        }
        let marked = clock.now
        await catalog.close()

        func rate(_ duration: Duration) -> Int { Int(Double(keys.count) / (duration / .seconds(1))) }
        print(
            """
            {"rows": \(keys.count), "fetched_per_second": \(rate(start.duration(to: fetched))), \
            "marked_per_second": \(rate(begun.duration(to: marked))), \
            "longest_mark_ms": \(longest / .milliseconds(1)), "paging_note": \(scan.pagingNote != nil)}
            """)
    }

    private static func catalog(_ url: String, _ schema: CatalogSchema) throws -> any SourceCatalog {
        if url.hasPrefix("postgres") { return PostgresCatalog(conninfo: url, schema: schema) }
        if url.hasPrefix("odbc:") {
            return ODBCCatalog(source: ODBCSource(connectionString: String(url.dropFirst(5))), schema: schema)
        }
        return ODBCCatalog(source: try ODBCSource(url: url), schema: schema)
    }
}
