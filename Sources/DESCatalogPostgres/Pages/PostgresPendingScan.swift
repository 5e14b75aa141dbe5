import DESCatalog
import DESPostgres

/// A scan with a connection of its own, and of the pages of an index, or of one cursor where there is none.
///
/// After a restart of the server, or a broken connection, a scan of pages goes on after its last row. A cursor is gone then:
/// the scan fails, first as unreachable and then, once the server answers again, for good.
actor PostgresPendingScan: PendingRowScan {
    nonisolated let pagingNote: String?

    private let connection: PostgresConnection
    private var pages: PostgresPages
    /// Rows that were read ahead of fewer that were asked for then.
    private var left: ArraySlice<CatalogRow> = []
    private var isEnded = false

    init(_ plan: PostgresPagePlan, limit: Duration, on connection: PostgresConnection) {
        self.connection = connection
        pages = PostgresPages(plan, limit: limit)
        pagingNote = plan.note
    }

    func nextPage(atMost count: Int) async throws -> [CatalogRow] {
        guard count > 0 else { return [] }
        if left.isEmpty {
            guard !isEnded else { return [] }
            let page = try await read(count)
            if page.isEmpty { await close() }
            if page.count <= count { return page }
            left = page[...]
        }
        let page = Array(left.prefix(count))
        left = left.dropFirst(count)
        return page
    }

    func close() async {
        isEnded = true
        left = []
        await connection.close()
    }

    private func read(_ count: Int) async throws -> [CatalogRow] {
        let current = pages
        let body: @Sendable (PostgresSession) throws -> ([CatalogRow], PostgresPages) = { session in
            var next = current
            let page = try next.nextPage(atMost: count, in: session)
            return (page, next)
        }
        let what = "cannot read rows"
        let page: [CatalogRow]
        do {
            (page, pages) = try await connection.run(what, body)
        } catch let error as PostgresError {
            // What was asked for ahead may have met the end of an old connection, or a change of the table.
            pages.forgetAhead()
            guard error.code == .unreachable || error.isStalePlan else { throw CatalogError(error) }
            let again = pages
            (page, pages) = try await connection.use(what) { session in
                var next = again
                let page = try next.nextPage(atMost: count, in: session)
                return (page, next)
            }
        } catch {
            pages.forgetAhead()
            throw error
        }
        return page
    }
}
