import Testing

@testable import enum DESRetrieval.CachedValueFrame

@Suite("The frame of a value that others can change")
struct CachedValueFrameTests {
    private func unwrapped(_ frame: [UInt8], _ key: String = "key") -> [UInt8]? {
        frame.withUnsafeBytes { CachedValueFrame.unwrapped($0, key: key) }
    }

    @Test("A value comes back as it was", arguments: [0, 1, 4, 300, 70_000])
    func roundTrip(_ count: Int) {
        let value = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        let frame = CachedValueFrame.wrapped(value, key: "key")
        #expect(frame.count == count + CachedValueFrame.headerSize)
        #expect(unwrapped(frame) == value)
    }

    @Test("Cut short, made longer, with a bit flipped anywhere, or under another key it is not believed")
    func damage() {
        let frame = CachedValueFrame.wrapped(Array("the bytes of an index".utf8), key: "key")
        for count in frame.indices { #expect(unwrapped(Array(frame[..<count])) == nil) }
        #expect(unwrapped(frame + [0]) == nil)
        for bit in 0..<frame.count * 8 {
            var damaged = frame
            damaged[bit / 8] ^= 1 << (bit % 8)
            #expect(unwrapped(damaged) == nil)
        }
        #expect(unwrapped(frame, "kez") == nil)
        #expect(unwrapped(frame, "") == nil)
        #expect(unwrapped(Array("a value of somebody else".utf8)) == nil)
    }
}
