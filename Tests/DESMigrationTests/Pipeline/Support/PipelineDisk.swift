import Foundation
import Glibc

/// What tests do to files.
enum PipelineDisk {
    /// Writes a whole file, over what is there.
    static func write(_ bytes: [UInt8], to path: String) throws {
        try Data(bytes).write(to: URL(filePath: path))
    }

    /// The bytes of a file; nil if it cannot be read.
    static func read(_ path: String) -> [UInt8]? {
        FileManager.default.contents(atPath: path).map(Array.init)
    }

    /// Puts another file in the place of one, as editors do.
    static func replace(_ path: String, with bytes: [UInt8]) throws {
        try write(bytes, to: path + ".new")
        guard rename(path + ".new", path) == 0 else { throw PipelineFailure("cannot replace \(path)") }
    }

    /// Flips one bit of the byte at an offset; a negative one counts from the end.
    static func damage(_ path: String, at offset: Int) throws {
        guard var bytes = read(path), !bytes.isEmpty else { throw PipelineFailure("cannot read \(path)") }
        let position = offset < 0 ? bytes.count + offset : offset
        bytes[position] ^= 0x10
        // In place, so that every other name of the file shows it too.
        let handle = try FileHandle(forUpdating: URL(filePath: path))
        try handle.write(contentsOf: Data(bytes))
        try handle.close()
    }

    /// The names in a folder, sorted; none if there is no folder.
    static func names(in folder: String) -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted()
    }
}

/// Something in a test's own machinery went wrong.
struct PipelineFailure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
