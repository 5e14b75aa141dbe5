import DESShard

/// The file name that a uid gets in a folder: the uid itself where it can be a name, else escaped so that no two uids meet and
/// none leads out of the folder.
enum ExtractedName {
    /// Longest name that common file systems hold, less room for a suffix.
    private static let longest = 200
    private static let specialCharacters = Array("/%~".utf8)

    /// `/`, `%`, `~`, control characters, and a leading dot become `%XX`; a name that is too long ends in `~` and the SHA-256
    /// of the uid. So a `~` in a name was never in the uid.
    static func name(for uid: String) -> String {
        var name: [UInt8] = []
        for (position, byte) in uid.utf8.enumerated() {
            let isSpecial = byte < 0x20 || byte == 0x7F || specialCharacters.contains(byte)
            if isSpecial || (position == 0 && byte == UInt8(ascii: ".")) {
                let hex = String(byte, radix: 16, uppercase: true)
                name += Array("%\(hex.count < 2 ? "0" : "")\(hex)".utf8)
            } else {
                name.append(byte)
            }
        }
        if name.isEmpty { return "%" }
        guard name.count > longest else { return String(decoding: name, as: UTF8.self) }
        let hash = SHA256()
        var uid = uid
        uid.withUTF8 { hash.update(UnsafeRawBufferPointer($0)) }
        var cut = 100
        // Not in the middle of a character.
        while cut > 0 && name[cut] & 0xC0 == 0x80 { cut -= 1 }
        return String(decoding: name[..<cut], as: UTF8.self) + "~" + hash.finish()
    }
}
