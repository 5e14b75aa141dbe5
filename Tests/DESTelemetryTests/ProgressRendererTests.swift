import DESTelemetry
import Testing

@Suite struct ProgressRendererTests {
    private func line(
        _ done: Int, of total: Int?, bytes: Int64 = 1_288_490_189, after seconds: Double = 1, columns: Int = 120
    ) -> String {
        var renderer = ProgressRenderer()
        return renderer.line(
            ProgressSnapshot(filesDone: done, filesTotal: total, bytesDone: bytes, elapsed: .seconds(seconds)),
            columns: columns)
    }

    @Test(
        arguments: [
            (12_345, 27_433, 1.387, "12,345 files · 1.2 GiB · 8,900 files/s · 45 % · ETA 2 s"),
            (12_345, nil, 1, "12,345 files · 1.2 GiB · 12,300 files/s"),
            (1, nil, 4, "1 file · 1.2 GiB · 0.3 files/s"),
            (0, 100, 0, "0 files · 1.2 GiB · 0 %"),
            (0, 100, 3, "0 files · 1.2 GiB · 0.0 files/s · 0 %"),
            (99, 10_000, 1, "99 files · 1.2 GiB · 99 files/s · 0 %"),
            (100, 10_000, 1, "100 files · 1.2 GiB · 100 files/s · 1 % · ETA 1 m 39 s"),
            (100, 100, 1, "100 files · 1.2 GiB · 100 files/s · 100 %"),
            (120, 100, 1, "120 files · 1.2 GiB · 120 files/s · 100 %"),
            (9_999, 10_000, 1, "9,999 files · 1.2 GiB · 10,000 files/s · 99 % · ETA 1 s"),
            (5, 0, 1, "5 files · 1.2 GiB · 5.0 files/s"),
        ] as [(Int, Int?, Double, String)])
    func `A line says what is known`(done: Int, total: Int?, seconds: Double, expected: String) {
        #expect(line(done, of: total, after: seconds) == expected)
    }

    @Test(
        arguments: [
            (60, "500 files · 1.2 GiB · 500 files/s · 50 % · ETA 1 s"),
            (47, "500 files · 500 files/s · 50 % · ETA 1 s"), (35, "500 files · 50 % · ETA 1 s"),
            (20, "500 files · 50 %"), (12, "500 files"), (4, "500 "), (0, ""), (-1, ""),
        ])
    func `A narrow terminal gets what fits, the most important first`(columns: Int, expected: String) {
        #expect(line(500, of: 1_000, columns: columns) == expected)
    }

    @Test func `The rate is that of the last five seconds`() {
        var renderer = ProgressRenderer()
        var last = ""
        for second in 1...20 {
            // 100 a second for ten seconds, then 10.
            let done = second <= 10 ? second * 100 : 1_000 + (second - 10) * 10
            last = renderer.line(
                ProgressSnapshot(filesDone: done, filesTotal: 1_200, bytesDone: 0, elapsed: .seconds(second)),
                columns: 100)
            if second == 12 { #expect(last.contains("· 64 files/s")) }
        }
        #expect(last == "1,100 files · 0 B · 10 files/s · 91 % · ETA 10 s")
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
