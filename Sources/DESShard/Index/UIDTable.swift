/// An open-addressing hash table from a uid's bytes to the place of its entry in an index that still grows: 8 bytes a
/// slot, no object an entry. The slot keeps 24 bits of the hash, so that other entries are hardly ever looked at.
///
/// `@unchecked Sendable`: it is changed only through `mutating` calls on its one owner.
struct UIDTable: ~Copyable, @unchecked Sendable {
    /// Offsets must stay below this (1 TiB): 40 bits of a slot, less one for "empty".
    static let maximumOffset = 1 << 40 - 2

    private var slots: UnsafeMutableBufferPointer<UInt64>
    private(set) var count = 0
    private let seed: UInt64

    /// - Parameters:
    ///   - expectedCount: entries it is going to hold; it grows when there are more.
    ///   - seed: makes collisions unpredictable for whoever chooses uids.
    init(expectedCount: Int, seed: UInt64) {
        var capacity = 16
        while capacity < expectedCount + expectedCount / 2 { capacity *= 2 }
        slots = Self.allocate(capacity)
        self.seed = seed
    }

    deinit { slots.baseAddress?.deallocate() }

    private static func allocate(_ count: Int) -> UnsafeMutableBufferPointer<UInt64> {
        let slots = LargeMemory.allocate(count * 8).bindMemory(to: UInt64.self, capacity: count)
        slots.initialize(repeating: 0, count: count)
        return UnsafeMutableBufferPointer(start: slots, count: count)
    }

    /// Bytes the table takes.
    var sizeInBytes: Int { slots.count * 8 }

    /// The offset stored for a uid, if `isMatch` confirms it.
    @inline(__always)
    func find(_ uid: UnsafeRawBufferPointer, isMatch: (Int) -> Bool) -> Int? {
        let hash = Self.hash(uid, seed: seed)
        let mask = slots.count - 1
        var position = Int(truncatingIfNeeded: hash) & mask
        let tag = hash >> 40
        while true {
            let slot = slots[position]
            if slot == 0 { return nil }
            if slot >> 40 == tag {
                let offset = Int(slot & 0xFF_FFFF_FFFF) - 1
                if isMatch(offset) { return offset }
            }
            position = (position + 1) & mask
        }
    }

    /// Stores the offset for a uid, unless `isMatch` finds that the uid is there: then its offset is returned.
    @inline(__always)
    mutating func insert(
        _ uid: UnsafeRawBufferPointer, offset: Int, isMatch: (Int) -> Bool, uidAt: (Int) -> UnsafeRawBufferPointer
    ) -> Int? {
        let hash = Self.hash(uid, seed: seed)
        if (count + 1) * 4 > slots.count * 3 { grow(uidAt: uidAt) }
        let tag = hash >> 40
        let mask = slots.count - 1
        var position = Int(truncatingIfNeeded: hash) & mask
        while true {
            let slot = slots[position]
            if slot == 0 {
                slots[position] = tag << 40 | UInt64(offset + 1)
                count += 1
                return nil
            }
            if slot >> 40 == tag {
                let other = Int(slot & 0xFF_FFFF_FFFF) - 1
                if isMatch(other) { return other }
            }
            position = (position + 1) & mask
        }
    }

    private mutating func grow(uidAt: (Int) -> UnsafeRawBufferPointer) {
        let old = slots
        defer { old.baseAddress?.deallocate() }
        slots = Self.allocate(old.count * 2)
        let mask = slots.count - 1
        for slot in old where slot != 0 {
            let hash = Self.hash(uidAt(Int(slot & 0xFF_FFFF_FFFF) - 1), seed: seed)
            var position = Int(truncatingIfNeeded: hash) & mask
            while slots[position] != 0 { position = (position + 1) & mask }
            slots[position] = slot
        }
    }

    /// The uid of the entry that begins at an offset of an index that was checked before.
    @inline(__always)
    static func uid(in index: UnsafeRawBufferPointer, at position: Int) -> UnsafeRawBufferPointer {
        let length = Int(index.littleEndian(UInt16.self, at: position))
        return UnsafeRawBufferPointer(rebasing: index[(position + 2)..<(position + 2 + length)])
    }

    /// Eight bytes a step, each folded by a 128-bit multiplication.
    @inline(__always)
    static func hash(_ bytes: UnsafeRawBufferPointer, seed: UInt64) -> UInt64 {
        var state = seed ^ (UInt64(bytes.count) &* 0x9E37_79B9_7F4A_7C15)
        var offset = 0
        while offset + 8 <= bytes.count {
            state = fold(state ^ bytes.littleEndian(UInt64.self, at: offset))
            offset += 8
        }
        if offset < bytes.count {
            var last: UInt64 = 0
            while offset < bytes.count {
                last = last << 8 | UInt64(bytes[offset])
                offset += 1
            }
            state = fold(state ^ last)
        }
        return fold(state ^ seed)
    }

    @inline(__always)
    private static func fold(_ value: UInt64) -> UInt64 {
        let product = (value ^ 0xD6E8_FEB8_6659_FD93).multipliedFullWidth(by: 0xA076_1D64_78BD_642F)
        return product.high ^ product.low
    }
}
