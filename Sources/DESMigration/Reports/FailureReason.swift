/// Why a file was not migrated: a closed set, so it can be a metric's label.
package enum FailureReason: String, Sendable, Hashable, CaseIterable, Codable {
    /// The row has no usable uid, location or time.
    case invalidRow = "invalid_row"
    /// The uid is longer than the format holds (65,535 bytes).
    case uidTooLong = "uid_too_long"
    /// The location is of a kind that this build cannot read.
    case unsupportedLocation = "unsupported_location"
    /// The path leads out of `source_roots`.
    case outsideRoots = "outside_roots"
    /// There is nothing at the location.
    case missing
    /// It is there, but cannot be read.
    case unreadable
    /// The service, bucket or folder that should have it cannot be used, or this process cannot: nothing is known of the file.
    case unreachable
    /// It is a directory, FIFO, device or socket.
    case notRegular = "not_a_regular_file"
    /// Its size is not the one in the catalog.
    case sizeMismatch = "size_mismatch"
    /// It changed while it was being read.
    case changed = "changed_while_read"
    /// It could not be written to the staging folder.
    case staging = "staging_failed"
    /// What was written to staging could not be read back as it was.
    case verification = "verification_failed"
    /// The shard or the big file could not be published.
    case publishing = "publishing_failed"
    /// The shard is published, but the catalog could not be updated.
    case marking = "marking_failed"
}

/// A file that was not migrated, and why.
package struct FileFailure: Sendable, Hashable, Codable {
    package let uid: String
    /// As the catalog has it.
    package let createdAt: String
    package let location: String
    package let reason: FailureReason
    /// What failed, on what, and what happens next.
    package let message: String

    enum CodingKeys: String, CodingKey {
        case uid
        case createdAt = "created_at"
        case location
        case reason
        case message
    }
}
