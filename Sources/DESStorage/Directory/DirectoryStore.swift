package import DESBase
import Glibc

/// A local directory as an object store; a key is a path below it.
///
/// Publishing gives the staged file a second name (hard link) where staging is on the same file system, else copies it,
/// makes it durable, compares it and renames without replacing. Blocking calls run on the thread pool handed in.
package struct DirectoryStore: ObjectStore {
    package let root: String
    let threads: ThreadPool
    let rootWatch = RootWatch()
    /// Source of the names of copies.
    let random: @Sendable () -> UInt64
    /// Where copies of dead processes are looked for and removed; relative to the root.
    private let foldersOfCopies: [String]
    /// For a store that is listed by prefixes again and again.
    private let names: DirectoryNames?

    /// - Parameters:
    ///   - keepsNames: whether the names of the directory itself are kept in memory, about 100 bytes each. Such a store
    ///     lists no folders below it, and one that is gone is an error instead of empty.
    ///   - foldersOfCopies: folders, relative to the root, into which files are copied because staging is on another file system.
    ///   - random: source of the names of copies, which no two makers may share.
    package init(
        root: String, threads: ThreadPool, keepsNames: Bool = false, foldersOfCopies: [String] = [],
        random: @escaping @Sendable () -> UInt64 = { .random(in: .min ... .max) }
    ) {
        self.root = root
        self.threads = threads
        self.foldersOfCopies = foldersOfCopies
        self.random = random
        names = keepsNames ? DirectoryNames(path: root) : nil
    }

    package var name: String { root }

    package var localFolder: String? { root }

    /// Finds out whether the root is there, and removes copies that dead processes began.
    package func prepare() async throws(StorageError) {
        let folders = [root] + foldersOfCopies.map { "\(root)/\($0)" }
        try await attempt("") { [foldersOfCopies] _ throws(SystemError) in
            try rootWatch.note(root)
            guard !foldersOfCopies.isEmpty else { return }
            for folder in folders { _ = try PartialCopy.removeAbandoned(in: folder) }
        }
    }

    /// Copies to a folder that are under way, or were when their maker died, with the time of their last change in seconds since
    /// 1970.
    package func unfinishedCopies(in folders: [String]) async throws(StorageError) -> [(
        path: String, modifiedAt: Int64
    )] {
        let folders = [root] + folders.map { "\(root)/\($0)" }
        return try await attempt("") { _ throws(SystemError) in
            var copies: [(path: String, modifiedAt: Int64)] = []
            for folder in folders { copies += try PartialCopy.all(in: folder) }
            return copies
        }
    }

    package func publish(_ files: [StagedFile]) async -> [Result<PublishOutcome, StorageError>] {
        let publisher = DirectoryPublisher(store: self)
        return await run { publisher.publish(files) }
    }

    package func attributes(of key: String) async throws(StorageError) -> ObjectAttributes? {
        let attributes: ObjectAttributes? = try await attempt(key) { path throws(SystemError) in
            guard let status = try FileSystem.status(path), status.kind == .regular else { return nil }
            return ObjectAttributes(key: key, status)
        }
        if attributes == nil { try await confirmPlace() }
        return attributes
    }

    package func checksum(of key: String) async throws(StorageError) -> CRC32 {
        try await attempt(key) { path throws(SystemError) in try FileContent.checksum(path) }
    }

    package func read(_ key: String) async throws(StorageError) -> [UInt8] {
        try await read(key, range: 0..<UInt64(Int64.max))
    }

    package func read(_ key: String, range: Range<UInt64>) async throws(StorageError) -> [UInt8] {
        try await attempt(key) { path throws(SystemError) in try FileContent.read(path, range).bytes }
    }

    package func readTail(_ key: String, count: Int) async throws(StorageError) -> (bytes: [UInt8], size: UInt64) {
        try await attempt(key) { path throws(SystemError) in
            let file = try OpenFile(path)
            let size = UInt64(try file.status().size)
            let start = size - min(size, UInt64(max(0, count)))
            return try FileContent.read(file, start..<size)
        }
    }

    package func list(prefix: String, after: String?, limit: Int) async throws(StorageError) -> ObjectPage {
        let lister = DirectoryLister(root: root)
        guard let names, !prefix.utf8.contains(UInt8(ascii: "/")) else {
            let page = try await attempt(prefix) { _ throws(SystemError) in
                try lister.list(prefix: prefix, after: after, limit: limit)
            }
            try await confirmPlace()
            return page
        }
        _ = try path(of: prefix)
        return try await call { () throws(StorageError) in
            let found = try names.names(prefix: prefix)
            let page: ObjectPage
            do throws(SystemError) { page = try lister.page(of: found, after: after, limit: limit) } catch {
                throw StorageError(error, key: prefix)
            }
            // What has a name and is not there may have gone with all of the store.
            if page.objects.count < min(limit, found.count) { try names.confirm() }
            return page
        }
    }

    package func open(_ object: ObjectAttributes) async throws(StorageError) -> any ObjectHandle {
        let threads = threads
        let opened: (file: OpenFile, attributes: ObjectAttributes) = try await attempt(object.key) {
            path throws(SystemError) in
            let file = try OpenFile(path)
            return (file, ObjectAttributes(key: object.key, try file.status()))
        }
        guard object.version == nil || object.version == opened.attributes.version else {
            throw StorageError(.changed, key: object.key, "\(opened.file.path) was replaced since it was listed")
        }
        return DirectoryHandle(attributes: opened.attributes, file: opened.file, threads: threads)
    }

    package func delete(_ key: String) async throws(StorageError) {
        try await attempt(key) { path throws(SystemError) in try FileSystem.remove(path) }
    }

    /// The path of a key, which must not lead out of the directory.
    func path(of key: String) throws(StorageError) -> String {
        // By bytes: a `/` that a combining character follows is one all the same.
        let parts = key.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        let isSafe =
            parts.allSatisfy { !$0.elementsEqual("..".utf8) && !$0.elementsEqual(".".utf8) }
            && !key.utf8.contains(0) && !key.hasBytePrefix("/")
        guard isSafe else {
            throw StorageError(.invalidKey, key: key, "the key \(key.debugDescription) leads out of \(root)")
        }
        return "\(root)/\(key)"
    }

    /// Of a store whose names are kept, absence is only said while the place is that of the store.
    private func confirmPlace() async throws(StorageError) {
        guard let names else { return }
        try await call { () throws(StorageError) in try names.confirm() }
    }

    private func run<Value: Sendable>(_ body: @escaping @Sendable () -> Value) async -> Value {
        await withTaskExecutorPreference(threads) { await Self.call(body) }
    }

    private static func call<Value: Sendable>(_ body: @Sendable () -> Value) async -> Value { body() }

    private func call<Value: Sendable>(
        _ body: @escaping @Sendable () throws(StorageError) -> Value
    ) async throws(StorageError) -> Value {
        let result: Result<Value, StorageError> = await run {
            do throws(StorageError) { return .success(try body()) } catch { return .failure(error) }
        }
        return try result.get()
    }

    private func attempt<Value: Sendable>(
        _ key: String, _ body: @escaping @Sendable (String) throws(SystemError) -> Value
    ) async throws(StorageError) -> Value {
        let path = try path(of: key)
        do throws(StorageError) {
            return try await call { () throws(StorageError) in
                do throws(SystemError) { return try body(path) } catch { throw StorageError(error, key: key) }
            }
        } catch {
            if error.code == .notFound { try await confirmPlace() }
            throw error
        }
    }
}

extension StorageError {
    init(_ error: SystemError, key: String) {
        let code: Code =
            if error.code == 2 { .notFound } else if error.isOutOfSpace { .outOfSpace } else if error.isUnwritable {
                .unwritable
            } else { .failed }
        // Out of descriptors is no fault of the store, and passes.
        let isTransient = error.code == EMFILE || error.code == ENFILE
        self.init(code, key: key, isTransient: isTransient, error.description)
    }
}

extension ObjectAttributes {
    init(key: String, _ status: FileStatus) {
        let identity = status.identity
        self.init(
            key: key, size: UInt64(status.size), modifiedAt: identity.modifiedAtNanoseconds / 1_000_000_000,
            version: "\(identity.inode)-\(identity.size)-\(identity.modifiedAtNanoseconds)")
    }
}
