import DESBase
import Glibc

/// Makes staged files appear in a directory. All calls block.
struct DirectoryPublisher: Sendable {
    let store: DirectoryStore

    /// Gives every file its name first, then makes all the names durable with one sync a folder.
    func publish(_ files: [StagedFile]) -> [Result<PublishOutcome, StorageError>] {
        do throws(SystemError) { try store.rootWatch.check(store.root) } catch {
            return files.map { .failure(StorageError(error, key: $0.key)) }
        }
        var outcomes: [Result<PublishOutcome, StorageError>] = []
        var folders: [ByteString: [Int]] = [:]
        for (position, file) in files.enumerated() {
            do throws(StorageError) {
                let destination = try store.path(of: file.key)
                outcomes.append(.success(try publish(file, at: destination)))
                folders[ByteString(FileSystem.parentDirectory(of: destination)), default: []].append(position)
            } catch {
                outcomes.append(.failure(error))
            }
        }
        for (folder, positions) in folders {
            do throws(SystemError) {
                try FileSystem.synchronizeDirectory(folder.text)
            } catch {
                for position in positions {
                    outcomes[position] = .failure(StorageError(error, key: files[position].key))
                }
            }
        }
        return outcomes
    }

    private func publish(_ file: StagedFile, at destination: String) throws(StorageError) -> PublishOutcome {
        let staged: FileIdentity
        do throws(SystemError) { staged = try FileSystem.existingStatus(file.path).identity } catch {
            throw StorageError(error, key: file.key)
        }
        // Looked at first: once the file has its name, another try would find it there and take it for good.
        guard UInt64(staged.size) == file.size else {
            throw StorageError(
                .damaged, key: file.key,
                "\(file.path) has \(staged.size) bytes instead of \(file.size); it was not published"
            )
        }
        do throws(SystemError) {
            do throws(SystemError) {
                try FileSystem.link(file.path, to: destination)
            } catch {
                guard error.code == ENOENT else { throw error }
                // Either the folder is not there yet, or the staged file is gone: the second try tells.
                try createFolder(FileSystem.parentDirectory(of: destination))
                try FileSystem.link(file.path, to: destination)
            }
        } catch {
            switch error.code {
            case EEXIST: return try settleExisting(file, at: destination)
            case EXDEV, EPERM, EOPNOTSUPP, ENOSYS, EMLINK: return try publishCopy(of: file, at: destination)
            default: throw StorageError(error, key: file.key)
            }
        }
        return try confirm(file, staged, at: destination)
    }

    /// Folders below the root are made, the root itself never: where it is missing, a disk may not be mounted.
    private func createFolder(_ folder: String) throws(SystemError) {
        guard try FileSystem.status(store.root) != nil else {
            throw SystemError(code: ENOENT, operation: "publish to", subject: store.root)
        }
        guard !folder.isByteEqual(to: store.root) else { return }
        try FileSystem.createDirectory(folder)
    }

    /// A link is confirmed by being the same file; its content was verified in staging.
    private func confirm(
        _ file: StagedFile, _ staged: FileIdentity, at destination: String
    ) throws(StorageError) -> PublishOutcome {
        do throws(SystemError) {
            let published = try FileSystem.status(destination, followingLinks: false)
            guard let published, published.identity.isSameFile(as: staged) else {
                throw SystemError(code: EIO, operation: "confirm", subject: destination)
            }
            return .created
        } catch { throw StorageError(error, key: file.key) }
    }

    private func settleExisting(_ file: StagedFile, at destination: String) throws(StorageError) -> PublishOutcome {
        do throws(SystemError) {
            let staged = try FileSystem.status(file.path)
            // A link in its place would be somebody else's file, which can go at any time.
            let existing = try FileSystem.status(destination, followingLinks: false)
            if let staged, let existing, existing.kind == .regular, staged.size == existing.size {
                if staged.identity.isSameFile(as: existing.identity) { return .alreadyThere }
                if try FileContent.isEqual(file.path, destination) {
                    // It may have been written by a process that died before its own sync.
                    try OpenFile(destination).synchronize()
                    return .alreadyThere
                }
            }
        } catch {
            throw StorageError(error, key: file.key)
        }
        throw StorageError(
            .conflict, key: file.key, "\(destination) exists with other content; it was left as it is"
        )
    }

    private func publishCopy(of file: StagedFile, at destination: String) throws(StorageError) -> PublishOutcome {
        do throws(SystemError) {
            if try FileSystem.status(destination, followingLinks: false) == nil {
                let copy = try PartialCopy(beside: destination, maker: store.random())
                if try copy.publish(file.path, as: destination) { return .created }
            }
        } catch {
            guard error.code == EEXIST else { throw StorageError(error, key: file.key) }
        }
        guard (try? FileSystem.status(destination, followingLinks: false)) != nil else {
            throw StorageError(.damaged, key: file.key, "a copy at \(destination) differs from what was written")
        }
        return try settleExisting(file, at: destination)
    }
}
