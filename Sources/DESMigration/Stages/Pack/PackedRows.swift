import DESBase
import DESCatalog
import DESShard
import Synchronization

/// One catalog row whose file is in a shard: what marking, deleting and reporting need.
struct PackedRow: Sendable, Hashable {
    let key: RowKey
    /// What was there when the file was read.
    let identity: FileIdentity

    /// Original size in bytes.
    var size: Int64 { identity.size }
}

/// The rows of one shard as bytes, about 150 each, because an open shard may wait for its end with very many of them.
final class PackedRows: Sequence, Sendable {
    private let bytes = ByteBuffer(capacity: 1 << 10)
    private let appended = Atomic<Int>(0)

    /// How many rows there are.
    var count: Int { appended.load(ordering: .relaxed) }

    var memoryInBytes: Int { bytes.capacity }

    func append(_ row: PackedRow) {
        appended.add(1, ordering: .relaxed)
        bytes.append(littleEndian: row.key.rowID ?? 0)
        bytes.append(littleEndian: UInt8(row.key.rowID == nil ? 0 : 1))
        append(row.key.uid)
        append(row.key.createdAt)
        append(row.key.location)
        bytes.append(littleEndian: row.identity.device)
        bytes.append(littleEndian: row.identity.inode)
        bytes.append(littleEndian: row.identity.size)
        bytes.append(littleEndian: row.identity.modifiedAtNanoseconds)
        bytes.append(littleEndian: row.identity.changedAtNanoseconds)
        bytes.append(littleEndian: UInt8(row.identity.mayChangeUnseen ? 1 : 0))
    }

    /// The rows in the order in which they were appended. Nothing may be appended meanwhile.
    func makeIterator() -> Iterator { Iterator(rows: self) }

    private func append(_ value: CatalogValue) {
        switch value {
        // A row with a value that is too long is never packed.
        case .null, .tooLong:
            bytes.append(littleEndian: UInt8(0))
        case .integer(let integer):
            bytes.append(littleEndian: UInt8(1))
            bytes.append(littleEndian: integer)
        case .real(let real):
            bytes.append(littleEndian: UInt8(2))
            bytes.append(littleEndian: real.bitPattern)
        case .text(var text):
            bytes.append(littleEndian: UInt8(3))
            text.withUTF8 { appendCounted(UnsafeRawBufferPointer($0)) }
        case .blob(let blob):
            bytes.append(littleEndian: UInt8(4))
            blob.withUnsafeBytes { appendCounted($0) }
        case .time(let time):
            bytes.append(littleEndian: UInt8(5))
            bytes.append(littleEndian: time.microsecondsSinceEpoch)
        }
    }

    private func appendCounted(_ content: UnsafeRawBufferPointer) {
        bytes.append(littleEndian: UInt32(content.count))
        bytes.append(content)
    }

    /// Reads what `append` wrote; nothing else ever gets here.
    struct Iterator: IteratorProtocol {
        /// Keeps the bytes alive.
        private let rows: PackedRows
        private var position = 0

        fileprivate init(rows: PackedRows) { self.rows = rows }

        private var bytes: UnsafeRawBufferPointer { rows.bytes.bytes }

        mutating func next() -> PackedRow? {
            position < bytes.count ? row() : nil
        }

        private mutating func integer<Value: FixedWidthInteger>(_ type: Value.Type) -> Value {
            defer { position += MemoryLayout<Value>.size }
            return Value(littleEndian: bytes.loadUnaligned(fromByteOffset: position, as: type))
        }

        private mutating func counted() -> Slice<UnsafeRawBufferPointer> {
            let count = Int(integer(UInt32.self))
            defer { position += count }
            return bytes[position..<(position + count)]
        }

        private mutating func value() -> CatalogValue {
            switch integer(UInt8.self) {
            case 1: .integer(integer(Int64.self))
            case 2: .real(Double(bitPattern: integer(UInt64.self)))
            case 3: .text(String(decoding: counted(), as: UTF8.self))
            case 4: .blob(Array(counted()))
            case 5: .time(Timestamp(microsecondsSinceEpoch: integer(Int64.self)))
            default: .null
            }
        }

        private mutating func row() -> PackedRow {
            let number = integer(Int64.self)
            let rowID = integer(UInt8.self) == 0 ? nil : number
            let uid = value()
            let createdAt = value()
            let location = value()
            var identity = FileIdentity(
                device: integer(UInt64.self), inode: integer(UInt64.self), size: integer(Int64.self),
                modifiedAtNanoseconds: integer(Int64.self), changedAtNanoseconds: integer(Int64.self)
            )
            identity.mayChangeUnseen = integer(UInt8.self) != 0
            let key = RowKey(rowID: rowID, uid: uid, createdAt: createdAt, location: location)
            return PackedRow(key: key, identity: identity)
        }
    }
}
