import DESRetrieval
import DESTelemetry

/// The answer to `GET /files/{uid}/meta`.
enum MetaBody {
    /// `{"uid", "size", "created_at", "meta", "big_file", "etag"}`; `created_at` is null and `meta` is empty where the shard
    /// holds none.
    static func json(_ file: StoredFile) -> String {
        let createdAt = file.createdAt?.jsonQuoted ?? "null"
        let meta = file.meta.isEmpty ? "{}" : file.meta
        return "{\"uid\":\(file.uid.jsonQuoted),\"size\":\(file.size),\"created_at\":\(createdAt),\"meta\":\(meta),"
            + "\"big_file\":\(file.isBigFile),\"etag\":\(file.entityTag.jsonQuoted)}"
    }
}
