import DESConfiguration
import Testing

struct WrittenPathTests {
    @Test(
        "what a shell, a template or another program would have replaced is refused as a path",
        arguments: [
            ("~", "home folder"), ("~/out", "home folder"), ("~des/out", "home folder"), ("$HOME/out", "${NAME}"),
            ("$(pwd)/out", "${NAME}"), ("{{ out }}/x", "template"), ("/srv/{{out}}", "template"),
            ("/srv/{% x %}", "template"),
            ("'/srv/out'", "quotation mark"), ("\"/srv/out\"", "quotation mark"), ("“/srv/out”", "quotation mark"),
            ("/srv/out ", "blank"), (" /srv/out", "blank"), ("/srv/out\u{A0}", "blank"),
            ("/srv/out\n", "control character \\n"),
            ("/srv/\u{7F}", "control character"), ("/srv/\u{85}x", "control character"), ("file:///srv", "URL"),
            ("FILE:/srv", "URL"), ("https://h/x", "URL"), ("s3://b/x", "URL"),
        ])
    func refused(text: String, fragment: String) {
        guard case .refused(let why) = WrittenPath(text).asPath else {
            Issue.record("\(text.debugDescription) is \(WrittenPath(text).asPath)")
            return
        }
        #expect(why.contains(fragment), "\(why)")
    }

    @Test(
        "what is legal but probably not meant is a warning",
        arguments: ["/srv/$HOME/x", "./$HOME", "/srv/${X}", "/srv/out'", "/srv/a\u{200B}b", "C:\\out", "c:/out"])
    func doubtful(text: String) {
        guard case .doubtful = WrittenPath(text).asPath else {
            Issue.record("\(text.debugDescription) is \(WrittenPath(text).asPath)")
            return
        }
    }

    @Test(
        "ordinary paths are plain, in every script",
        arguments: [
            "/", ".", "./out", "./~", "/srv/~backup", "/srv/a b", "/srv/5$", "$", "/srv/$5", "a:b",
            "/srv/Peter's files/x",
            "/srv/é", "/srv/e\u{301}", "/\u{301}x", "/srv/файл", "-/srv",
        ])
    func plain(text: String) {
        #expect(WrittenPath(text).asPath == .plain)
    }

    @Test(
        "a bucket is a name alone",
        arguments: [
            ("s3://b", true), ("b/p", true), ("$B", true), ("{{b}}", true), (" b", true), ("b.c-d_e", false),
            ("t:b", false),
        ])
    func buckets(text: String, isRefused: Bool) {
        if case .refused = WrittenPath(text).asBucket { #expect(isRefused) } else { #expect(!isRefused) }
    }

    @Test(
        "the beginning of keys may be anything that people mean",
        arguments: [
            ("des/", "plain"), ("~/x", "doubtful"), ("$P/x", "doubtful"), ("a/$P/x", "doubtful"), ("{{p}}", "refused"),
            ("s3://b/p", "refused"), ("p ", "refused"), ("a\tb", "refused"), ("'p'", "refused"),
        ])
    func prefixes(text: String, expected: String) {
        #expect("\(WrittenPath(text).asKeyPrefix)".hasPrefix(expected))
    }

    @Test(
        "a folder below another one is cut into names by bytes",
        arguments: [
            ("a", "a"), ("a/b/", "a/b"), ("a/\u{301}b", "a/\u{301}b"), ("", nil), ("/a", nil), ("a//b", nil),
            ("../a", nil),
            ("a/./b", nil), ("~a", nil), ("{{a}}", nil), ("a\n", nil),
        ] as [(String, String?)])
    func relativeFolders(text: String, expected: String?) {
        #expect(WrittenPath(text).relativeFolder.map { Array($0.utf8) } == expected.map { Array($0.utf8) })
    }
}
