import DESBase
import DESRouting
import DESShard

/// What is in the published shards, read as anybody would read it.
struct PipelineArchive: Sendable {
    struct Entry: Sendable, Hashable {
        /// Name of the shard.
        let shard: String
        let entry: ShardEntry
        let bytes: [UInt8]

        var uid: String { entry.uid }
        var createdAt: Timestamp? { entry.meta.createdAt.flatMap { Timestamp(parsing: $0) } }
    }

    let entries: [Entry]

    /// Reads every published shard of a folder and decodes and checks every entry, big files included.
    init(_ folder: String) throws {
        var entries: [Entry] = []
        for shard in Self.shards(in: folder) {
            let reader = try ShardReader(path: "\(folder)/\(shard)")
            let decoder = PayloadDecoder()
            for entry in try reader.index.entries() {
                var bytes: [UInt8] = []
                try reader.withPieces(of: entry, decoder: decoder) { bytes.append(contentsOf: $0) }
                entries.append(Entry(shard: shard, entry: entry, bytes: bytes))
            }
        }
        self.entries = entries
    }

    /// Names of the published shards.
    static func shards(in folder: String) -> [String] {
        PipelineDisk.names(in: folder).filter { $0.hasSuffix(".des") && !$0.hasPrefix(".") }
    }

    /// How many entries hold this very file.
    func count(of file: PipelineFile) -> Int {
        entries.count { $0.uid == file.uid && $0.createdAt == file.createdAt && $0.bytes == file.bytes }
    }

    /// The one entry of a uid; nil if there is none or more than one.
    subscript(uid: String) -> Entry? {
        let found = entries.filter { $0.uid == uid }
        return found.count == 1 ? found.first : nil
    }

    /// How many entries each shard has.
    var countsByShard: [String: Int] {
        Dictionary(grouping: entries, by: \.shard).mapValues(\.count)
    }
}

extension PipelineArchive.Entry {
    /// Whether the shard's name is the one that a reader would look for.
    func isWhereItBelongs(_ bits: ShardBits) -> Bool {
        guard let createdAt else { return false }
        return shard.hasPrefix(locate(uid: uid, createdAt: createdAt, bits: bits).namePrefix)
    }
}
