import CoreMetrics
import DESTelemetry
import Testing

@Suite struct PrometheusRegistryTests {
    private let registry = PrometheusRegistry()

    @Test func `A page lists metrics by name and series by labels, with help and type`() throws {
        try registry.register(name: "des_reads_total", help: "Reads.", kind: .counter, isLabelled: true)
        try registry.register(name: "des_files_total", help: "Files.", kind: .counter)
        try registry.register(name: "des_depth", help: "Depth.", kind: .gauge)
        Counter(label: "des_reads_total", dimensions: [("status", "success")], factory: registry).increment(by: 3)
        Counter(label: "des_reads_total", dimensions: [("status", "error")], factory: registry).increment()
        Meter(label: "des_depth", factory: registry).set(2.5)

        #expect(
            registry.text() == """
                # HELP des_depth Depth.
                # TYPE des_depth gauge
                des_depth 2.5
                # HELP des_files_total Files.
                # TYPE des_files_total counter
                des_files_total 0
                # HELP des_reads_total Reads.
                # TYPE des_reads_total counter
                des_reads_total{status="error"} 1
                des_reads_total{status="success"} 3

                """)
        #expect(registry.conflicts.isEmpty)
    }

    @Test func `A histogram counts each value in all buckets that hold it, bounds included`() throws {
        try registry.register(name: "des_size", help: "Sizes.", kind: .histogram, buckets: [1, 2.5, 10])
        let recorder = Recorder(label: "des_size", factory: registry)
        for value in [0.5, 1, 2, 10, 11, .nan] { recorder.record(value) }

        #expect(
            registry.text() == """
                # HELP des_size Sizes.
                # TYPE des_size histogram
                des_size_bucket{le="1.0"} 2
                des_size_bucket{le="2.5"} 3
                des_size_bucket{le="10.0"} 4
                des_size_bucket{le="+Inf"} 5
                des_size_sum 24.5
                des_size_count 5

                """)
    }

    @Test func `A timer is a histogram in seconds, with its labels before the bound`() throws {
        try registry.register(
            name: "des_stage_seconds", help: "Time.", kind: .histogram, buckets: [0.5, 60], isLabelled: true)
        let timer = Timer(label: "des_stage_seconds", dimensions: [("stage", "pack")], factory: registry)
        timer.recordNanoseconds(250_000_000)
        timer.recordSeconds(61)

        #expect(
            registry.text() == """
                # HELP des_stage_seconds Time.
                # TYPE des_stage_seconds histogram
                des_stage_seconds_bucket{stage="pack",le="0.5"} 1
                des_stage_seconds_bucket{stage="pack",le="60.0"} 1
                des_stage_seconds_bucket{stage="pack",le="+Inf"} 2
                des_stage_seconds_sum{stage="pack"} 61.25
                des_stage_seconds_count{stage="pack"} 2

                """)
    }

    @Test func `Backslash, line feed and quote are escaped in label values, the first two in help`() throws {
        try registry.register(name: "x_total", help: "a\\b \"c\"\nd", kind: .counter, isLabelled: true)
        Counter(label: "x_total", dimensions: [("path", "C:\\a\n\"ü\"")], factory: registry).increment()
        #expect(
            registry.text() == #"""
                # HELP x_total a\\b "c"\nd
                # TYPE x_total counter
                x_total{path="C:\\a\n\"ü\""} 1

                """#)
    }

    @Test func `Names are made valid, with the suffix of their kind`() {
        Counter(label: "http.requests", dimensions: [("a-b", "1"), ("0", "2")], factory: registry).increment()
        Timer(label: "http.duration", dimensions: [("le", "x")], factory: registry).recordSeconds(1)
        let text = registry.text()
        #expect(text.contains("# TYPE http_requests_total counter\nhttp_requests_total{_0=\"2\",a_b=\"1\"} 1\n"))
        #expect(text.contains("http_duration_seconds_bucket{le_=\"x\",le=\"1.0\"} 1\n"))
    }

    @Test func `Handles of one name and one set of labels share the value, in whatever order the labels come`() {
        Counter(label: "x_total", dimensions: [("a", "1"), ("b", "2")], factory: registry).increment()
        Counter(label: "x_total", dimensions: [("b", "2"), ("a", "1")], factory: registry).increment(by: 4)
        FloatingPointCounter(label: "x_total", dimensions: [("a", "1"), ("b", "2")], factory: registry)
            .increment(by: 0.5)
        #expect(registry.text() == "# TYPE x_total counter\nx_total{a=\"1\",b=\"2\"} 5.5\n")
    }

    @Test func `A counter never falls, and keeps large counts exact`() {
        let counter = Counter(label: "x_total", factory: registry)
        counter.increment(by: Int64(1) << 53)
        counter.increment(by: 1)
        counter.increment(by: -5)
        FloatingPointCounter(label: "y_total", factory: registry).increment(by: -Double.infinity)
        #expect(registry.text().contains("x_total 9007199254740993\n"))
        #expect(registry.text().contains("y_total 0\n"))
        counter.destroy()
        #expect(registry.text().contains("x_total 9007199254740993\n"))
        counter.reset()
        #expect(registry.text().contains("x_total 0\n"))
    }

    @Test(
        arguments: [
            (0, "0"), (-3, "-3"), (1_767_323_045.5, "1767323045.5"), (0.00001, "1e-05"), (.infinity, "+Inf"),
            (-.infinity, "-Inf"), (.nan, "NaN"), (1e300, "1e+300"),
        ] as [(Double, String)])
    func `A gauge shows any value as the format has it`(value: Double, text: String) {
        Recorder(label: "x", aggregate: false, factory: registry).record(value)
        #expect(registry.text() == "# TYPE x gauge\nx \(text)\n")
    }

    @Test func `A gauge goes up and down`() {
        let meter = Meter(label: "x", factory: registry)
        meter.set(10)
        meter.increment(by: 2.5)
        meter.decrement()
        #expect(registry.text() == "# TYPE x gauge\nx 11.5\n")
    }

    @Test func `Events of many tasks at once are all counted`() async {
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask { [registry] in
                    let counter = Counter(label: "whole_total", factory: registry)
                    let fractions = FloatingPointCounter(label: "fraction_total", factory: registry)
                    let meter = Meter(label: "meter", factory: registry)
                    let recorder = Recorder(label: "histogram", factory: registry)
                    for _ in 0..<5_000 {
                        counter.increment()
                        fractions.increment(by: 0.25)
                        meter.increment()
                        recorder.record(2)
                    }
                }
            }
        }
        let text = registry.text()
        #expect(text.contains("whole_total 40000\n"))
        #expect(text.contains("fraction_total 10000\n"))
        #expect(text.contains("meter 40000\n"))
        #expect(text.contains("histogram_bucket{le=\"2.5\"} 40000\n"))
        #expect(text.contains("histogram_sum 80000\n"))
    }

    @Test(
        arguments: [
            ("bad name", .gauge, nil), ("", .gauge, nil), ("1x", .gauge, nil), ("des_files", .counter, nil),
            ("h", .histogram, []), ("h", .histogram, [1, 1]), ("h", .histogram, [2, 1]),
            ("h", .histogram, [1, .infinity]),
            ("taken", .histogram, nil),
        ] as [(String, MetricKind, [Double]?)])
    func `A registration that makes no sense is refused`(name: String, kind: MetricKind, buckets: [Double]?) throws {
        try registry.register(name: "taken", help: "", kind: .gauge)
        let before = registry.text()
        #expect(throws: MetricRegistrationError.self) {
            try registry.register(name: name, help: "", kind: kind, buckets: buckets)
        }
        #expect(registry.text() == before)
    }

    @Test func `The same registration again changes nothing`() throws {
        for _ in 0..<2 {
            try registry.register(name: "x_total", help: "X.", kind: .counter)
            Counter(label: "x_total", factory: registry).increment()
        }
        #expect(registry.text().hasSuffix("x_total 2\n"))
    }

    @Test func `A handle of another kind than the name works, is not shown, and is remembered`() throws {
        try registry.register(name: "x_total", help: "X.", kind: .gauge)
        Counter(label: "x_total", factory: registry).increment()
        #expect(registry.text() == "# HELP x_total X.\n# TYPE x_total gauge\nx_total 0\n")
        #expect(registry.conflicts == ["x_total"])
    }
}
