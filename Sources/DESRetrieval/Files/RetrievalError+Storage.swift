import DESShard
import DESStorage

extension RetrievalError {
    /// What an error of the store means for a reader. That a listed object is gone or replaced means that the listing is old: the
    /// next try lists again.
    init(_ error: StorageError, doing what: String, uid: String? = nil) {
        let code: Code =
            switch error.code {
            case .notFound, .changed: .unavailable
            case .damaged: .damaged
            case .invalidKey: .unroutable
            case _ where error.isTransient: .unavailable
            default: .refused
            }
        let isOutdated = error.code == .notFound || error.code == .changed
        self.init(code, uid: uid, isOutdated: isOutdated, "cannot \(what): \(error)")
    }

    /// A shard that breaks the rules of its format.
    init(_ error: ShardError, uid: String? = nil) {
        self.init(.damaged, uid: uid, "\(error)")
    }
}
