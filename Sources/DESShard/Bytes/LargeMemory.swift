import Glibc

/// Memory for buffers and tables. From a few MiB on it asks for huge pages, which make filling and random access several
/// times cheaper.
enum LargeMemory {
    private static let hugePage = 2 << 20
    private static let worthwhile = 4 << 20

    /// Memory that is not zeroed; `free` gives it back.
    static func allocate(_ byteCount: Int) -> UnsafeMutableRawPointer {
        guard byteCount >= worthwhile else { return .allocate(byteCount: byteCount, alignment: 16) }
        let memory = UnsafeMutableRawPointer.allocate(byteCount: byteCount, alignment: hugePage)
        // Only advice: where it is not followed, everything works as before.
        madvise(memory, byteCount, MADV_HUGEPAGE)
        return memory
    }
}
