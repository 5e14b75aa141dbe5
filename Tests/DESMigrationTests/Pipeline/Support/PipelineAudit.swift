import DESBase
import DESShard

/// Looks at any moment whether every file can be had: the promise that the pipeline makes.
struct PipelineAudit: Sendable {
    let files: [PipelineFile]
    /// Where shards are published.
    let output: String
    let table: PipelineTable

    /// The points after which something may be lost that was there before: where it is worth looking.
    static let points: Set<PipelinePoint> = [.markAfter, .deleteBefore, .deleteAfter, .renameAfter, .removeAfter]

    /// The same at these points only.
    func problems(at point: PipelinePoint) -> [String] {
        Self.points.contains(point) ? problems() : []
    }

    /// Files that are neither at their source nor in a published shard, and marked rows whose file is in none.
    func problems() -> [String] {
        // Marks first and sources before shards: what moves on meanwhile is found at the later place.
        let marked = (try? table.markedIDs()) ?? []
        let suspects = files.filter { marked.contains($0.id) || PipelineDisk.read($0.path) != $0.bytes }
        guard !suspects.isEmpty else { return [] }
        do {
            let archive = try PipelineArchive(output)
            return suspects.filter { archive.count(of: $0) == 0 }.map {
                marked.contains($0.id) ? "\($0.uid) is marked, but in no shard" : "\($0.uid) is nowhere"
            }
        } catch {
            return ["the archive cannot be read: \(error)"]
        }
    }
}
