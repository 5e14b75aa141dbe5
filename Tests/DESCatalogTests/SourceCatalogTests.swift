import DESBase
import DESCatalog
import Testing

/// What ``SourceCatalog`` and ``PendingRowScan`` promise, of every catalog.
@Suite("Every catalog", .timeLimit(.minutes(5)))
struct SourceCatalogTests {
    private let cutoff = SampleRow.cutoff

    private func pending(_ catalog: any SourceCatalog, pageSize: Int = 10) async throws -> [CatalogRow] {
        try await catalog.pendingRows(olderThan: cutoff).allRows(pageSize: pageSize)
    }

    @Test(
        "The rows before the cutoff come by time, those without one last, by pages of any size",
        arguments: CatalogKind.allCases, [true, false])
    func order(kind: CatalogKind, isIndexed: Bool) async throws {
        let source = try await ConformingCatalog(kind, isIndexed: isIndexed)
        defer { withExtendedLifetime(source) {} }
        let catalog = try await source.open()
        try await catalog.checkSchema()
        for pageSize in [1, 2, 100] {
            let scan = try await catalog.pendingRows(olderThan: cutoff)
            if kind != .manifest { #expect((scan.pagingNote == nil) == isIndexed) }
            let rows = try await scan.allRows(pageSize: pageSize)
            #expect(rows.map(\.key.createdAt.timestamp) == [3, 1, 2, 0].map { Self.time($0) } + [nil])
            #expect(rows.uids.dropLast() == ["a", "b", "größe 😀", "c"])
            #expect(rows.map(\.size.integerValue).dropLast() == [1, nil, 5, 3])
            #expect(rows.dropLast().map(\.key.location.uidText) == [3, 1, 2, 0].map { SampleRow.all[$0].location })
            // There is nothing behind its end, and nothing once it is closed.
            #expect(try await scan.nextPage(atMost: 5).isEmpty)
        }
        let scan = try await catalog.pendingRows(olderThan: cutoff)
        #expect(try await scan.nextPage(atMost: 1).count == 1)
        await scan.close()
        #expect(try await scan.nextPage(atMost: 1).isEmpty)
        await scan.close()
        await catalog.close()
    }

    private static func time(_ number: Int) -> Timestamp? {
        SampleRow.all[number].time.flatMap { Timestamp(parsing: $0) }
    }

    @Test("A range takes its first moment and leaves its end, to the microsecond", arguments: CatalogKind.allCases)
    func range(kind: CatalogKind) async throws {
        let source = try await ConformingCatalog(kind)
        defer { withExtendedLifetime(source) {} }
        let catalog = try await source.open()
        let (first, second) = (try #require(Self.time(1)), try #require(Self.time(2)))
        for (range, expected) in [
            (PendingRange(from: first, before: second, includesUndated: false), ["b"]),
            (PendingRange(from: second, before: .latest, includesUndated: false), ["größe 😀", "c", "late"]),
            (PendingRange(from: second, before: second, includesUndated: false), []),
        ] {
            #expect(try await catalog.pendingRows(in: range).allRows().uids == expected)
        }
        let undated = try await catalog.pendingRows(in: PendingRange(before: .earliest)).allRows()
        #expect(undated.map(\.key.createdAt.timestamp) == [nil])
        await catalog.close()
    }

    @Test("Days and sums are those of the rows that a scan gives", arguments: CatalogKind.allCases)
    func counts(kind: CatalogKind) async throws {
        let source = try await ConformingCatalog(kind)
        defer { withExtendedLifetime(source) {} }
        let catalog = try await source.open()
        var expected = CatalogStatistics(hasSizes: true)
        for row in try await catalog.pendingRows(olderThan: .latest).allRows() {
            expected.count(
                time: row.key.createdAt.timestamp, cutoff: cutoff, hasUID: row.key.uid != .null,
                hasLocation: row.key.location != .null, size: row.size.integerValue)
        }
        #expect(expected.totalFiles == 4 && expected.rowsAfterCutoff == 1 && expected.rowsWithoutTime == 1)
        #expect(try await catalog.statistics(olderThan: cutoff) == expected)
        #expect(
            try await catalog.pendingDays(olderThan: cutoff) == [
                PendingDay(dayNumber: 19723, rows: 1), PendingDay(dayNumber: 19724, rows: 2),
                PendingDay(dayNumber: 19725, rows: 1), PendingDay(dayNumber: nil, rows: 1),
            ])
        await catalog.close()
    }

    @Test("Each mark has its outcome, in order, and a row is marked once", arguments: CatalogKind.allCases)
    func marks(kind: CatalogKind) async throws {
        let source = try await ConformingCatalog(kind)
        defer { withExtendedLifetime(source) {} }
        let catalog = try await source.open()
        let marks = try await pending(catalog).map { RowMark(key: $0.key, shard: "s") }
        let outcomes = try await catalog.mark([marks[3], marks[0], marks[3]], within: nil)
        #expect(outcomes[1] == .marked)
        #expect(Set([outcomes[0], outcomes[2]]) == [.marked, .alreadyMarked])
        // The same call, repeated, finds out.
        let again = try await catalog.mark([marks[0], marks[1], marks[3]], within: nil)
        #expect(again == [.alreadyMarked, .marked, .alreadyMarked])
        #expect(try await pending(catalog).uids.first == "größe 😀")
        #expect(try await pending(catalog).count == 2)
        #expect(try await catalog.statistics(olderThan: cutoff).totalFiles == 1)
        #expect(try await catalog.mark([], within: nil).isEmpty)
        await catalog.close()
    }

    @Test("Nothing but the row that was read is marked", arguments: CatalogKind.databases + [.manifest])
    func changes(kind: CatalogKind) async throws {
        let source = try await ConformingCatalog(kind)
        defer { withExtendedLifetime(source) {} }
        let catalog = try await source.open()
        let marks = try await pending(catalog).map { RowMark(key: $0.key, shard: "s") }
        #expect(try await catalog.mark([marks[0].moved(), marks[1]], within: nil) == [.changed, .marked])
        guard kind != .manifest else { return }
        try await source.execute("UPDATE files SET file_location = '/elsewhere' WHERE uid = 'c'")
        try await source.execute("DELETE FROM files WHERE uid = 'a'")
        #expect(try await catalog.mark([marks[3], marks[2], marks[0]], within: nil) == [.changed, .marked, .changed])
        #expect(try await pending(catalog).uids == ["c", "undated"])
        // Another worker sees what the first has marked.
        let other = try await source.open()
        #expect(try await pending(other).uids == ["c", "undated"])
        #expect(try await other.mark([marks[1]], within: nil) == [.alreadyMarked])
        await other.close()
        await catalog.close()
    }

    @Test("Marking while scanning neither loses nor repeats a row", arguments: CatalogKind.allCases, [true, false])
    func marksWhileScanning(kind: CatalogKind, isIndexed: Bool) async throws {
        let rows = (100..<300).map { SampleRow(uid: "f\($0)", time: "2024-01-02T03:04:05.\($0 / 3)0000Z") }
        let source = try await ConformingCatalog(kind, isIndexed: isIndexed, rows)
        defer { withExtendedLifetime(source) {} }
        let catalog = try await source.open()
        let scan = try await catalog.pendingRows(olderThan: cutoff)
        var uids: [String] = []
        while case let page = try await scan.nextPage(atMost: 16), !page.isEmpty {
            uids += page.uids
            let outcomes = try await catalog.mark(page.map { RowMark(key: $0.key, shard: "s") }, within: nil)
            #expect(outcomes.allSatisfy { $0 == .marked })
        }
        await scan.close()
        #expect(uids.count == 200 && Set(uids).count == 200)
        #expect(try await pending(catalog).isEmpty)
        await catalog.close()
    }

    @Test("A trial of a mark, findings and a new look change nothing", arguments: CatalogKind.allCases)
    func trial(kind: CatalogKind) async throws {
        let source = try await ConformingCatalog(kind)
        defer { withExtendedLifetime(source) {} }
        let catalog = try await source.open()
        let before = try await pending(catalog)
        try await catalog.tryMark(olderThan: cutoff)
        #expect(try await catalog.findings() == CatalogFindings())
        await catalog.refresh()
        try await catalog.checkSchema()
        #expect(try await pending(catalog) == before)
        if let time = try await catalog.serverTime() {
            let difference = Timestamp.now().microsecondsSinceEpoch - time.microsecondsSinceEpoch
            #expect(abs(difference) < 600_000_000, "of the clock, with time for a busy machine")
        }
        await catalog.close()
    }

    @Test("Rows are found again by uid and moment, whether they are marked or not", arguments: CatalogKind.allCases)
    func recovery(kind: CatalogKind) async throws {
        let source = try await ConformingCatalog(kind)
        defer { withExtendedLifetime(source) {} }
        let catalog = try await source.open()
        let rows = try await pending(catalog)
        _ = try await catalog.mark([RowMark(key: rows[2].key, shard: "s")], within: nil)
        let (first, second) = (try #require(Self.time(1)), try #require(Self.time(2)))
        let found = try await catalog.recoveredRows(for: [
            ("größe 😀", second), ("b", second), ("b", first), ("none", first), ("größe 😀", second),
        ])
        let marked = [RecoveredRow(row: rows[2], isArchived: true)]
        #expect(found == [marked, [], [RecoveredRow(row: rows[1], isArchived: false)], [], marked])
        #expect(try await catalog.recoveredRows(for: []).isEmpty)
        let locations = [0, 1].map { SampleRow.all[$0].location }
        #expect(
            try await catalog.locationsStillPending(locations + ["/none"]) == Set(locations.map { ByteString($0) }))
        #expect(try await catalog.locationsStillPending([]).isEmpty)
        if kind != .watermark {
            #expect(try await catalog.locationsStillPending([SampleRow.all[2].location]).isEmpty)
        }
        await catalog.close()
    }

    @Test("A late token is refused, also on another connection, and of one unit only", arguments: CatalogKind.databases)
    func fences(kind: CatalogKind) async throws {
        let source = try await ConformingCatalog(kind)
        defer { withExtendedLifetime(source) {} }
        let (first, second) = (try await source.open(), try await source.open())
        let marks = try await pending(first).map { RowMark(key: $0.key, shard: "s") }
        let (old, new) = (Fence(unit: "größe", token: 5), Fence(unit: "größe", token: 6))
        try await first.raise(old)
        #expect(try await first.mark([marks[0]], within: old) == [.marked])
        try await second.raise(new)
        #expect(await catalogError { _ = try await first.mark([marks[1]], within: old) }?.code == .fenced)
        #expect(await catalogError { try await first.raise(old) }?.code == .fenced)
        // Even if there is nothing left to mark, a void token is told.
        let error = await catalogError { _ = try await first.mark([marks[0]], within: old) }
        #expect(error?.code == .fenced && error?.isTransient == false)
        try await second.raise(new)
        #expect(try await pending(second).count == 4)
        #expect(try await second.mark([marks[1]], within: new) == [.marked])
        let other = Fence(unit: "other", token: 1)
        try await first.raise(other)
        #expect(try await first.mark([marks[2]], within: other) == [.marked])
        await first.close()
        await second.close()
    }

    @Test("What one process keeps for itself has no fences", arguments: [CatalogKind.manifest, .watermark])
    func noFences(kind: CatalogKind) async throws {
        let source = try await ConformingCatalog(kind)
        defer { withExtendedLifetime(source) {} }
        let catalog = try await source.open()
        let fence = Fence(unit: "u", token: 1)
        #expect(await catalogError { try await catalog.raise(fence) }?.code == .notMarkable)
        #expect(await catalogError { _ = try await catalog.mark([], within: fence) }?.code == .notMarkable)
        await catalog.close()
    }

    @Test("Once it is closed it can be used no more", arguments: CatalogKind.databases + [.watermark])
    func closed(kind: CatalogKind) async throws {
        let source = try await ConformingCatalog(kind)
        defer { withExtendedLifetime(source) {} }
        let catalog = try await source.open()
        let marks = try await pending(catalog).map { RowMark(key: $0.key, shard: "s") }
        await catalog.close()
        await catalog.close()
        let calls: [() async throws -> Void] = [
            { try await catalog.checkSchema() }, { _ = try await catalog.statistics(olderThan: .latest) },
            { _ = try await catalog.mark(marks, within: nil) },
            { _ = try await catalog.recoveredRows(for: [("a", .earliest)]) },
        ]
        // What it knows of a table that it does not mark, a watermark's base tells all the same.
        for (number, call) in calls.enumerated().dropFirst(kind == .watermark ? 1 : 0) {
            let error = await catalogError(call)
            #expect(error?.code == .closed, "\(number): \(error as Any)")
        }
    }
}
