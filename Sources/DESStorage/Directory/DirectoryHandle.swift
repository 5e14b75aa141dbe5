import DESBase

/// A file that was opened: whatever is put under its name later, the bytes are those that were listed.
///
/// What is in the page cache is read on the spot, because a hop to another thread costs several times more; what has to come
/// from a disk is read on the threads handed in.
final class DirectoryHandle: ObjectHandle {
    let attributes: ObjectAttributes
    private let file: OpenFile
    private let threads: ThreadPool

    init(attributes: ObjectAttributes, file: OpenFile, threads: ThreadPool) {
        self.attributes = attributes
        self.file = file
        self.threads = threads
    }

    func read(_ range: Range<UInt64>) async throws(StorageError) -> [UInt8] {
        var isCached = false
        let bytes = [UInt8](unsafeUninitializedCapacity: range.count) { buffer, filled in
            let output = UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(buffer)[..<range.count])
            isCached = readCached(range, into: output)
            filled = isCached ? range.count : 0
        }
        return isCached ? bytes : try await readFromDisk(range)
    }

    func readCached(_ range: Range<UInt64>, into output: UnsafeMutableRawBufferPointer) -> Bool {
        file.readCached(into: output, at: Int64(range.lowerBound))
    }

    private func readFromDisk(_ range: Range<UInt64>) async throws(StorageError) -> [UInt8] {
        let file = file
        let found: [UInt8]
        do {
            found = try await threads.run { try FileContent.read(file, range).bytes }
        } catch let error as SystemError {
            throw StorageError(error, key: attributes.key)
        } catch {
            throw StorageError(.failed, key: attributes.key, "\(file.path): \(error)")
        }
        guard found.count == range.count else { throw .short(attributes.key, range, found: found.count) }
        return found
    }
}
