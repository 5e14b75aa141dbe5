import DESBase
import DESCatalog

extension SourceCatalog {
    /// The oldest time as it is stored, if that tells more than the moment it is read as: a number of 1995 may count from 2001.
    ///
    /// - Parameters:
    ///   - oldest: as the statistics have it.
    ///   - cutoff: of the statistics.
    func oldestStoredTime(_ oldest: Timestamp?, before cutoff: Timestamp) async throws -> CatalogValue? {
        guard let oldest, PlausibleTimes.isDoubtfulAsNumber(oldest) else { return nil }
        let scan = try await pendingRows(in: PendingRange(from: oldest, before: cutoff))
        do {
            let page = try await scan.nextPage(atMost: 1)
            await scan.close()
            return page.first?.key.createdAt
        } catch {
            await scan.close()
            throw error
        }
    }
}
