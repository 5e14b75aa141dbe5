import CExpat
import Glibc

/// Reads an XML document by expat.
package enum XMLReader {
    /// The document is not well-formed, or not one that S3 would send.
    package struct Failure: Error, Sendable, Equatable, CustomStringConvertible {
        package let description: String
    }

    /// The root element.
    ///
    /// - Throws: ``Failure``.
    package static func read(_ bytes: [UInt8]) throws(Failure) -> XMLTree {
        // A separator between namespace and name makes expat resolve prefixes.
        guard let parser = XML_ParserCreateNS(nil, 10) else {
            throw Failure(description: "no memory for the XML parser")
        }
        defer { XML_ParserFree(parser) }
        let builder = XMLBuilder(parser)
        return try withExtendedLifetime(builder) { () throws(Failure) -> XMLTree in
            XML_SetUserData(parser, Unmanaged.passUnretained(builder).toOpaque())
            XML_SetElementHandler(parser, xmlElementBegins, xmlElementEnds)
            XML_SetCharacterDataHandler(parser, xmlText)
            XML_SetEntityDeclHandler(parser, xmlEntityDeclared)
            let status = bytes.withUnsafeBytes { bytes in
                XML_Parse(parser, bytes.bindMemory(to: CChar.self).baseAddress, CInt(clamping: bytes.count), 1)
            }
            if let problem = builder.problem { throw Failure(description: problem) }
            guard status == XML_STATUS_OK, let root = builder.root else {
                let reason = XML_ErrorString(XML_GetErrorCode(parser)).map { String(cString: $0) } ?? "no element"
                throw Failure(description: "line \(XML_GetCurrentLineNumber(parser)): \(reason)")
            }
            return root
        }
    }

    /// Text as the content of an element; nil if it has a character that XML 1.0 cannot hold.
    package static func escaped(_ text: String) -> String? {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            // A parser would make a line feed of it.
            case "\r": result += "&#13;"
            case "\n", "\t": result += "&#\(scalar.value);"
            default:
                guard scalar.value >= 32, scalar.value != 0xFFFE, scalar.value != 0xFFFF else { return nil }
                result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}

/// Puts the tree together while expat reads.
private final class XMLBuilder {
    private static let deepest = 64
    private let parser: XML_Parser
    private var open: [XMLTree] = []
    private var text: [UInt8] = []
    private(set) var root: XMLTree?
    private(set) var problem: String?

    init(_ parser: XML_Parser) { self.parser = parser }

    func begin(_ name: UnsafePointer<CChar>) {
        keepText()
        guard open.count < Self.deepest else { return stop("elements lie too deep in one another") }
        let name = UnsafeRawBufferPointer(start: name, count: Int(strlen(name)))
        let local = name.lastIndex(of: 10).map { name[($0 + 1)...] } ?? name[...]
        open.append(XMLTree(name: String(decoding: local, as: UTF8.self)))
    }

    func end() {
        keepText()
        guard let element = open.popLast() else { return }
        if open.isEmpty { root = element } else { open[open.count - 1].children.append(element) }
    }

    func add(_ bytes: UnsafeRawBufferPointer) { text.append(contentsOf: bytes) }

    func stop(_ reason: String) {
        problem = reason
        XML_StopParser(parser, 0)
    }

    private func keepText() {
        guard !text.isEmpty else { return }
        if !open.isEmpty { open[open.count - 1].text += String(decoding: text, as: UTF8.self) }
        text.removeAll(keepingCapacity: true)
    }
}

private func builder(_ context: UnsafeMutableRawPointer) -> XMLBuilder {
    Unmanaged<XMLBuilder>.fromOpaque(context).takeUnretainedValue()
}

private func xmlElementBegins(
    _ context: UnsafeMutableRawPointer?, _ name: UnsafePointer<CChar>?,
    _ attributes: UnsafeMutablePointer<UnsafePointer<CChar>?>?
) {
    if let context, let name { builder(context).begin(name) }
}

private func xmlElementEnds(_ context: UnsafeMutableRawPointer?, _ name: UnsafePointer<CChar>?) {
    if let context { builder(context).end() }
}

private func xmlText(_ context: UnsafeMutableRawPointer?, _ text: UnsafePointer<CChar>?, _ count: CInt) {
    if let context { builder(context).add(UnsafeRawBufferPointer(start: text, count: Int(count))) }
}

// S3 declares no entities; whoever does wants to make a small document big.
private func xmlEntityDeclared(
    _ context: UnsafeMutableRawPointer?, _ name: UnsafePointer<CChar>?, _ isParameter: CInt,
    _ value: UnsafePointer<CChar>?, _ count: CInt, _ base: UnsafePointer<CChar>?, _ system: UnsafePointer<CChar>?,
    _ public: UnsafePointer<CChar>?, _ notation: UnsafePointer<CChar>?
) {
    if let context { builder(context).stop("the document declares entities") }
}
