import DESBase
import DESS3

/// An object with the ETag that it was listed with: reads are made under the condition that it still has it.
struct S3Handle: ObjectHandle {
    let attributes: ObjectAttributes
    let store: S3Store

    func read(_ range: Range<UInt64>) async throws(StorageError) -> [UInt8] {
        let key = attributes.key
        let tag = attributes.version.flatMap { $0.isEmpty ? nil : "\"\($0)\"" }
        let bytes = try await store.attempt(key) { [store] in
            try await store.client.getObject(
                store.location(key), range: .bytes(range), ifMatch: tag, limit: Int(clamping: range.count)
            ).bytes
        }
        guard bytes.count == range.count else { throw .short(key, range, found: bytes.count) }
        return bytes
    }
}
