import DESBase
import Testing

/// "é" as one scalar, and as `e` with a combining accent: equal to `String`, two names to a file system.
private let composed = "/srv/Am\u{e9}lie.txt"
private let decomposed = "/srv/Ame\u{301}lie.txt"

@Suite struct ByteStringTests {
    @Test("texts that look alike are two members of a set")
    func lookAlikes() {
        #expect(composed == decomposed)
        #expect(ByteString(composed) != ByteString(decomposed))
        #expect(Set([ByteString(composed), ByteString(decomposed), ByteString(composed)]).count == 2)
    }

    @Test("equal bytes are equal, however the text came to be")
    func equalBytes() {
        let built = String(decoding: Array(composed.utf8), as: UTF8.self)
        #expect(ByteString(built) == ByteString(composed[...]))
        #expect(ByteString(built).hashValue == ByteString(composed).hashValue)
    }

    @Test("order is that of the bytes")
    func order() {
        #expect(ByteString(decomposed) < ByteString(composed))
        #expect(!(ByteString("a") < ByteString("a")))
        #expect(ByteString("a") < ByteString("ab"))
    }

    @Test("a prefix ends where its bytes end, also before a combining character")
    func prefixes() {
        #expect(!"/in/\u{301}x".hasPrefix("/in/"))
        #expect("/in/\u{301}x".hasBytePrefix("/in/"))
        #expect(!decomposed.hasBytePrefix("/srv/Am\u{e9}"))
        #expect(!"a".hasBytePrefix("ab"))
        #expect("x\u{301}.open".hasByteSuffix("\u{301}.open"))
        #expect(!"open".hasByteSuffix(".open"))
    }
}
