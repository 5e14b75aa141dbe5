import DESStorage
import Testing

struct PlaceTests {
    @Test(
        arguments: [
            ("s3://b", "b", ""), ("s3://b/", "b", ""), ("s3://b/p/q/", "b", "p/q"), ("s3://b//p", "b", "p"),
            // A slash that a combining character follows is one for S3, though not for a `Character`.
            ("s3://b/\u{301}p", "b", "\u{301}p"),
        ])
    func `a bucket and what the keys begin with`(text: String, bucket: String, prefix: String) {
        guard case .s3(let foundBucket, let foundPrefix) = Place(text) else {
            Issue.record("\(text) is no place in S3")
            return
        }
        #expect(Array(foundBucket.utf8) == Array(bucket.utf8) && Array(foundPrefix.utf8) == Array(prefix.utf8))
    }

    @Test(arguments: ["shards", "/srv/des/", "./s3://b", "S3://b", ""])
    func `all else is a folder`(text: String) {
        guard case .folder(text) = Place(text) else {
            Issue.record("\(text) is no folder")
            return
        }
    }

    @Test(arguments: ["s3://", "s3:///p"])
    func `without a bucket it is no place`(text: String) { if Place(text) != nil { Issue.record("it is one") } }
}
