import DESSystem
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
