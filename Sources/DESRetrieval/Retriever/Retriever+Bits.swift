import DESRouting
import DESShard
import DESStorage

/// Shards that were written with another number of bits than they are read with.
public struct BitsProblem: Sendable, Hashable {
    /// One of them, in a sentence.
    public let message: String
    /// Whether it is so of all shards that were looked at; stores in which the number was changed have shards of both kinds.
    public let concernsAll: Bool
}

extension Retriever {
    private static let sampledNames = 200
    private static let sampledShards = 5

    /// Looks at some shards whether they were written with the number of bits of the settings: with another number no file would ever be
    /// found, and each would be called unknown.
    ///
    /// - Returns: what does not fit; nil if nothing speaks against the number.
    /// - Throws: `RetrievalError` when the store cannot be read.
    public func bitsProblem() async throws(RetrievalError) -> BitsProblem? {
        let page: ObjectPage
        do throws(StorageError) {
            page = try await store.list(prefix: "", after: nil, limit: Self.sampledNames)
        } catch {
            throw RetrievalError(error, doing: "list \(store.name)")
        }
        let bits = settings.bits
        var opened = 0
        var fitting = 0
        var problem: String?
        for object in page.objects {
            guard let name = ShardFileName(object.key), let number = Int(name.shardHex, radix: 16) else { continue }
            guard number < bits.shardCount,
                ShardKey(dayNumber: 0, shardIndex: number, bits: bits).shardHex == name.shardHex
            else {
                problem = "the shard \(object.key) was not written with \(bits) bits, as its number shows"
                continue
            }
            guard opened < Self.sampledShards, let uid = try await someUID(object, name) else { continue }
            opened += 1
            guard bits.shardIndex(ofUID: uid) != number else {
                fitting += 1
                continue
            }
            problem =
                "the shard \(object.key) was not written with \(bits) bits: its uid \(uid.debugDescription) would not be in it"
        }
        return problem.map { BitsProblem(message: $0, concernsAll: fitting == 0) }
    }

    /// Whether the store was written with the number of bits of the settings, which may have been chosen while it could not be read.
    ///
    /// - Parameter mark: what the store says of itself.
    /// - Throws: `RetrievalError` when it was not.
    func checkBits(_ mark: StoreMark?) async throws(RetrievalError) {
        let problem: String?
        if let bits = mark?.bits {
            problem = bits == settings.bits.count ? nil : "its mark \(StoreMark.key) says \(bits)"
        } else {
            // Shards that cannot be read say nothing.
            let found = try? await bitsProblem()
            problem = found.flatMap { $0.concernsAll ? $0.message : nil }
        }
        guard let problem else { return }
        throw RetrievalError(
            .refused,
            "\(store.name) is looked into with \(settings.bits.count) bits, but \(problem); start again with the right number"
        )
    }

    /// A uid of a shard that is looked into; nil if it is too large for that, empty or damaged.
    private func someUID(_ object: ObjectAttributes, _ name: ShardFileName) async throws(RetrievalError) -> String? {
        let part = store.part(of: "\(name.dateDirectory)_\(name.shardHex)_")
        do throws(RetrievalError) {
            let shard = try await shards.shard(ListedShard(object, store: part.name), of: part)
            guard case .index(let index) = shard.directory else { return nil }
            var cursor = 0
            return try? index.entries(from: &cursor, atMost: 1).first?.uid
        } catch {
            guard error.code == .damaged || error.isOutdated else { throw error }
            return nil
        }
    }
}
