import DESHTTPFront
import DESRetrieval
import DESRouting
import DESTelemetry

/// A tar archive (POSIX.1-2001, ustar with pax records): one member a file that is there, in no certain order, and at the
/// end `_des_report.json`, which lists what is not, and under which name a file stands whose name is not its uid.
struct TarFormat: BatchFormat {
    /// The name of the last member.
    static let reportName = "_des_report.json"

    private var usedNames: Set<String> = [reportName]
    private var sent = 0
    private var refused: [String] = []
    private var renamed: [String] = []

    var contentType: String { "application/x-tar" }

    mutating func begin(_ member: BatchMember, _ file: StoredFile) -> [UInt8] {
        let uid = member.request.uid
        var name = Self.safeName(uid)
        // A uid may be asked for with several times; no member may hide another.
        if usedNames.contains(name) { name += "@\(member.index)" }
        while !usedNames.insert(name).inserted { name += "_" }
        if name != uid { renamed.append("{\(Self.identity(member)),\"name\":\(name.jsonQuoted)}") }
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

    /// The uid as a path that stays inside the folder it is unpacked in: `%`, control characters, backslashes, `.` and
    /// `..` as a component, and slashes that stand at the beginning, at the end or behind another are percent-encoded.
    static func safeName(_ uid: String) -> String {
        var name = ""
        var component = ""
        func encoded(_ text: some Sequence<UInt8>) -> String {
            PercentEncoding.encode(String(decoding: Array(text), as: UTF8.self))
        }
        for scalar in uid.unicodeScalars {
            switch scalar {
            case "/":
                if component.isEmpty {
                    component += "%2F"
                } else {
                    name += dotsEncoded(component) + "/"
                    component = ""
                }
            case "%", "\\", "\u{0}"..."\u{1F}", "\u{7F}": component += encoded(String(scalar).utf8)
            default: component.unicodeScalars.append(scalar)
            }
        }
        if component.isEmpty, !name.isEmpty {
            name.removeLast()
            return name + "%2F"
        }
        return component.isEmpty ? "_" : name + dotsEncoded(component)
    }

    private static func dotsEncoded(_ component: String) -> String {
        component == "." || component == ".." ? component.replacing(".", with: "%2E") : component
    }

    private static func identity(_ member: BatchMember) -> String {
        "\"index\":\(member.index),\"uid\":\(member.request.uid.jsonQuoted),"
            + "\"created_at\":\"\(member.request.createdAt)\""
    }
}
