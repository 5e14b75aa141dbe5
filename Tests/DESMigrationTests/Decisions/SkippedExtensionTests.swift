import Testing

@testable import DESMigration

@Suite struct SkippedExtensionTests {
    private static let extensions: Set<String> = ["gz", "jpg", "7z", "tar.gz", "größe"]

    @Test(arguments: [
        "/data/a.gz", "a.gz", "/data/a.GZ", "/data/a.Jpg", "/data/archive.7z", "/data/a.b.jpg", "/data/x.tar.gz",
        "/data.d/a.jpg", "/" + String(repeating: "long/", count: 500) + "a.jpg", "/data/a.größe", "/data/a.GRÖSSE.gz",
        "/é.jpg",
        "file:///data/a.gz",
    ])
    func `the end of the name decides, in any case`(path: String) {
        #expect(CompressStage.hasExtension(path, in: Self.extensions))
    }

    @Test(arguments: [
        "", ".", "/", "gz", "/data/gz", "/data/a.gz/", "/data.gz/a", "/data/a.gz.txt", "/data/a.gzz", "/data/a.",
        "/data/agz",
        ".gz", "/data/a.gz ", "/data/a.jp", "/data/a.gz\u{0}",
    ])
    func `anything else is compressed`(path: String) {
        #expect(!CompressStage.hasExtension(path, in: Self.extensions))
    }

    @Test func `without extensions no path has one`() {
        #expect(!CompressStage.hasExtension("/data/a.gz", in: []))
        #expect(!CompressStage.hasExtension("/data/a.", in: []))
    }
}
