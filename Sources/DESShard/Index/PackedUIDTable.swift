import CLinux

/// A hash table from a uid's bytes to the place of its entry, for as many entries as are known beforehand: 4 bytes a slot
/// and two slots for three entries' room, so that a cached index is hardly larger than its bytes.
///
/// A slot is a place plus one in its low bits, and in what is left above as many bits of the hash, so that other entries
/// are hardly ever looked at. Only from 4 GiB on, slots have 8 bytes.
///
/// `@unchecked Sendable`: it is changed only through `mutating` calls on its one owner.
package struct PackedUIDTable: ~Copyable, @unchecked Sendable {
    private let slots: UnsafeMutableRawPointer
    private let capacity: Int
    private let isWide: Bool
    /// Low bits of a slot that hold the place.
    private let placeBits: UInt64
    private let placeMask: UInt64
    private let tagMask: UInt64
    private let seed: UInt64
    private var free: Int

    /// - Parameters:
    ///   - count: entries it is going to hold at most.
    ///   - byteCount: of the raw entries; places are below it.
    ///   - seed: makes collisions unpredictable for whoever chooses uids.
    ///   - narrowBits: places that take more bits get slots of 8 bytes.
    package init(count: Int, byteCount: Int, seed: UInt64, narrowBits: Int = 32) {
        capacity = count + count / 2 + 1
        free = count
        let bits = Int.bitWidth - max(byteCount, 1).leadingZeroBitCount
        isWide = bits > narrowBits
        placeBits = UInt64(bits)
        placeMask = 1 << UInt64(bits) - 1
        tagMask = 1 << UInt64((isWide ? 64 : 32) - bits) - 1
        self.seed = seed
        let size = capacity * (isWide ? 8 : 4)
        slots = LargeMemory.allocate(size)
        slots.initializeMemory(as: UInt8.self, repeating: 0, count: size)
    }

    deinit { slots.deallocate() }

    /// Bytes the table takes.
    package var sizeInBytes: Int { capacity * (isWide ? 8 : 4) }

    /// The place of the entry with that uid.
    ///
    /// - Parameter bytes: the raw entries that the table was filled from.
    @inline(__always)
    package func find(_ uid: UnsafeRawBufferPointer, in bytes: UnsafeRawBufferPointer) -> Int? {
        let hash = hash(uid)
        var position = home(hash)
        while true {
            let slot = self[position]
            if slot == 0 { return nil }
            if slot >> placeBits == hash & tagMask {
                let place = Int(slot & placeMask) - 1
                if UIDTable.uid(in: bytes, at: place).hasSameBytes(as: uid) { return place }
            }
            position += 1
            if position == capacity { position = 0 }
        }
    }

    /// Stores the place of an entry, unless there is one with the same uid.
    ///
    /// - Parameter hash: of its uid.
    /// - Returns: the place of the entry with the same uid, if there is one.
    @inline(__always)
    package mutating func insert(hash: UInt64, place: Int, in bytes: UnsafeRawBufferPointer) -> Int? {
        // With a slot that stays empty, every search ends.
        precondition(free > 0)
        let uid = UIDTable.uid(in: bytes, at: place)
        var position = home(hash)
        while true {
            let slot = self[position]
            if slot == 0 {
                self[position] = (hash & tagMask) << placeBits | UInt64(place + 1)
                free -= 1
                return nil
            }
            if slot >> placeBits == hash & tagMask {
                let other = Int(slot & placeMask) - 1
                if UIDTable.uid(in: bytes, at: other).hasSameBytes(as: uid) { return other }
            }
            position += 1
            if position == capacity { position = 0 }
        }
    }

    /// The hash of a uid in this table.
    @inline(__always)
    package func hash(_ uid: UnsafeRawBufferPointer) -> UInt64 { UIDTable.hash(uid, seed: seed) }

    /// Begins to load the slot of a hash that is soon to be inserted: nearly all the time of filling a large table goes
    /// into waiting for memory.
    @inline(__always)
    func prefetch(_ hash: UInt64) { des_prefetch(slots + home(hash) * (isWide ? 8 : 4)) }

    /// The high bits of the hash choose the slot, the low ones are the tag.
    @inline(__always)
    private func home(_ hash: UInt64) -> Int {
        Int(truncatingIfNeeded: hash.multipliedFullWidth(by: UInt64(capacity)).high)
    }

    @inline(__always)
    private subscript(_ position: Int) -> UInt64 {
        get {
            isWide
                ? slots.load(fromByteOffset: position * 8, as: UInt64.self)
                : UInt64(slots.load(fromByteOffset: position * 4, as: UInt32.self))
        }
        nonmutating set {
            if isWide {
                slots.storeBytes(of: newValue, toByteOffset: position * 8, as: UInt64.self)
            } else {
                slots.storeBytes(of: UInt32(newValue), toByteOffset: position * 4, as: UInt32.self)
            }
        }
    }
}
