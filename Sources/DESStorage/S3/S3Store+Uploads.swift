import DESBase
import DESS3

extension S3Store: UnfinishedUploads {
    /// All uploads in parts below the store's prefix, whoever began them.
    package func unfinishedUploads(
        after marker: String?
    ) async throws(StorageError) -> (uploads: [UnfinishedUpload], next: String?) {
        try await attempt("") {
            let page = try await self.client.listMultipartUploads(
                bucket: self.settings.bucket, prefix: self.settings.prefix,
                after: marker.flatMap { S3UploadPage.Marker(text: $0) })
            let uploads = page.uploads.map { upload in
                UnfinishedUpload(
                    key: String(
                        decoding: upload.location.key.utf8.dropFirst(self.settings.prefix.utf8.count), as: UTF8.self),
                    id: upload.id, beganAt: upload.initiated?.secondsSinceEpoch)
            }
            return (uploads, page.next?.text)
        }
    }

    package func abort(_ upload: UnfinishedUpload) async throws(StorageError) {
        try await attempt(upload.key) {
            try await self.client.abortMultipartUpload(S3Upload(location: self.location(upload.key), id: upload.id))
        }
    }
}

extension S3UploadPage.Marker {
    /// IDs of uploads have no line ends, keys may.
    fileprivate var text: String { "\(uploadID)\n\(key)" }

    fileprivate init?(text: String) {
        let parts = text.split(separator: "\n", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2 else { return nil }
        self.init(key: String(parts[1]), uploadID: String(parts[0]))
    }
}
