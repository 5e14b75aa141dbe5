import DESStorage

/// Reads ranges of one object and tells the observer.
struct CountingReader: Sendable {
    let handle: any ObjectHandle
    let observer: any RetrievalObserver

    func read(_ range: Range<UInt64>, _ kind: StoreReadKind) async throws(StorageError) -> [UInt8] {
        do throws(StorageError) {
            let bytes = range.isEmpty ? [] : try await handle.read(range)
            observer.storeRead(kind, bytes: bytes.count, succeeded: true)
            return bytes
        } catch {
            observer.storeRead(kind, bytes: 0, succeeded: false)
            throw error
        }
    }
}
