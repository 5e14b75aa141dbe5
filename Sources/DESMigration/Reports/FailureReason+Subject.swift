extension FailureReason {
    /// What a failure says something of. It decides whether a row may be given up for it.
    package enum Subject: Sendable, Hashable {
        /// The row by itself: it stays so until the row is changed.
        case row
        /// What the configuration allows: perhaps not the row is wrong.
        case setting
        /// The file, if other files of its place can be read.
        case file
        /// Something else: a service, a bucket, a folder, this process, the output. Never the file.
        case surroundings
    }

    package var subject: Subject {
        switch self {
        case .invalidRow, .uidTooLong, .unsupportedLocation: .row
        case .outsideRoots: .setting
        case .missing, .unreadable, .notRegular, .sizeMismatch, .changed: .file
        case .unreachable, .staging, .verification, .publishing, .marking: .surroundings
        }
    }

    /// Whether another try cannot succeed, as far as the file is to blame.
    package var isPermanent: Bool {
        switch self {
        case .invalidRow, .uidTooLong, .unsupportedLocation, .outsideRoots, .missing, .notRegular, .sizeMismatch: true
        case .unreadable, .unreachable, .changed, .staging, .verification, .publishing, .marking: false
        }
    }
}
