import DESCatalog
import DESSystem
import Logging

/// Tells files that are gone from those that are only out of reach.
struct MissingSources: Sendable {
    let sources: any SourceFiles
    let threads: ThreadPool
    let logger: Logger

    private static let failuresALook = 1000
    private static let namedPlaces = 10

    /// The failures without those of missing files that may come back; what is wrong with their places is logged.
    func removingDoubtful(from failures: [ArchiveFailure]) async throws -> [ArchiveFailure] {
        var kept = failures.filter { !$0.isMissingSource }
        guard kept.count < failures.count else { return failures }
        let missing = failures.filter(\.isMissingSource)
        var position = 0
        var places: [String: Int] = [:]
        while position < missing.count {
            let batch = missing[position..<min(position + Self.failuresALook, missing.count)]
            position += batch.count
            let locations = batch.map { $0.key.location.uidText ?? "" }
            let absences = await withTaskExecutorPreference(threads) { await sources.absences(of: locations) }
            try Task.checkCancellation()
            for (failure, absence) in zip(batch, absences) {
                switch absence {
                case .certain: kept.append(failure)
                case .over: places["missing when they were to be read, and there now", default: 0] += 1
                case .doubtful(let place): places[place, default: 0] += 1
                }
            }
        }
        warn(of: places)
        return kept
    }

    private func warn(of places: [String: Int]) {
        let ordered = places.sorted { $0.value > $1.value }
        for (place, count) in ordered.prefix(Self.namedPlaces) {
            logger.warning("\(place); the watermark waits", metadata: ["files": "\(count)"])
        }
        guard ordered.count > Self.namedPlaces else { return }
        logger.warning(
            "more folders of missing files are missing or empty; the watermark waits",
            metadata: ["folders": "\(ordered.count - Self.namedPlaces)"])
    }
}

extension ArchiveFailure {
    fileprivate var isMissingSource: Bool { reason == FailureReason.missing.rawValue }
}
