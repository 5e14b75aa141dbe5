import DESShard

/// The file name that a uid gets in a folder: the uid itself where it can be a name, else escaped so that no two uids meet and
/// none leads out of the folder.
enum ExtractedName {
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
        return ShortenedName.fitting(String(decoding: name, as: UTF8.self), of: uid)
    }
}
