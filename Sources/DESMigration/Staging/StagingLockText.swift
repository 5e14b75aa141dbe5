import DESBase
import DESStorage

/// What the lock file of a staging folder says: the number of the process that took it last, and, in a second line, the store that
/// shards went to.
struct StagingLockText: Equatable {
    /// Bytes; a longer file is none of ours.
    static let longest = 256
    private static let storePrefix = "store "
    /// Digits of a process: the line always has the same length, so that it can be written over the one before.
    private static let numberSize = 10

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
        let number = String(decoding: lines.first ?? [], as: UTF8.self)
        guard number.utf8.allSatisfy({ (48...57).contains($0) }) else { return nil }
        process = Int32(number)
        guard lines.count > 1, !lines[1].isEmpty else {
            guard lines.dropFirst(2).allSatisfy(\.isEmpty) else { return nil }
            return
        }
        let line = String(decoding: lines[1], as: UTF8.self)
        guard line.hasBytePrefix(Self.storePrefix) else {
            // The begin of the word, if the rest of it was lost.
            guard lines.count == 2, Self.storePrefix.hasBytePrefix(line) else { return nil }
            return
        }
        let name = String(line.dropFirst(Self.storePrefix.count))
        // A line without its end may be a part of a name; what follows the line is the rest of a longer one that it was written over.
        guard lines.count > 2 else { return }
        guard Self.isName(name) else { return nil }
        store = name
    }

    var text: String {
        (process.map { String(repeating: "0", count: max(0, Self.numberSize - "\($0)".utf8.count)) + "\($0)\n" } ?? "\n")
            + (store.map { "\(Self.storePrefix)\($0)\n" } ?? "")
    }

    private static func isName(_ text: String) -> Bool {
        StoreMark(Array(text.utf8))?.name.isByteEqual(to: text) ?? false
    }

    /// Writes over what the file holds, and only then shortens it: whoever is killed in between leaves a store that is known.
    func write(over file: OpenFile) throws(SystemError) {
        try file.write(text: text)
        try file.truncate(to: Int64(text.utf8.count))
    }
}
