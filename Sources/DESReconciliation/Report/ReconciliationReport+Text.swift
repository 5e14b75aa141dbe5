import DESTelemetry

extension Finding.Kind {
    /// For people, before what it is about.
    package var heading: String {
        switch self {
        case .markedInNoShard: "marked but in no shard"
        case .markedWithoutKey: "marked but without uid or readable time"
        case .inShardNotMarked: "in a shard but not marked"
        case .inShardNoRow: "in a shard but no row names it"
        case .inSeveralShards: "in several shards"
        case .unreadableShard: "unreadable shard"
        case .unknownShard: "not the name of a shard"
        case .missingBigFile: "missing big file"
        case .orphanedBigFile: "big file that no shard names"
        case .stagingLeftover: "left in staging"
        case .unfinishedUpload: "unfinished upload"
        }
    }

    /// What the operator can do about what is not repaired here.
    fileprivate var advice: String? {
        switch self {
        case .markedInNoShard:
            "if the source is still there, clear its archived column and run des-migrate (behind a watermark: pack it by "
                + "des-pack); else restore it from a backup"
        case .markedWithoutKey: "no reader can find these files: correct the rows, or clear their archived column"
        case .inShardNotMarked: "--repair marks those that can be verified; des-migrate packs the others again"
        case .inShardNoRow: "rows that were deleted leave their files: nothing has to be done"
        case .inSeveralShards: "readers find one of them; the others only take space"
        case .unreadableShard: "try again; if it is damaged (des verify tells), restore it from a backup"
        case .unknownShard: "if it is a shard, give it its name back; else move it elsewhere"
        case .missingBigFile: "restore it from a backup; its name is the SHA-256 of its content"
        case .orphanedBigFile, .unfinishedUpload: "--repair removes them"
        case .stagingLeftover: "the next des-migrate with this staging folder finishes it"
        }
    }
}

extension Finding {
    /// One line.
    package var text: String {
        var parts: [String] = []
        if let key { parts.append(key) }
        if let uid { parts.append(uid) }
        if let createdAt { parts.append(createdAt) }
        if let location { parts.append(location) }
        if let shard { parts.append("in \(shard)") }
        var line = "\(kind.heading): \(parts.joined(separator: " "))"
        if let message { line += " (\(message))" }
        return (isRepaired ? "repaired: " + line : line).escapedForOneLine
    }
}

extension ReconciliationReport {
    /// A line for each finding, and then the sums.
    package var text: String {
        var lines: [String] = []
        for kind in Finding.Kind.allCases {
            let kept = findings[kind] ?? []
            lines += kept.map(\.text)
            let hidden = found[kind, default: 0] - kept.count
            if hidden > 0 { lines.append("\(kind.heading): and \(hidden.groupedByThousands) more") }
        }
        if !lines.isEmpty { lines.append("") }
        let looked = [
            (totals.markedRows, "marked rows"), (totals.files, "files"), (totals.shards, "shards"),
            (totals.bigFiles, "big files"), (totals.days, "days"),
        ]
        lines.append(looked.map { "\($0.groupedByThousands) \($1)" }.joined(separator: ", ") + " compared")
        for kind in Finding.Kind.allCases {
            if let count = found[kind], count > 0 { lines.append(sum(kind, count)) }
            if let count = young[kind], count > 0 {
                let more = "\(count.groupedByThousands) more"
                lines.append("\(kind.heading): \(more), too young to be judged (see --min-age)")
            }
        }
        func add(_ count: Int, _ text: String) {
            if count > 0 { lines.append("\(count.groupedByThousands) \(text)") }
        }
        add(totals.rowsInDoubt, "marked rows may be in a shard that could not be read: not judged")
        add(totals.bigFilesInDoubt, "big files could not be judged")
        add(totals.filesWithoutTime, "files without a time belong to no marked row of their day: not judged")
        add(totals.otherObjects, "other objects were passed over")
        lines += notes.map(\.escapedForOneLine)
        lines += verdict
        return lines.joined(separator: "\n")
    }

    /// Of what was not judged nobody may read that it is well.
    private var verdict: [String] {
        let isRepaired = found.allSatisfy { $0.value == repaired[$0.key, default: 0] }
        guard isRepaired else { return [] }
        guard hasUnjudged else { return [found.isEmpty ? "catalog and storage agree" : "everything found is repaired"] }
        let rest = found.isEmpty ? "nothing wrong was found" : "everything found is repaired"
        guard young.contains(where: { $0.value > 0 }) else { return [rest + ", but not everything could be judged"] }
        return [
            rest + ", but what is too young was not judged; look again later, or while nobody migrates with a lower "
                + "--min-age, such as --min-age 0s"
        ]
    }

    private func sum(_ kind: Finding.Kind, _ count: Int) -> String {
        let done = repaired[kind, default: 0]
        var line = "\(kind.heading): \(count.groupedByThousands)"
        if done > 0 { line += ", \(done.groupedByThousands) of them repaired" }
        if done < count, let advice = kind.advice { line += "; \(advice)" }
        return line
    }
}
