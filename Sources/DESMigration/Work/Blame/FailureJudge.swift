import DESBase
import DESCatalog
import DESCatalogWatermark
import DESShard

/// Tells failures that are the fault of a file or a row from those of an outage, which may be over in the next cycle.
///
/// A file is to blame only if another one of its place could be read: in the same slice, or it is read now. If it is the only
/// one of its folder, the folders above it stand for that. Where files are missing, their own folder has to be there, with
/// others in it, and at least one file of the slice must have been found.
struct FailureJudge: Sendable {
    /// What is known of a slice.
    struct Evidence: Sendable {
        let range: PendingRange
        let tally: PlaceTally
    }

    let sources: any SourceFiles
    let archive: any ArchiveStore
    /// Where calls that block are made.
    let threads: ThreadPool

    /// Failures that are asked for at once.
    private static let failuresALook = 1000
    /// Places that are looked for among the packed rows, and those in which others are looked for, in one slice.
    private static let (mostWitnesses, mostFolders) = (64, 1000)
    /// If more files of a folder failed, the few that happen to lie beside them say nothing.
    private static let mostSiblings = 256

    /// - Throws: `CatalogError`, `CancellationError`.
    func judge(_ failures: [KeptFailure], _ evidence: Evidence) async throws -> Judgement {
        var judgement = Judgement()
        var asked: [KeptFailure] = []
        for failure in failures {
            if failure.subject == .row { judgement.blame(failure) } else { asked.append(failure) }
        }
        guard !asked.isEmpty else { return judgement }
        let isDayRead = try await isAnythingRead(evidence)
        var places = Places()
        var position = 0
        while position < asked.count {
            let batch = asked[position..<min(position + Self.failuresALook, asked.count)]
            position += batch.count
            let absences = await absences(of: batch)
            try Task.checkCancellation()
            for (failure, absence) in zip(batch, absences) {
                switch (failure.subject, absence) {
                case (.setting, _):
                    isDayRead ? judgement.blame(failure) : judgement.doubt("no file of the day could be read")
                case (_, .over): judgement.doubt("missing when they were to be read, and there now")
                case (_, .doubtful(let place)): judgement.doubt(place)
                case (_, .certain):
                    let place = SourcePlace(of: failure.location)
                    if failure.reason == .missing, !isDayRead {
                        judgement.doubt(
                            "no file of the day was found (if they are gone for good, --set-watermark passes the day)")
                    } else if try await works(place, for: failure, evidence, &places) {
                        judgement.blame(failure)
                    } else {
                        judgement.doubt("nothing in \(place.shown) could be read")
                    }
                }
            }
        }
        return judgement
    }

    /// `certain` for what is not missing.
    private func absences(of failures: ArraySlice<KeptFailure>) async -> [SourceAbsence] {
        let missing = failures.filter { $0.reason == .missing }.map(\.location)
        guard !missing.isEmpty else { return failures.map { _ in .certain } }
        var answers = await withTaskExecutorPreference(threads) { await sources.absences(of: missing) }[...]
        return failures.map { $0.reason == .missing ? answers.popFirst() ?? .doubtful("nobody looked") : .certain }
    }

    /// Whether a file of the slice was read, now or in an earlier cycle.
    private func isAnythingRead(_ evidence: Evidence) async throws -> Bool {
        guard evidence.tally.read == 0 else { return true }
        return try await !archive.leftOut(.packed, in: evidence.range, after: nil, atMost: 1).isEmpty
    }

    /// What was found out of places.
    private struct Places {
        var verdicts: [SourcePlace: Bool] = [:]
        var witnesses = 0
        var folders = 0
    }

    private func works(
        _ place: SourcePlace, for failure: KeptFailure, _ evidence: Evidence, _ places: inout Places
    ) async throws -> Bool {
        for level in failure.reason == .missing ? [place] : SourcePlace.andAbove(failure.location) {
            let count = evidence.tally.count(of: level)
            if let count, count.read > 0 { return true }
            if let verdict = places.verdicts[level] {
                if verdict { return true }
            } else {
                let verdict = try await areOthersReadable(at: level, isAbove: level != place, failure, count, &places)
                places.verdicts[level] = verdict
                if verdict { return true }
            }
            // Where more than this one failed and nothing was read, it is the place that is in doubt.
            guard count?.failed == 1 else { return false }
        }
        return false
    }

    private func areOthersReadable(
        at place: SourcePlace, isAbove: Bool, _ failure: KeptFailure, _ count: PlaceTally.Count?, _ places: inout Places
    ) async throws -> Bool {
        if places.witnesses < Self.mostWitnesses {
            places.witnesses += 1
            if try await isPackedFileReadable(at: place, isAbove: isAbove) { return true }
        }
        // Of a file that is there and is not what its row says, its readable neighbours may be such files too.
        guard !isAbove, failure.reason == .missing || failure.reason == .unreadable, let count,
            count.failed < Self.mostSiblings, places.folders < Self.mostFolders
        else { return false }
        places.folders += 1
        // Something may lie in the place where a disk belongs: most of what is known of the folder must be readable.
        let wanted = count.failed == 1 ? 1 : count.failed + 1
        let siblings = await withTaskExecutorPreference(threads) {
            await sources.readableSiblings(of: failure.location, atMost: wanted)
        }
        try Task.checkCancellation()
        return siblings >= wanted
    }

    /// Whether a file of the place that was packed after the watermark can still be read.
    private func isPackedFileReadable(at place: SourcePlace, isAbove: Bool) async throws -> Bool {
        let locations = try await archive.packedLocations(beginningWith: place.prefix.text, atMost: 100)
        for location in locations.lazy.filter({ isAbove || SourcePlace(of: $0) == place }).prefix(3) {
            let isReadable = await withTaskExecutorPreference(threads) {
                do throws(SourceError) {
                    switch try await sources.read(location, bigFileThreshold: 1 << 20, into: ByteBuffer()) {
                    case .contents(let identity), .bigFile(let identity): return identity.size > 0
                    }
                } catch { return false }
            }
            try Task.checkCancellation()
            if isReadable { return true }
        }
        return false
    }
}

/// What became of the failures of a slice.
struct Judgement: Sendable {
    private static let namedDoubts = 10

    /// Those that the file or the row is to blame for.
    private(set) var blamed: [KeptFailure] = []
    /// What is in doubt for how many others: the first kinds; `others` is the sum of the rest.
    private(set) var doubts: [(what: String, count: Int)] = []
    private(set) var others = 0

    mutating func blame(_ failure: KeptFailure) { blamed.append(failure) }

    mutating func doubt(_ what: String, count: Int = 1) {
        if let index = doubts.firstIndex(where: { $0.what.isByteEqual(to: what) }) {
            doubts[index].count += count
        } else if doubts.count < Self.namedDoubts {
            doubts.append((what, count))
        } else {
            others += count
        }
    }
}

extension KeptFailure {
    /// An object that is not read because nobody enabled that is no wrong row.
    fileprivate var subject: FailureReason.Subject {
        reason == .unsupportedLocation && S3SourceLocation.isOne(location) ? .setting : reason.subject
    }
}

extension SourcePlace {
    fileprivate var shown: String { prefix.text.isEmpty ? "the working directory" : prefix.text }
}
