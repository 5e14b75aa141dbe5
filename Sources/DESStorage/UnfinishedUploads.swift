/// A store in which uploads in parts may have been left unfinished; they take space, and no listing of objects shows them.
package protocol UnfinishedUploads: Sendable {
    /// Some of the uploads that are begun and not completed, beginning after the marker of the call before.
    ///
    /// - Returns: `next` is the marker to go on with; nil at the end.
    func unfinishedUploads(
        after marker: String?
    ) async throws(StorageError) -> (uploads: [UnfinishedUpload], next: String?)

    /// Throws away the parts of an upload; one that is gone is fine.
    func abort(_ upload: UnfinishedUpload) async throws(StorageError)
}

/// An upload in parts that is begun and not completed.
package struct UnfinishedUpload: Sendable, Hashable {
    /// The object that it would have become.
    package let key: String
    /// The store's own name of the upload.
    package let id: String
    /// In seconds since 1970, by the store's clock; nil if the store does not tell.
    package let beganAt: Int64?

    package init(key: String, id: String, beganAt: Int64?) {
        self.key = key
        self.id = id
        self.beganAt = beganAt
    }
}
