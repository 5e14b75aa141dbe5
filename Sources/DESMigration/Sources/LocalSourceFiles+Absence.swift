import DESBase
import Glibc

extension LocalSourceFiles {
    /// A missing file is gone only if the folder that should hold it is there and holds anything at all: the folder of a disk
    /// that is not mounted is missing or empty.
    package func absences(of locations: [String]) -> [SourceAbsence] {
        var folders: [ByteString: SourceAbsence] = [:]
        return locations.map { location in
            // What names no path is nowhere, whatever is mounted.
            guard let path = try? path(of: location) else { return .certain }
            let folder = FileSystem.parentDirectory(of: path)
            let absence = folders[ByteString(folder)] ?? Self.look(into: folder)
            folders[ByteString(folder)] = absence
            guard absence == .certain else { return absence }
            do throws(SystemError) { return try FileSystem.status(path) == nil ? .certain : .over } catch {
                return .doubtful("cannot look for a source again: \(error)")
            }
        }
    }

    package func readableSiblings(of location: String, atMost most: Int) -> Int {
        guard let path = try? path(of: location), let stream = opendir(FileSystem.parentDirectory(of: path))
        else { return 0 }
        defer { closedir(stream) }
        var (count, looks) = (0, 0)
        while count < most, looks < Self.looksAFolder, let entry = readdir(stream) {
            looks += 1
            // Nothing but a regular file is opened, and not what a link leads to elsewhere.
            var status = stat()
            guard Self.isReadable(entry, in: dirfd(stream), &status) else { continue }
            count += 1
        }
        return count
    }

    /// Entries that are looked at in a folder which may hold millions.
    private static let looksAFolder = 4096

    private static func isReadable(
        _ entry: UnsafeMutablePointer<dirent>, in folder: Int32, _ status: inout stat
    ) -> Bool {
        withUnsafePointer(to: &entry.pointee.d_name) { name in
            name.withMemoryRebound(to: CChar.self, capacity: 256) { name in
                guard fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) == 0, status.st_mode & S_IFMT == S_IFREG
                else { return false }
                let file = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
                guard file >= 0 else { return false }
                defer { close(file) }
                var byte: UInt8 = 0
                return Glibc.read(file, &byte, 1) == 1
            }
        }
    }

    private static func look(into folder: String) -> SourceAbsence {
        do throws(SystemError) { guard try FileSystem.isEmpty(folder) else { return .certain } } catch {
            switch error.code {
            case ENOENT: break
            // A file where a folder should be is no matter of disks.
            case ENOTDIR: return .certain
            default: return .doubtful("cannot look into a folder of sources: \(error)")
            }
        }
        return .doubtful("the folder \(folder) is missing or empty (is its disk mounted?)")
    }
}

extension FileSystem {
    /// Whether a folder holds nothing; of a large one only the begin is read.
    fileprivate static func isEmpty(_ folder: String) throws(SystemError) -> Bool {
        guard let stream = opendir(folder) else { throw SystemError.last("list", folder) }
        defer { closedir(stream) }
        var count = 0
        errno = 0
        // `.` and `..` are in every folder.
        while count < 3, readdir(stream) != nil { count += 1 }
        guard errno == 0 else { throw SystemError.last("list", folder) }
        return count < 3
    }
}
