import Glibc

/// Memory that grows at its end, without the zeroing and the exclusivity checks of an array.
///
/// `@unchecked Sendable`: a buffer is filled by one task and then handed on or only read; no two tasks ever hold one that
/// is still written.
package final class ByteBuffer: @unchecked Sendable {
    package private(set) var capacity: Int
    private static let largeCapacity = 16 << 10
    package private(set) var count = 0
    private var storage: UnsafeMutableRawPointer

    package init(capacity: Int = 0) {
        self.capacity = max(capacity, 64)
        storage = LargeMemory.allocate(self.capacity)
    }

    deinit { storage.deallocate() }

    /// The filled part.
    package var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: storage, count: count) }

    package func bytes(_ range: Range<Int>) -> UnsafeRawBufferPointer {
        precondition(range.lowerBound >= 0 && range.upperBound <= count)
        return UnsafeRawBufferPointer(start: storage + range.lowerBound, count: range.count)
    }

    package func removeAll() { count = 0 }

    package func truncate(to newCount: Int) {
        precondition(newCount >= 0 && newCount <= count)
        count = newCount
    }

    /// Room for at least that many more bytes, at the end; `commit` says how many of them were filled.
    package func reserve(_ additional: Int) -> UnsafeMutableRawBufferPointer {
        if capacity - count < additional { grow(to: count + additional) }
        return UnsafeMutableRawBufferPointer(start: storage + count, count: capacity - count)
    }

    package func commit(_ added: Int) {
        precondition(added >= 0 && added <= capacity - count)
        count += added
    }

    package func append(_ source: UnsafeRawBufferPointer) {
        guard let base = source.baseAddress, !source.isEmpty else { return }
        reserve(source.count).baseAddress?.copyMemory(from: base, byteCount: source.count)
        count += source.count
    }

    package func append<Value: FixedWidthInteger>(littleEndian value: Value) {
        withUnsafeBytes(of: value.littleEndian) { append($0) }
    }

    /// Replaces the bytes from an offset on, which must have been filled.
    package func replace<Value: FixedWidthInteger>(at offset: Int, littleEndian value: Value) {
        precondition(offset >= 0 && offset <= count - MemoryLayout<Value>.size)
        storage.storeBytes(of: value.littleEndian, toByteOffset: offset, as: Value.self)
    }

    /// Small buffers double; larger ones, of which there may be very many at a time, grow by a quarter, so that less of their
    /// memory is empty.
    private func grow(to needed: Int) {
        let newCapacity = max(needed, capacity < Self.largeCapacity ? capacity * 2 : capacity / 4 * 5)
        let grown = LargeMemory.allocate(newCapacity)
        grown.copyMemory(from: storage, byteCount: count)
        storage.deallocate()
        storage = grown
        capacity = newCapacity
    }
}

extension UnsafeRawBufferPointer {
    /// The integer at that offset. The caller has checked that it lies inside.
    @inline(__always)
    func littleEndian<Value: FixedWidthInteger>(_ type: Value.Type, at offset: Int) -> Value {
        Value(littleEndian: loadUnaligned(fromByteOffset: offset, as: type))
    }

    @inline(__always)
    func hasSameBytes(as other: UnsafeRawBufferPointer) -> Bool {
        guard count == other.count else { return false }
        guard let base = baseAddress, let otherBase = other.baseAddress else { return true }
        return memcmp(base, otherBase, count) == 0
    }
}
