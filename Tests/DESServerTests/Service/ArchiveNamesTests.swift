import DESBase
import DESShard
import Testing

@testable import DESServer

/// Names of the members of an archive.
@Suite struct ArchiveNamesTests {
    private static func hashed(_ text: String) -> String {
        let hash = SHA256()
        Array(text.utf8).withUnsafeBytes { hash.update($0) }
        return hash.finish()
    }

    private func names(_ uids: [String]) -> [String] {
        var names = ArchiveNames(reserved: ["report"])
        return uids.enumerated().map { names.name(uid: $1, index: $0) }
    }

    static let uids: [(uid: String, name: String)] = [
        ("plain", "plain"), ("dir/file", "dir/file"), ("../../etc/x", "%2E%2E/%2E%2E/etc/x"), ("/abs", "%2Fabs"),
        ("a//b", "a/%2Fb"), ("a/", "a%2F"), ("a/b/", "a/b%2F"), ("/", "%2F"), ("", "_"), (".", "%2E"), ("a%b", "a%25b"),
        ("a\\b\n", "a%5Cb%0A"), ("ä/日本.txt", "ä/日本.txt"), ("report", "report@0"), ("report/x", "report%2Fx"),
    ]

    @Test("A uid is a path that stays inside", arguments: uids)
    func plain(uid: String, name: String) {
        #expect(names([uid]) == [name])
    }

    static let meetings: [(uids: [String], names: [String])] = [
        (["dir", "dir/sub"], ["dir", "dir%2Fsub"]), (["dir/sub", "dir"], ["dir/sub", "dir@1"]),
        (["a/b", "a/b/c/d", "a"], ["a/b", "a%2Fb%2Fc%2Fd", "a@2"]), (["x", "x", "x"], ["x", "x@1", "x@2"]),
        (["x@1", "x", "x"], ["x@1", "x", "x@2"]), (["x@2", "x", "x"], ["x@2", "x", "x@2_"]),
        (["dir@1/y", "dir@1", "dir/x", "dir"], ["dir@1/y", "dir@1@1", "dir/x", "dir@3"]),
        (["dir", "dir/a", "dir%2Fa"], ["dir", "dir%2Fa", "dir%252Fa"]),
        (["dir", "dir/a", "dir/a"], ["dir", "dir%2Fa", "dir%2Fa@2"]),
        // Two names to a file system.
        (["caf\u{E9}", "cafe\u{301}"], ["caf\u{E9}", "cafe\u{301}"]),
        (["caf\u{E9}", "cafe\u{301}/x"], ["caf\u{E9}", "cafe\u{301}/x"]),
    ]

    @Test("No member hides another, and none is a file and a folder", arguments: meetings)
    func crossing(uids: [String], expected: [String]) {
        #expect(names(uids).map { Array($0.utf8) } == expected.map { Array($0.utf8) })
    }

    @Test func `A name that no file system holds is cut as des extract does`() {
        let long = String(repeating: "u", count: 300)
        let cut = String(repeating: "u", count: 100) + "~" + Self.hashed(long)
        #expect(names([long]) == [cut])
        #expect(names(["a/\(long)/b", "a/\(long)", long, long]) == ["a/\(cut)/b", "a/\(cut)@1", cut, "\(cut)@3"])
        #expect(names([String(repeating: "u", count: 200)]) == [String(repeating: "u", count: 200)])
        // Not in the middle of a character.
        let wide = names([String(repeating: "\u{4E2D}", count: 90)])[0]
        #expect(wide.hasPrefix(String(repeating: "\u{4E2D}", count: 33) + "~") && wide.utf8.count == 99 + 65)
    }

    @Test(arguments: [
        String(repeating: "a/", count: 40_000) + "x", String(repeating: "/", count: 5000),
        String(repeating: String(repeating: "n", count: 199) + "/", count: 20) + "x",
        String(repeating: "%", count: 400) + "/" + String(repeating: "\u{1}", count: 400),
    ])
    func `Every name can be unpacked, however long the uid is`(uid: String) {
        for name in names([uid, uid, uid + "/", uid + "y"]) {
            #expect(name.utf8.count < 3500)
            let components = name.split(separator: "/", omittingEmptySubsequences: false)
            #expect(components.allSatisfy { 1...255 ~= $0.utf8.count && $0 != "." && $0 != ".." })
        }
    }
}
