import FoundationEssentials

/// Takes the text of a manifest apart: a JSON list of entries, or JSON lines, an entry on each.
struct ManifestText {
    /// Why a text is no manifest, with line and column.
    struct Invalid: Error {
        let reason: String
    }

    /// The entries in their order.
    let entries: [ManifestEntry]

    init(_ bytes: [UInt8]) throws(Invalid) {
        let start = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
        switch bytes[start...].first(where: { ![0x20, 0x09, 0x0A, 0x0D].contains($0) }) {
        case UInt8(ascii: "{"): entries = try Self.lines(bytes, from: start)
        case nil: throw Invalid(reason: "it is empty")
        default: entries = try Self.list(bytes, from: start)
        }
    }

    private static func list(_ bytes: [UInt8], from start: Int) throws(Invalid) -> [ManifestEntry] {
        do {
            return try JSONDecoder().decode([ManifestEntry].self, from: Data(bytes[start...]))
        } catch {
            if let problem = JSONSyntax.problem(in: bytes, from: start) { throw Invalid(reason: "\(problem)") }
            throw Invalid(reason: "it holds something else than a list")
        }
    }

    private static func lines(_ bytes: [UInt8], from start: Int) throws(Invalid) -> [ManifestEntry] {
        let decoder = JSONDecoder()
        var entries: [ManifestEntry] = []
        var number = 0
        for line in bytes[start...].split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
            number += 1
            guard line.contains(where: { ![0x20, 0x09, 0x0D].contains($0) }) else { continue }
            let entry: ManifestEntry
            do {
                entry = try decoder.decode(ManifestEntry.self, from: Data(line))
            } catch {
                let problem = JSONSyntax.problem(in: Array(line))
                let place = "line \(number), column \(problem?.column ?? 1)"
                throw Invalid(
                    reason:
                        "\(place): \(problem?.message ?? "not an entry") (a file that begins with { has an entry on each line)"
                )
            }
            // An object that is something else, such as one with a list in it.
            guard entry.uid != .null || entry.createdAt != .null || entry.location != .null else {
                throw Invalid(reason: "line \(number): expected an entry with uid, created_at and source_path")
            }
            entries.append(entry)
        }
        return entries
    }
}
