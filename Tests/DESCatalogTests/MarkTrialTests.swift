import DESBase
import Synchronization
import Testing

@testable import DESCatalog

@Suite("Marks that are tried before anything is packed")
struct MarkTrialTests {
    /// What a row says to a mark.
    enum Answer: Sendable {
        case accepts, refuses, isLost, isLocked, isMarked
    }

    /// A table of one row a day from 2000-01-01 on.
    private final class Table: MarkTrialSubject {
        let table = "files"
        let place = "test"
        let written = "1"
        let isView = false
        let marks: Bool
        private let days: [Int]
        private let answer: @Sendable (_ day: Int, _ attempt: Int) -> Answer
        private let counts = Mutex<[Int: Int]>([:])

        init(
            _ days: [Int], marks: Bool = false, answer: @escaping @Sendable (_ day: Int, _ attempt: Int) -> Answer
        ) {
            self.days = days
            self.marks = marks
            self.answer = answer
        }

        /// How often marks were tried on different rows.
        var triedRows: Int { counts.withLock { $0.count } }

        static func time(_ day: Int) -> Timestamp {
            Timestamp(microsecondsSinceEpoch: (10_957 + Int64(day)) * 86_400_000_000)
        }

        private func row(_ day: Int) -> CatalogRow {
            CatalogRow(
                key: RowKey(
                    rowID: Int64(day), uid: .text("f\(day)"), createdAt: .time(Self.time(day)), location: .text("/f")),
                size: .null, meta: [])
        }

        func rows(_ order: MarkTrialOrder) -> [CatalogRow] {
            (order == .any ? days.prefix(MarkTrial.rows) : days.reversed().prefix(MarkTrial.rows)).map(row)
        }

        func attempt(_ key: RowKey) -> MarkAttempt {
            let day = Int(key.rowID ?? -1)
            let attempt = counts.withLock { counts in
                counts[day, default: 0] += 1
                return counts[day] ?? 0
            }
            return switch answer(day, attempt) {
            case .accepts: .outcome(.marked)
            case .refuses: .outcome(.refused(reason: "on legal hold"))
            case .isLost: .outcome(.changed)
            case .isLocked: .rowIsLocked
            case .isMarked: .outcome(.alreadyMarked)
            }
        }

        func pendingRows(in range: PendingRange) -> any PendingRowScan {
            Scan(
                rows: days.map(row).filter { row in
                    (row.key.createdAt.timestamp).map { $0 >= range.from && $0 < range.before } == true
                })
        }

        func hasMarks() -> Bool { marks }

        struct Scan: PendingRowScan {
            let rows: [CatalogRow]
            var pagingNote: String? { nil }
            func nextPage(atMost count: Int) -> [CatalogRow] { Array(rows.prefix(count)) }
            func close() {}
        }
    }

    private func trial(_ table: Table, before day: Int = 100_000) async -> CatalogError? {
        await catalogError {
            var trial = MarkTrial(table, olderThan: Table.time(day))
            try await trial.run()
        }
    }

    @Test("A row that is accepted ends the trial, and a table without rows has nothing to try")
    func accepted() async {
        let table = Table(Array(0..<100)) { _, _ in .accepts }
        #expect(await trial(table) == nil)
        #expect(table.triedRows == 1)
        #expect(await trial(Table([]) { _, _ in .refuses }) == nil)
    }

    @Test(
        "Rows on hold at both ends do not stop those between, wherever they are",
        arguments: [20..<60, 60..<80, 5000..<5200, 200..<1000, 9000..<9970, 2..<9998])
    func held(free: Range<Int>) async {
        let count = max(80, free.upperBound + 20)
        let table = Table(Array(0..<count)) { day, _ in
            day < MarkTrial.rows || day >= count - MarkTrial.rows ? .refuses : free.contains(day) ? .accepts : .refuses
        }
        #expect(await trial(table) == nil)
    }

    @Test(
        "Rows that are all refused are known after a hundred or so, unless the table has marks",
        arguments: [false, true])
    func refused(marks: Bool) async {
        let table = Table(Array(0..<10_000), marks: marks) { _, _ in .refuses }
        let error = await trial(table)
        #expect(error?.code == (marks ? nil : .notMarkable))
        if !marks { #expect(error?.reason.contains("f0") == true && error?.reason.contains("on legal hold") == true) }
        #expect(table.triedRows <= 140)
    }

    @Test("Rows that are not due do not matter")
    func notDue() async {
        let young = Table(Array(100..<200)) { _, _ in .refuses }
        #expect(await trial(young, before: 100) == nil)
        let lost = Table(Array(100..<200)) { _, _ in .isLost }
        #expect(await trial(lost, before: 100) == nil)
        // The due one is refused, and the young ones would be too.
        #expect(await trial(Table(Array(0..<200)) { _, _ in .refuses }, before: 1)?.code == .notMarkable)
        // One that is accepted tells that the table takes marks.
        #expect(await trial(Table(Array(0..<50)) { day, _ in day < 40 ? .refuses : .accepts }, before: 1) == nil)
    }

    @Test(
        "Rows that are never found again stop the cycle, whether the table has marks or not", arguments: [1, 5, 500],
        [false, true])
    func lost(count: Int, marks: Bool) async {
        let error = await trial(Table(Array(0..<count), marks: marks) { _, _ in .isLost })
        #expect(error?.code == .notMarkable)
        #expect(error?.reason.contains("was not found again by its uid, time and location") == true)
        #expect(error?.description.contains("nothing was packed") == true)
    }

    @Test("Rows that somebody changes just then do not stop it", arguments: [1, 2, 3, 500])
    func changedOnce(count: Int) async {
        // Each row was changed by the time of its first attempt.
        #expect(await trial(Table(Array(0..<count)) { $1 == 1 ? .isLost : .accepts }) == nil)
        // All of them were marked by others meanwhile.
        #expect(await trial(Table(Array(0..<count)) { $1 == 1 ? .isLost : .isMarked }) == nil)
        // The first ones are changed all the time, the others are not.
        #expect(await trial(Table(Array(0..<500)) { day, _ in day < 20 || day > 480 ? .isLost : .accepts }) == nil)
        // Those on hold are refused, and one was changed.
        #expect(
            await trial(Table(Array(0..<500), marks: true) { $0 == 3 && $1 == 1 ? .isLost : .refuses }) == nil)
    }

    @Test("Rows that others hold say nothing")
    func locked() async {
        #expect(await trial(Table(Array(0..<50)) { _, _ in .isLocked }) == nil)
        #expect(
            await trial(Table(Array(0..<50)) { day, _ in day % 2 == 0 ? .isLocked : .refuses })?.code == .notMarkable)
        #expect(
            await trial(Table(Array(0..<50)) { day, _ in day % 2 == 0 ? .isLocked : .isLost })?.code == .notMarkable)
    }
}
