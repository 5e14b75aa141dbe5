import DESBase
import DESRouting
import DESShard

/// Which of the files of one uid is the newest. Knows no I/O.
///
/// The later `created_at` counts; that of the entry, because the clock of a shard's writer may have gone back. Of two with the same
/// one it is that of the newer shard, and if they differ nobody can be sure.
struct NewestFile {
    /// A file of the uid.
    struct Candidate: Equatable {
        /// The name of its shard.
        let shard: String
        let createdAt: Timestamp?
        let content: Content
    }

    /// What tells contents apart.
    enum Content: Equatable {
        case bigFile(hash: String)
        /// Without a checksum it is not known to be the same as any other.
        case inline(size: UInt64, crc32: CRC32?)

        func isKnownEqual(to other: Content) -> Bool {
            if case .inline(_, nil) = self { return false }
            return self == other
        }
    }

    /// The time that was asked for: a file of just that time goes before all others.
    let wanted: Timestamp?
    /// The newest so far.
    private(set) var best: Candidate?
    /// One that is as new, as far as anybody can tell, and has other contents.
    private(set) var rival: Candidate?

    init(wanted: Timestamp? = nil) { self.wanted = wanted }

    /// Takes one more file into account, in whatever order.
    mutating func add(_ candidate: Candidate) {
        guard let best else {
            best = candidate
            return
        }
        let isEqualInTime = candidate.createdAt == best.createdAt
        if isEqualInTime, !candidate.content.isKnownEqual(to: best.content) {
            rival = isNewer(candidate, than: best) ? best : candidate
        }
        guard isNewer(candidate, than: best) else { return }
        if !isEqualInTime { rival = nil }
        self.best = candidate
    }

    /// Whether no shard of such a name can hold a newer file.
    ///
    /// - Parameter name: nil: a name that tells nothing.
    func isSettled(before name: ShardFileName?) -> Bool {
        guard let best else { return false }
        guard let name else { return wanted != nil && best.createdAt == wanted }
        guard let day = best.createdAt?.dateDirectory else { return false }
        return name.dateDirectory < day
    }

    private func isNewer(_ left: Candidate, than right: Candidate) -> Bool {
        if let wanted, (left.createdAt == wanted) != (right.createdAt == wanted) { return left.createdAt == wanted }
        let (leftTime, rightTime) = (left.createdAt ?? .earliest, right.createdAt ?? .earliest)
        if leftTime != rightTime { return leftTime > rightTime }
        return ShardOrder.isNewer(left.shard, than: right.shard)
    }
}

extension NewestFile.Candidate {
    init(_ entry: ShardEntry, in shard: String) {
        let content: NewestFile.Content =
            switch entry.content {
            case .bigFile(let hash, _): .bigFile(hash: hash)
            case .inline(_, _, _, let size): .inline(size: size, crc32: entry.meta.crc32)
            }
        self.init(
            shard: shard, createdAt: entry.meta.createdAt.flatMap { Timestamp(parsing: $0) }, content: content)
    }
}
