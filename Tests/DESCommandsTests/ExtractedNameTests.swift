import Testing

@testable import DESCommands

struct ExtractedNameTests {
    @Test(
        "plain uids stay as they are, what a name cannot hold is escaped",
        arguments: [
            ("doc-00000001.txt", "doc-00000001.txt"), ("a b", "a b"), ("../x", "%2E.%2Fx"), (".hidden", "%2Ehidden"),
            ("a.b", "a.b"), ("a/b", "a%2Fb"), ("100%", "100%25"), ("a\nb", "a%0Ab"), ("a~b", "a%7Eb"), ("", "%"),
            ("\u{4E2D}\u{6587}", "\u{4E2D}\u{6587}"),
        ])
    func examples(_ uid: String, _ name: String) {
        #expect(ExtractedName.name(for: uid) == name)
    }

    @Test("no two uids get one name, and each name is one that a folder can hold")
    func injective() {
        var generator = SystemRandomNumberGenerator()
        let pieces = [
            "a", "A", ".", "..", "/", "%", "%2F", "%25", "~", "\n", "\u{0}", "\u{7F}", "\u{E9}", "e\u{301}", " ", "2F",
            "\u{1F600}", String(repeating: "x", count: 99), String(repeating: "\u{4E2D}", count: 33),
        ]
        var uids: Set<[UInt8]> = [[]]
        for _ in 0..<20_000 {
            let count = Int.random(in: 1...6, using: &generator)
            let uid = (0..<count).compactMap { _ in pieces.randomElement(using: &generator) }.joined()
            uids.insert(Array(uid.utf8))
        }
        // A uid that looks like the name of another one.
        for uid in uids.shuffled(using: &generator).prefix(2000) {
            uids.insert(Array(ExtractedName.name(for: String(decoding: uid, as: UTF8.self)).utf8))
        }
        var names: Set<[UInt8]> = []
        for uid in uids {
            let name = Array(ExtractedName.name(for: String(decoding: uid, as: UTF8.self)).utf8)
            names.insert(name)
            let isName = !name.isEmpty && name.count <= 200 && name.first != UInt8(ascii: ".") && !name.contains(0x2F)
            #expect(isName && !name.contains { $0 < 0x20 })
        }
        #expect(names.count == uids.count)
    }
}
