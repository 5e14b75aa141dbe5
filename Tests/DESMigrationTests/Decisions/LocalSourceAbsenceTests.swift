import DESTestSupport
import Foundation
import Testing

@testable import DESMigration

@Suite(.timeLimit(.minutes(5))) struct LocalSourceAbsenceTests {
    private let folder: TemporaryFolder
    private let files: LocalSourceFiles

    init() throws {
        folder = try TemporaryFolder()
        files = try LocalSourceFiles()
        try folder.folder("full")
        try folder.write("full/there")
        try folder.folder("empty")
    }

    @Test(arguments: ["full/gone", "full//gone/", "full/there/gone", "full/there/deep/gone"])
    func `in a folder that holds something, what is missing is gone`(name: String) {
        #expect(files.absences(of: [folder(name), "file://" + folder(name)]) == [.certain, .certain])
    }

    @Test(arguments: ["empty/gone", "none/gone", "none/deep/gone", "empty/deep/gone"])
    func `of a folder that is missing or empty nobody knows`(name: String) throws {
        for absence in files.absences(of: [folder(name), "file://" + folder(name)]) {
            guard case .doubtful(let place) = absence else {
                Issue.record("\(absence)")
                continue
            }
            let parent = try #require(folder(name).components(separatedBy: "/gone").first)
            #expect(place.contains("\(parent) is missing or empty"))
        }
    }

    @Test func `a dangling link in the place of a folder is a missing folder`() throws {
        try folder.link("linked", to: folder("unmounted"))
        guard case .doubtful = files.absences(of: [folder("linked/gone")]).first else {
            Issue.record("it is taken for gone")
            return
        }
    }

    @Test func `what is there is not gone, and what is no path is nowhere`() {
        #expect(files.absences(of: [folder("full/there"), "a\0b", "gone-from-here"]) == [.over, .certain, .certain])
        #expect(files.absences(of: []).isEmpty)
    }

    @Test func `locations in S3 are not looked for on disk, and the answers are in order`() async throws {
        let routed = RoutedSourceFiles(local: files, s3: nil)
        let absences = await routed.absences(
            of: ["s3://bucket/gone", folder("full/gone"), folder("full/there"), "s3://bucket/also"])
        #expect(absences == [.certain, .certain, .over, .certain])
    }
}
