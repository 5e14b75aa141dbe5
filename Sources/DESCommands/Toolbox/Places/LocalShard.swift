import DESBase
import DESShard
import DESStorage

/// A shard in a local file. Calls block.
struct LocalShard: ShardContent {
    let address: String
    private let size: UInt64
    private let file: OpenFile
    private let bigFilesFolder: String

    /// - Throws: `ShardProblem` when it cannot be read.
    init(_ path: String, bigFilesFolder: String) throws(ShardProblem) {
        address = path
        self.bigFilesFolder = bigFilesFolder
        do throws(ShardError) { (file, size) = try ShardReader.openFile(path) } catch { throw ShardProblem(error) }
    }

    func ends() throws(ShardProblem) -> ShardEnds {
        let start = size - min(size, UInt64(ShardTail.size))
        return ShardEnds(
            header: start > 0 ? try read(ShardTail.header, uid: nil) : nil, end: try read(start..<size, uid: nil),
            size: size)
    }

    func read(_ range: Range<UInt64>, uid: String?) throws(ShardProblem) -> [UInt8] {
        do throws(ShardError) { return try ShardReader.bytes(range, of: file) } catch { throw ShardProblem(error) }
    }

    func forEachPiece(
        ofBigFile hash: String, size: UInt64, entry: ShardEntry, _ body: (UnsafeRawBufferPointer) throws -> Void
    ) throws(ShardProblem) {
        let bigFile = BigFileReader(
            path: "\(bigFilesFolder)/\(hash)", sha256: hash, size: size, crc32: entry.meta.crc32, uid: entry.uid)
        do throws(ShardError) {
            try bigFile.forEachPiece { (piece) throws(ShardError) in
                do { try body(piece) } catch {
                    throw ShardError(.inputOutput, file: address, uid: entry.uid, "\(error)")
                }
            }
        } catch { throw ShardProblem(error) }
    }

    func whole(_ tail: ShardTail) throws(ShardProblem) -> WholeShard {
        do throws(ShardError) {
            let reader = try ShardReader(path: address, bigFilesDirectory: bigFilesFolder)
            return WholeShard(reader: reader, hasBigFiles: true, problem: { ShardProblem($0) })
        } catch { throw ShardProblem(error) }
    }

    func problem(_ error: ShardError) -> ShardProblem { ShardProblem(error) }
}
