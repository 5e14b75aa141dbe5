import DESBase
import DESCatalog
import DESShard
import Glibc
import Synchronization

@testable import DESMigration

/// A value that several tasks change.
final class UnitShared<Value: Sendable>: Sendable {
    private let mutex: Mutex<Value>

    init(_ value: Value) { mutex = Mutex(value) }

    var value: Value { mutex.withLock { $0 } }

    func change(_ body: (inout Value) -> Void) { mutex.withLock { body(&$0) } }
}

/// A key of which only the uid matters.
func unitKey(_ uid: CatalogValue = .text("uid")) -> RowKey {
    RowKey(rowID: 1, uid: uid, createdAt: .text("2024-01-02 03:04:05"), location: .text("/data/file"))
}

func unitPackedRow(_ number: Int, size: Int64 = 10) -> PackedRow {
    PackedRow(
        key: unitKey(.integer(Int64(number))),
        identity: FileIdentity(device: 1, inode: UInt64(number), size: size, modifiedAtNanoseconds: 2)
    )
}

extension CatalogValue {
    /// Tells apart what `==` does not: composed from decomposed text, and one NaN from another.
    var exact: String {
        switch self {
        case .null: "null"
        case .integer(let number): "integer \(number)"
        case .real(let number): "real \(number.bitPattern)"
        case .text(let text): "text \(Array(text.utf8))"
        case .time(let time): "time \(time.microsecondsSinceEpoch)"
        case .blob(let bytes): "blob \(bytes)"
        case .tooLong(let size): "too long \(size)"
        }
    }

    /// One of every kind, and the ends of each.
    static let samples: [CatalogValue] = [
        .null, .integer(0), .integer(-1), .integer(.min), .integer(.max), .real(0), .real(-0.0), .real(.pi),
        .real(.infinity), .real(-.infinity), .real(.nan), .real(.signalingNaN), .real(.leastNonzeroMagnitude),
        .real(.greatestFiniteMagnitude), .text(""), .text("a"), .text("\u{0}"), .text("\"\\\n\r\t\u{8}\u{1F}\u{7F}"),
        .text("\u{E9}"), .text("e\u{301}"), .text("👩‍👩‍👧‍👦 \u{10FFFF}\u{2028}\u{FEFF}"),
        .text(String(repeating: "long ", count: 20_000)), .blob([]), .blob([0]), .blob(Array(0...255)),
        .blob(Array(repeating: 0xFF, count: 70_000)), .time(.earliest), .time(.latest),
        .time(Timestamp(microsecondsSinceEpoch: -1)),
    ]
}

/// Gives the file another time of last modification, and leaves its content alone.
func setModificationTime(_ path: String, seconds: Int, nanoseconds: Int = 0) throws {
    // The time of the last access is given as well, because nobody looks at it.
    let times = [timespec(tv_sec: seconds, tv_nsec: nanoseconds), timespec(tv_sec: seconds, tv_nsec: nanoseconds)]
    guard utimensat(AT_FDCWD, path, times, 0) == 0 else { throw SystemError.last("touch", path) }
}
