package import DESShard

/// Section `packer.compression`.
package struct CompressionConfiguration: Sendable, Equatable {
    /// `codec`. Default zstd.
    package var codec: Codec

    /// `level`: zstd −7…22 (default 3), lz4 0…12 (default 0); without meaning for none.
    package var level: Int

    /// `skip_extensions`: files with such an extension are stored as they are. Lower case, without the dot.
    /// Default: `defaultSkipExtensions`; an empty list compresses everything.
    package var skipExtensions: Set<String>

    /// Makes a configuration with the defaults of the file.
    package init(
        codec: Codec = .zstd, level: Int? = nil, skipExtensions: Set<String> = Self.defaultSkipExtensions
    ) {
        self.codec = codec
        self.level = level ?? codec.defaultLevel
        self.skipExtensions = skipExtensions
    }

    /// Types that are compressed already. PDF is not among them: its streams often are not.
    package static let defaultSkipExtensions: Set<String> = [
        "7z", "aac", "apk", "avi", "avif", "br", "bz2", "docx", "epub", "flac", "gif", "gz", "heic", "jar",
        "jpeg", "jpg", "jxl", "lz4", "lzma", "m4a", "m4v", "mkv", "mov", "mp3", "mp4", "odp", "ods", "odt",
        "ogg", "opus", "png", "pptx", "rar", "tgz", "txz", "webm", "webp", "wma", "wmv", "woff", "woff2",
        "xlsx", "xz", "zip", "zst",
    ]
}

extension CompressionConfiguration {
    /// Reads the section.
    init(_ section: ConfigurationSection) {
        let codec = section.choice("codec", of: ["zstd": .zstd, "lz4": .lz4, "none": .none], default: Codec.zstd)
        let extensions = section.strings("skip_extensions", of: "file name extensions") { text in
            let name = text.trimmingBlanks().lowercased().drop { $0 == "." }
            let isExtension = !name.isEmpty && !name.contains { $0 == "." || $0 == "/" }
            return isExtension ? .keep(String(name)) : .refuse("what follows the last dot of a file name, such as gz")
        }
        self.init(
            codec: codec, level: section.integer("level", in: codec.levels),
            skipExtensions: extensions.map { Set($0) } ?? Self.defaultSkipExtensions)
    }
}

extension Codec {
    /// The levels the codec has.
    fileprivate var levels: ClosedRange<Int> { self == .lz4 ? 0...12 : -7...22 }

    /// The level when none is given.
    fileprivate var defaultLevel: Int { self == .zstd ? 3 : 0 }
}
