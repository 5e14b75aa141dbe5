import DESBase
import DESRouting
import DESStorage

/// The shards of a store in the order of their days, a page at a time.
actor ListedShards {
    private let context: ReconciliationContext
    private let prefix: String
    /// Whether what is no shard is counted and named.
    private let countsOthers: Bool
    private var after: String?
    private var isEnded = false
    private var hasSkippedBigFiles = false
    private var buffer: ArraySlice<(day: Int64, object: ObjectAttributes)> = []

    /// - Parameters:
    ///   - prefix: only shards whose key begins with it.
    ///   - countsOthers: whether what is no shard is counted and named.
    init(_ context: ReconciliationContext, prefix: String = "", countsOthers: Bool) {
        self.context = context
        self.prefix = prefix
        self.countsOthers = countsOthers
        if prefix.isEmpty, let day = context.settings.firstDay { after = Self.text(of: day) }
    }

    /// `YYYYMMDD`.
    static func text(of day: Int64) -> String {
        Timestamp(microsecondsSinceEpoch: day * CivilDate.microsecondsPerDay).dateDirectory
    }

    /// The day of the next shard; nil at the end.
    func nextDay() async throws -> Int64? {
        try await fill()
        return buffer.first?.day
    }

    /// The next shards of a day; empty if there are no more.
    func next(of day: Int64, atMost count: Int = 1000) async throws -> [ObjectAttributes] {
        try await fill()
        let page = buffer.prefix(count).prefix { $0.day == day }
        buffer = buffer.dropFirst(page.count)
        return page.map(\.object)
    }

    /// The next shards of whatever day; empty at the end.
    func next() async throws -> [ObjectAttributes] {
        try await fill()
        defer { buffer = [] }
        return buffer.map(\.object)
    }

    private func fill() async throws {
        let store = context.world.store
        // A local folder is read as a whole for each page.
        let limit = store.localFolder == nil ? 1000 : 20_000
        while buffer.isEmpty, !isEnded {
            let page = try await context.retrying { [prefix, after] in
                try await store.list(prefix: prefix, after: after, limit: limit)
            }
            after = page.next
            isEnded = page.next == nil
            var found: [(day: Int64, object: ObjectAttributes)] = []
            for object in page.objects {
                if isBigFile(object.key) {
                    guard !hasSkippedBigFiles else { continue }
                    // They come by themselves, and may be many: the list goes on behind all that can be a hash.
                    hasSkippedBigFiles = true
                    after = context.settings.bigFilesPrefix + "/~"
                    isEnded = false
                    break
                }
                guard let day = Self.day(of: object.key) else {
                    other(object.key)
                    continue
                }
                if let last = context.settings.lastDay, day > last {
                    // Later days come later; so does everything else.
                    isEnded = true
                    break
                }
                if day >= context.settings.firstDay ?? .min { found.append((day, object)) }
            }
            buffer = found[...]
        }
    }

    private func isBigFile(_ key: String) -> Bool { key.hasBytePrefix(context.settings.bigFilesPrefix + "/") }

    private func other(_ key: String) {
        guard countsOthers, !isStaging(key) else { return }
        if key.hasByteSuffix(".des") {
            context.book.add(Finding(.unknownShard, key: key))
        } else {
            context.book.count { $0.otherObjects += 1 }
        }
    }

    /// Whether it lies in a staging folder below the store's own.
    private func isStaging(_ key: String) -> Bool {
        guard let folder = context.world.store.localFolder else { return false }
        return "\(folder)/\(key)".hasBytePrefix(context.world.stagingDirectory + "/")
    }

    /// Nil if it is not the name of a shard.
    static func day(of key: String) -> Int64? {
        guard let name = ShardFileName(key), let time = Timestamp(parsing: name.dateDirectory),
            time.dateDirectory == name.dateDirectory
        else { return nil }
        return time.dayNumber
    }
}
