/// Finds a member in the text of a JSON object without making an object of it.
enum JSONMembers {
    /// The value of a member of the outermost object, if it is a string without escapes.
    ///
    /// - Parameter json: valid JSON; of anything else the answer may be anything.
    static func string(_ name: String, in json: String) -> String? {
        var json = json
        return json.withUTF8 { bytes in
            var depth = 0
            var position = 0
            var isKeyExpected = false
            var found: Range<Int>?
            while position < bytes.count {
                switch bytes[position] {
                case UInt8(ascii: "{"), UInt8(ascii: "["):
                    depth += 1
                    isKeyExpected = depth == 1
                case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
                case UInt8(ascii: ","): isKeyExpected = depth == 1
                case UInt8(ascii: ":"): isKeyExpected = false
                case UInt8(ascii: "\""):
                    let key = text(bytes, from: position)
                    position = key.upperBound
                    guard isKeyExpected, bytes[key].elementsEqual(name.utf8) else { break }
                    var value = position + 1
                    while value < bytes.count, bytes[value] == UInt8(ascii: ":") || bytes[value] <= 0x20 { value += 1 }
                    guard value < bytes.count, bytes[value] == UInt8(ascii: "\"") else { return nil }
                    // The last of several counts, as in most readers.
                    found = text(bytes, from: value)
                    position = found?.upperBound ?? value
                default: break
                }
                position += 1
            }
            guard let found, !bytes[found].contains(UInt8(ascii: "\\")) else { return nil }
            return String(decoding: bytes[found], as: UTF8.self)
        }
    }

    /// What stands between the quotes of a string whose first one is at this position; escapes are left as they are.
    private static func text(_ bytes: UnsafeBufferPointer<UInt8>, from quote: Int) -> Range<Int> {
        var position = quote + 1
        while position < bytes.count, bytes[position] != UInt8(ascii: "\"") {
            position += bytes[position] == UInt8(ascii: "\\") ? 2 : 1
        }
        return (quote + 1)..<min(position, bytes.count)
    }
}
