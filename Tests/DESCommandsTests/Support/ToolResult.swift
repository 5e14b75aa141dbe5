import ArgumentParser
import DESBase
import DESStorage
import Foundation
import Synchronization
import Testing

@testable import DESCommands

/// How a toolbox command ended that ran in this process, and what it wrote.
struct ToolResult: Sendable {
    let code: Int32
    let output: String
    let errors: String

    var everything: String { output + errors }

    /// Standard output as one JSON object.
    func json() throws -> [String: Any] {
        try #require(JSONSerialization.jsonObject(with: Data(output.utf8)) as? [String: Any])
    }
}

extension Workspace {
    /// Runs `des` in this process. `s3://NAME` is the folder `buckets/NAME` of this workspace, behind the watch; afterwards
    /// nothing may be left in the folder for temporary files.
    func tool(
        _ watch: StoreWatch = StoreWatch(), _ arguments: [String], isTerminal: Bool = false
    ) async throws -> ToolResult {
        let output = Mutex<[UInt8]>([])
        let errors = Mutex("")
        let temporary = "\(path)/temporary"
        try FileManager.default.createDirectory(atPath: temporary, withIntermediateDirectories: true)
        let threads = ThreadPool(name: "test-store", count: 4)
        let opening = PlaceOpening(
            store: { [path] place in
                WatchedStore(
                    base: DirectoryStore(root: "\(path)/buckets/\(place.dropFirst(5))", threads: threads), watch: watch)
            },
            temporaryFolder: temporary)
        let console = ToolConsole(
            write: { bytes in output.withLock { $0.append(contentsOf: bytes) } },
            error: { text in errors.withLock { $0 += text + "\n" } }, isTerminal: isTerminal)
        let command = try #require(try DESCommand.parseAsRoot(arguments) as? any ToolCommand)
        var code: Int32 = 0
        do { try await command.run(in: ToolSurroundings(opening: opening, console: console)) } catch {
            code = try #require(error as? ExitCode).rawValue
        }
        #expect(names("temporary").isEmpty)
        #expect(!errors.withLock { $0 }.contains("/proc/"))
        return ToolResult(
            code: code, output: output.withLock { String(decoding: $0, as: UTF8.self) }, errors: errors.withLock { $0 })
    }

    func tool(_ watch: StoreWatch, _ arguments: String...) async throws -> ToolResult {
        try await tool(watch, arguments)
    }
}
