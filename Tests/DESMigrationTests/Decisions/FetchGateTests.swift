import Testing

@testable import DESMigration

@Suite struct FetchGateTests {
    @Test func `without limits everything is taken, for ever`() {
        var gate = FetchGate(CycleLimits())
        #expect(gate.admit(sizes: [1, nil, 3]) == 3)
        #expect(gate.limitReached(elapsed: .seconds(1e9), bytesRead: .max) == nil)
        #expect(gate.pageSize(1000) == 1000)
    }

    @Test func `files are taken up to their limit, not one more`() {
        var gate = FetchGate(CycleLimits(files: 5))
        #expect(gate.pageSize(1000) == 5)
        #expect(gate.admit(sizes: [nil, nil, nil]) == 3)
        #expect(gate.pageSize(1000) == 2)
        #expect(gate.pageSize(1) == 1)
        #expect(gate.limitReached(elapsed: .zero, bytesRead: 0) == nil)
        #expect(gate.admit(sizes: [nil, nil, nil]) == 2)
        #expect(gate.limitReached(elapsed: .zero, bytesRead: 0) == "migration.max_files")
        #expect(gate.pageSize(1000) == 0)
        #expect(gate.admit(sizes: [nil]) == 0)
    }

    @Test func `the file that reaches the limit of bytes is taken, the next one is not`() {
        var gate = FetchGate(CycleLimits(bytes: 100))
        #expect(gate.admit(sizes: [60, 30]) == 2)
        #expect(gate.limitReached(elapsed: .zero, bytesRead: 0) == nil)
        #expect(gate.admit(sizes: [500, 1, 1]) == 1)
        #expect(gate.bytes == 590)
        #expect(gate.limitReached(elapsed: .zero, bytesRead: 0) == "migration.max_bytes")
        #expect(gate.admit(sizes: [0]) == 0)
    }

    @Test func `where the catalog knows no sizes, what was read counts`() {
        var gate = FetchGate(CycleLimits(bytes: 100))
        #expect(gate.admit(sizes: [nil, nil, -7]) == 3)
        #expect(gate.bytes == 0)
        #expect(gate.limitReached(elapsed: .zero, bytesRead: 99) == nil)
        #expect(gate.limitReached(elapsed: .zero, bytesRead: 100) == "migration.max_bytes")
    }

    @Test func `the time is up when it has passed`() {
        let gate = FetchGate(CycleLimits(duration: .seconds(10)))
        #expect(gate.limitReached(elapsed: .milliseconds(9999), bytesRead: 0) == nil)
        #expect(gate.limitReached(elapsed: .seconds(10), bytesRead: 0) == "migration.max_duration_seconds")
    }

    @Test func `what was admitted is read, but after the time, or unknown bytes beyond the limit`() {
        var counted = FetchGate(CycleLimits(files: 2, bytes: 10))
        #expect(counted.admit(sizes: [5, 5]) == 2)
        #expect(counted.limitReached(elapsed: .zero, bytesRead: 0) == "migration.max_files")
        #expect(counted.readingLimit(elapsed: .seconds(1e9), bytesRead: 1000) == nil)
        var unknown = FetchGate(CycleLimits(bytes: 10))
        #expect(unknown.admit(sizes: [5, nil]) == 2)
        #expect(unknown.readingLimit(elapsed: .zero, bytesRead: 9) == nil)
        #expect(unknown.readingLimit(elapsed: .zero, bytesRead: 10) == "migration.max_bytes")
        let timed = FetchGate(CycleLimits(duration: .seconds(10)))
        #expect(timed.readingLimit(elapsed: .milliseconds(9999), bytesRead: 0) == nil)
        #expect(timed.readingLimit(elapsed: .seconds(10), bytesRead: 0) == "migration.max_duration_seconds")
    }

    @Test func `files that could not be read make room for others, up to a number`() {
        var gate = FetchGate(CycleLimits(files: 2, bytes: 10))
        #expect(!gate.mayGetRoom)
        #expect(gate.admit(sizes: [5, 5]) == 2)
        #expect(gate.mayGetRoom)
        gate.settle(size: 5, hasFailed: false)
        #expect(gate.limitReached(elapsed: .zero, bytesRead: 5) == "migration.max_files")
        gate.settle(size: 5, hasFailed: true)
        #expect(!gate.mayGetRoom)
        #expect(gate.limitReached(elapsed: .zero, bytesRead: 5) == nil)
        #expect(gate.pageSize(1000) == 1 && gate.bytes == 5)
        var failures = 1
        while gate.admit(sizes: [nil]) == 1, failures < 1_000_000 {
            gate.settle(size: nil, hasFailed: true)
            failures += 1
        }
        #expect(failures == 10_001, "the last one is not made up for")
        #expect(gate.limitReached(elapsed: .zero, bytesRead: 5) == "migration.max_files")
        #expect(!gate.mayGetRoom)
    }

    @Test func `files of a slice that was lost are not waited for in the next one`() {
        var gate = FetchGate(CycleLimits(files: 3))
        #expect(gate.admit(sizes: [1, 1]) == 2)
        gate.beginSlice()
        #expect(gate.admit(sizes: [1]) == 1)
        #expect(gate.mayGetRoom)
        gate.settle(size: 1, hasFailed: false)
        #expect(!gate.mayGetRoom)
        #expect(gate.limitReached(elapsed: .zero, bytesRead: 3) == "migration.max_files")
    }

    @Test(arguments: [CycleLimits(files: 0), CycleLimits(bytes: 0), CycleLimits(duration: .zero)])
    func `a limit of nothing takes nothing`(limits: CycleLimits) {
        #expect(FetchGate(limits).limitReached(elapsed: .zero, bytesRead: 0) != nil)
    }

    @Test func `absurd sizes in the catalog reach the limit and do not trap`() {
        var limited = FetchGate(CycleLimits(bytes: .max))
        #expect(limited.admit(sizes: [.max - 1, 5, 5]) == 2)
        #expect(limited.limitReached(elapsed: .zero, bytesRead: 0) == "migration.max_bytes")
        var unlimited = FetchGate(CycleLimits())
        #expect(unlimited.admit(sizes: [.max, .max, .max]) == 3)
    }
}
