import DESTelemetry
import Testing

@Suite struct ProgressMeterTests {
    private func snapshot(
        _ files: [Int], failed: Int = 0, of total: Int? = nil, after seconds: Double = 1, limit: String? = nil
    ) -> ProgressSnapshot {
        let steps = zip(["read", "packed", "marked"], files).map { ProgressSnapshot.Step($0, $1) }
        var snapshot = ProgressSnapshot(steps, bytes: 1_288_490_189, elapsed: .seconds(seconds))
        snapshot.filesFailed = failed
        snapshot.filesTotal = total
        snapshot.limit = limit
        return snapshot
    }

    private func line(_ snapshot: ProgressSnapshot, columns: Int = 120) -> String {
        var meter = ProgressMeter()
        return meter.progress(snapshot).line(columns: columns)
    }

    @Test(
        arguments: [
            (12_345, 27_433, 1.387, "12,345 read · 1.2 GiB · 8,900 files/s · 45 % · ETA 2 s"),
            (12_345, nil, 1, "12,345 read · 1.2 GiB · 12,300 files/s"),
            (1, nil, 4, "1 read · 1.2 GiB · 0.3 files/s"), (0, 100, 0, "0 read · 1.2 GiB · 0 %"),
            (0, 100, 3, "0 read · 1.2 GiB · 0.0 files/s · 0 %"),
            (99, 10_000, 1, "99 read · 1.2 GiB · 99 files/s · 0 %"),
            (100, 10_000, 1, "100 read · 1.2 GiB · 100 files/s · 1 % · ETA 1 m 39 s"),
            (100, 100, 1, "100 read · 1.2 GiB · 100 files/s · 100 %"),
            (120, 100, 1, "120 read · 1.2 GiB · 120 files/s · 100 %"),
            (9_999, 10_000, 1, "9,999 read · 1.2 GiB · 10,000 files/s · 99 % · ETA 1 s"),
            (5, 0, 1, "5 read · 1.2 GiB · 5.0 files/s"),
        ] as [(Int, Int?, Double, String)])
    func `A line says what is known`(done: Int, total: Int?, seconds: Double, expected: String) {
        #expect(line(snapshot([done], of: total, after: seconds)) == expected)
    }

    @Test(
        arguments: [
            ([900, 0, 0], 0, "900 read · 0 packed · 0 marked · 1.2 GiB · 300 files/s · 30 % · ETA 2 s"),
            ([900, 600, 300], 0, "900 read · 600 packed · 300 marked · 1.2 GiB · 600 files/s · 60 % · ETA 1 s"),
            (
                [900, 900, 900], 100,
                "900 read · 900 packed · 900 marked · 100 failed · 1.2 GiB · 1,000 files/s · 100 %"
            ),
            ([0, 0, 0], 500, "0 read · 0 packed · 0 marked · 500 failed · 1.2 GiB · 500 files/s · 50 % · ETA 1 s"),
        ] as [([Int], Int, String)])
    func `What is under way counts in part, and what failed is through`(files: [Int], failed: Int, expected: String) {
        #expect(line(snapshot(files, failed: failed, of: 1000)) == expected)
    }

    @Test(
        arguments: [
            (85, "500 read · 500 packed · 500 marked · 500 files/s · 50 % · ETA 1 s · limit: upload"),
            (70, "500 read · 500 marked · 500 files/s · 50 % · ETA 1 s · limit: upload"),
            (55, "500 read · 500 marked · 500 files/s · 50 % · ETA 1 s"),
            (40, "500 read · 500 marked · 50 % · ETA 1 s"), (30, "500 marked · 50 % · ETA 1 s"),
            (20, "500 marked · 50 %"), (12, "50 %"), (2, "50"), (0, ""), (-1, ""),
        ])
    func `A narrow terminal gets what fits, the most important first`(columns: Int, expected: String) {
        #expect(line(snapshot([500, 500, 500], of: 1_000, limit: "upload"), columns: columns) == expected)
    }

    @Test func `The rate is that of the last minute`() {
        var meter = ProgressMeter()
        var last = ""
        // Five looks a second: 100 files a second for a minute, then 10.
        for look in 1...900 {
            let second = Double(look) / 5
            let done = min(second, 60) * 100 + max(0, second - 60) * 10
            last = meter.progress(snapshot([Int(done)], of: 8000, after: second)).line()
            if look == 450 { #expect(last.contains("· 55 files/s")) }
        }
        #expect(last == "7,200 read · 1.2 GiB · 10 files/s · 90 % · ETA 1 m 20 s")
    }

    @Test(
        arguments: [
            (0, "0"), (7, "7"), (999, "999"), (1_000, "1,000"), (12_345_678, "12,345,678"), (-1_234, "-1,234"),
            (Int.min, "-9,223,372,036,854,775,808"),
        ])
    func `Counts have thousands separators`(count: Int, text: String) {
        #expect(count.groupedByThousands == text)
    }

    @Test(
        arguments: [
            (0, "0 B"), (1_023, "1023 B"), (1_024, "1.0 KiB"), (1_536, "1.5 KiB"), (1_048_575, "1.0 MiB"),
            (1_048_000, "1,023.4 KiB"), (5 << 30, "5.0 GiB"), (Int64.max, "8.0 EiB"), (-2_048, "-2.0 KiB"),
        ] as [(Int64, String)])
    func `Bytes have binary units`(bytes: Int64, text: String) {
        #expect(bytes.byteCountText == text)
    }

    @Test(
        arguments: [
            (.zero, "0 ms"), (.milliseconds(850), "850 ms"), (.milliseconds(4_240), "4.2 s"), (.seconds(5), "5 s"),
            (.milliseconds(9_949), "9.9 s"), (.milliseconds(9_950), "10 s"), (.milliseconds(59_600), "1 m 0 s"),
            (.seconds(80), "1 m 20 s"), (.seconds(7_500), "2 h 5 m"), (.seconds(273_600), "3 d 4 h"),
            (.seconds(-80), "-1 m 20 s"), (.seconds(Int64.max), "106,751,991,167,300 d"),
        ] as [(Duration, String)])
    func `Durations have their two largest units`(duration: Duration, text: String) {
        #expect(duration.humanReadable == text)
    }
}
