import Testing

@testable import DESServer

@Suite struct TokenBucketTests {
    @Test("a burst passes at once, then one a time as long as its token takes")
    func burst() {
        var bucket = TokenBucket(perSecond: 2, capacity: 3, now: .seconds(100))
        for _ in 0..<3 { #expect(bucket.take(now: .seconds(100)) == nil) }
        #expect(bucket.take(now: .seconds(100)) == .milliseconds(500))
        #expect(bucket.take(now: .milliseconds(100_250)) == .milliseconds(250))
        #expect(bucket.take(now: .milliseconds(100_500)) == nil)
        #expect(bucket.take(now: .milliseconds(100_500)) == .milliseconds(500))
    }

    @Test("a pause brings no more than the burst")
    func pause() {
        var bucket = TokenBucket(perSecond: 1000, capacity: 2, now: .zero)
        let late = Duration.seconds(86_400)
        #expect(bucket.take(now: late) == nil)
        #expect(bucket.take(now: late) == nil)
        #expect(bucket.take(now: late) != nil)
    }

    @Test("less than one request a second is possible")
    func slow() {
        var bucket = TokenBucket(perSecond: 0.1, capacity: 0.1, now: .zero)
        #expect(bucket.take(now: .zero) == nil)
        #expect(bucket.take(now: .seconds(4)).map { $0 > .milliseconds(5999) && $0 < .milliseconds(6001) } == true)
        #expect(bucket.take(now: .seconds(10)) == nil)
    }

    @Test("a clock that goes back brings nothing")
    func back() {
        var bucket = TokenBucket(perSecond: 1, capacity: 1, now: .seconds(10))
        #expect(bucket.take(now: .seconds(10)) == nil)
        #expect(bucket.take(now: .zero) == .seconds(1))
        #expect(bucket.take(now: .seconds(10)) == .seconds(1))
    }

    @Test("in the long run as many pass as the rate says", arguments: [0.5, 3, 70, 1000])
    func rate(_ rate: Double) {
        var bucket = TokenBucket(perSecond: rate, capacity: 2, now: .zero)
        var passed = 0
        for tick in 1...400_000 where bucket.take(now: .microseconds(tick * 250)) == nil { passed += 1 }
        #expect(abs(Double(passed) - rate * 100) <= 2)
    }
}
