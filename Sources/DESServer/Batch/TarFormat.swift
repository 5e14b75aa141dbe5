import DESBase
import DESHTTPFront
import DESRetrieval
import DESTelemetry

/// A tar archive (POSIX.1-2001, ustar with pax records): one member a file that is there, in no certain order, and at the
/// end `_des_report.json`, which lists what is not, and under which name a file stands whose name is not its uid.
struct TarFormat: BatchFormat {
    /// The name of the last member.
    static let reportName = "_des_report.json"

    private var names = ArchiveNames(reserved: [reportName])
    private var sent = 0
    private var refused: [String] = []
    private var renamed: [String] = []

    var contentType: String { "application/x-tar" }

    mutating func begin(_ member: BatchMember, _ file: StoredFile) -> [UInt8] {
        let uid = member.request.uid
        let name = names.name(uid: uid, index: member.index)
        if !name.isByteEqual(to: uid) { renamed.append("{\(Self.identity(member)),\"name\":\(name.jsonQuoted)}") }
        sent += 1
        let seconds = member.request.createdAt.microsecondsSinceEpoch / 1_000_000
        return TarHeader.bytes(name: name, size: file.size, modified: UInt64(max(0, seconds)))
    }

    func end(_ file: StoredFile) -> [UInt8] { TarHeader.padding(file.size) }

    mutating func refuse(_ member: BatchMember, _ problem: FileProblem) -> [UInt8] {
        refused.append(
            "{\(Self.identity(member)),\"status\":\(problem.status.rawValue),\"detail\":\(problem.detail.jsonQuoted)}")
        return []
    }

    mutating func finish() -> [UInt8] {
        let report = """
            {"sent":\(sent),"not_sent":[\(refused.joined(separator: ","))],"renamed":[\(renamed.joined(separator: ","))]}

            """
        let size = UInt64(report.utf8.count)
        return TarHeader.bytes(name: Self.reportName, size: size, modified: 0) + Array(report.utf8)
            + TarHeader.padding(size) + [UInt8](repeating: 0, count: 1024)
    }

    private static func identity(_ member: BatchMember) -> String {
        "\"index\":\(member.index),\"uid\":\(member.request.uid.jsonQuoted),"
            + "\"created_at\":\"\(member.request.createdAt)\""
    }
}
