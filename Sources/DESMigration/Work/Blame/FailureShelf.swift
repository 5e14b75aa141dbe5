import DESCatalog
import DESCatalogWatermark

/// A failure of a slice that may be the file's or the row's fault.
struct KeptFailure: Sendable {
    let key: RowKey
    let reason: FailureReason
    let message: String

    var location: String { key.location.uidText ?? "" }

    /// As an archive store notes it.
    var noted: ArchiveFailure {
        ArchiveFailure(key: key, reason: reason.rawValue, message: message, isPermanent: reason.isPermanent)
    }
}

/// Keeps the failures of a slice until its end, in bounded memory: a slice may have a million of them.
///
/// What does not fit holds the watermark as well as what does; the next cycles settle it, once the first ones are set aside.
struct FailureShelf: Sendable {
    private static let bytesARow = 256
    private static let messageBytes = 1000

    private let mostRows: Int
    private let mostBytes: Int
    private var bytes = 0
    /// Those that may be the file's or the row's fault, the first ones.
    private(set) var failures: [KeptFailure] = []
    /// How many are not kept for want of room.
    private(set) var omitted = 0
    /// How many say nothing of a file, and the first of them in words.
    private(set) var surroundings: (count: Int, first: String) = (0, "")

    init(mostRows: Int = 2000, mostBytes: Int = 32 << 20) {
        self.mostRows = mostRows
        self.mostBytes = mostBytes
    }

    mutating func add(_ key: RowKey, _ reason: FailureReason, _ message: String) {
        guard reason.subject != .surroundings else {
            if surroundings.count == 0 { surroundings.first = Self.shortened(message) }
            surroundings.count += 1
            return
        }
        let message = Self.shortened(message)
        let texts = key.uid.byteCount + key.createdAt.byteCount + key.location.byteCount
        let size = Self.bytesARow + message.utf8.count + texts
        guard failures.count < mostRows, bytes + size <= mostBytes else {
            omitted += 1
            return
        }
        bytes += size
        failures.append(KeptFailure(key: key, reason: reason, message: message))
    }

    private static func shortened(_ message: String) -> String {
        message.utf8.count <= messageBytes ? message : "\(message.prefix(messageBytes / 4))…"
    }
}

extension CatalogValue {
    /// Bytes of a value that is stored in so many.
    fileprivate var byteCount: Int {
        switch self {
        case .text(let text): text.utf8.count
        case .blob(let bytes): bytes.count
        case .null, .integer, .real, .time, .tooLong: 0
        }
    }
}
