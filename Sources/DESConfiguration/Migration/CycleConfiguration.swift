import DESBase

/// Section `migration`: what a cycle takes, in which portions, and what becomes of the sources.
package struct CycleConfiguration: Sendable, Equatable {
    /// How it is known which files are migrated.
    package enum Mode: String, Sendable, CaseIterable {
        /// Each row is marked.
        case mark
        /// The table is never changed: a watermark says up to which moment everything is migrated.
        case watermark
    }

    /// `mode`. Default mark.
    package var mode: Mode = .mark

    /// `watermark_url`: the PostgreSQL or SQLite database with the table `des_archive_config`; nil: that of the catalog.
    package var watermarkURL: DatabaseURL?

    /// `watermark_id`: the row of `des_archive_config`, 1…2,147,483,647. Default 1.
    package var watermarkID = 1

    /// `max_set_aside`: the most files a cycle sets aside so that the watermark may pass them, 0…1,000,000. Default 1000.
    package var maxSetAside = 1000

    /// `archive_age_days`: files younger than this are left alone. Days of 24 hours, with a fraction if wanted, 0…365,000.
    /// Default 7.
    package var archiveAgeDays = 7.0

    /// `batch_size`: rows a page and rows a mark transaction, 1…100,000. Default 1000.
    package var batchSize = 1000

    /// `delete_source_files`: whether a source is deleted once its mark is committed. Default false.
    package var deletesSourceFiles = false

    /// `max_files`: the most files a cycle takes, at least 1; nil: no limit.
    package var maxFiles: Int?

    /// `max_bytes`: the most source bytes a cycle takes, at least 1; nil: no limit.
    package var maxSizeInBytes: Int?

    /// `max_duration_seconds`: how long a cycle takes new files, 0.001…1,000,000,000 seconds; nil: no limit.
    package var maxDuration: Duration?

    /// `max_delete`: the most sources a cycle deletes, at least 1; nil: no limit.
    package var maxDeletedFiles: Int?

    /// `source_roots`: local sources must lie below one of these folders; empty: anywhere.
    package var sourceRoots: [String] = []

    /// `source_base`: the folder that relative locations are meant from, an absolute path; nil: the working directory.
    package var sourceBase: String?

    /// `allow_odd_times`: whether sources of rows are deleted whose time lies outside of 1990 to tomorrow. Default false.
    package var allowsOddTimes = false

    /// `meta_columns`: columns whose values are kept with the file. Never `created_at` or `crc32`, whose places are taken.
    package var metaColumns: [String] = []

    /// `archive_age_days` as a duration.
    package var archiveAge: Duration { .seconds(archiveAgeDays * 86_400) }
}

extension CycleConfiguration {
    /// Keys of an entry's meta object that DES writes itself.
    private static let reservedMetaKeys = ["created_at", "crc32"]

    /// An entry of `source_roots`: a local folder, or `s3://bucket/prefix/`.
    private static func root(_ text: String) -> ConfigurationSection.ElementResult {
        let isObject = text.lowercased().hasBytePrefix(URLScheme.s3)
        let rest = String(decoding: text.utf8.dropFirst(URLScheme.s3.utf8.count), as: UTF8.self)
        switch isObject ? WrittenPath(rest).asKeyPrefix : WrittenPath(text).asPath {
        case .plain: return .keep(text)
        case .doubtful(let why): return .keepDoubtful(text, why)
        case .refused(let why): return .complain(why)
        }
    }

    /// Reads the section.
    init(_ section: ConfigurationSection) {
        var columns: Set<ByteString> = []
        self.init()
        mode = section.choice("mode", of: ["mark": .mark, "watermark": .watermark], default: mode)
        watermarkURL = DatabaseURL.optional("watermark_url", in: section)
        watermarkID = section.integer("watermark_id", in: 1...Int(Int32.max), default: watermarkID)
        maxSetAside = section.integer("max_set_aside", in: 0...1_000_000, default: maxSetAside)
        archiveAgeDays = section.number("archive_age_days", in: 0...365_000) ?? archiveAgeDays
        batchSize = section.integer("batch_size", in: 1...100_000, default: batchSize)
        deletesSourceFiles = section.boolean("delete_source_files", default: deletesSourceFiles)
        maxFiles = section.integer("max_files", in: 1...Int.max)
        maxSizeInBytes = section.byteCount("max_bytes", in: 1...Int.max)
        maxDuration = section.seconds("max_duration_seconds", in: 0.001...1_000_000_000)
        maxDeletedFiles = section.integer("max_delete", in: 1...Int.max)
        sourceRoots = section.strings("source_roots", of: "paths", transform: Self.root) ?? sourceRoots
        sourceBase = section.absolutePath("source_base")
        allowsOddTimes = section.boolean("allow_odd_times", default: allowsOddTimes)
        metaColumns =
            section.strings("meta_columns", of: "column names") { name in
                if Self.reservedMetaKeys.contains(name.lowercased()) {
                    return .refuse("a column other than created_at and crc32, which are kept with every file")
                }
                return columns.insert(ByteString(name)).inserted ? .keep(name) : .refuse("each column once")
            } ?? metaColumns

        switch watermarkURL {
        case nil, .sqlite, .postgresql: break
        default: section.report("watermark_url", "the watermark is kept in PostgreSQL or SQLite")
        }
        if mode == .watermark, deletesSourceFiles {
            section.report(
                "delete_source_files", "cannot be used with mode watermark, which changes nothing at the source")
        }
    }
}
