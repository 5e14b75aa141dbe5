import DESBase

/// What the lock file of a staging folder says: the number of the process that took it last, and, in a second line, the store that
/// shards went to.
struct StagingLockText: Equatable {
    /// Bytes; a longer file is none of ours.
    static let longest = 256
    private static let storePrefix = "store "
    /// What is longer is not remembered.
    private static let longestName = 128

    /// Nil if a power failure left nothing of it.
    var process: Int32?
    /// The name in the mark of the store; nil if it is not known.
    var store: String?

    init(process: Int32?, store: String?) {
        self.process = process
        self.store = store.flatMap { Self.isName($0) ? $0 : nil }
    }

    /// What a power failure left of a file, zeros or a part of it, is ours too.
    ///
    /// - Returns: nil if it is something else.
    init?(_ bytes: [UInt8]) {
        let lines = bytes.filter { $0 != 0 }.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        guard lines.count <= 3, lines.count < 3 || lines[2].isEmpty else { return nil }
        let number = String(decoding: lines.first ?? [], as: UTF8.self)
        guard number.utf8.allSatisfy({ (48...57).contains($0) }) else { return nil }
        process = Int32(number)
        guard lines.count > 1, !lines[1].isEmpty else { return }
        let line = String(decoding: lines[1], as: UTF8.self)
        guard line.hasBytePrefix(Self.storePrefix) else {
            // The begin of the word, if the rest of it was lost.
            guard lines.count == 2, Self.storePrefix.hasBytePrefix(line) else { return nil }
            return
        }
        let name = String(line.dropFirst(Self.storePrefix.count))
        // A line without its end may be a part of a name.
        guard lines.count == 3 else { return }
        guard Self.isName(name) else { return nil }
        store = name
    }

    var text: String {
        (process.map { "\($0)\n" } ?? "\n") + (store.map { "\(Self.storePrefix)\($0)\n" } ?? "")
    }

    private static func isName(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.count <= longestName && text.utf8.allSatisfy { (0x21...0x7E).contains($0) }
    }
}
