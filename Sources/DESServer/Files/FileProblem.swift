import DESHTTPFront
import DESRetrieval
import DESTelemetry

/// Why a request is answered with an error, in what the client is told.
struct FileProblem: Error, Equatable {
    let status: HTTPStatus
    /// For the client: nothing it did not send itself, no secrets.
    let detail: String
    let retryAfterSeconds: Int?

    init(_ status: HTTPStatus, _ detail: String, retryAfterSeconds: Int? = nil) {
        self.status = status
        self.detail = detail
        self.retryAfterSeconds = retryAfterSeconds
    }

    /// The body of the answer.
    var json: String { "{\"detail\":\(detail.jsonQuoted)}" }

    /// There is no such file.
    static let unknown = FileProblem(.notFound, "there is no file of this uid and created_at")

    /// What a failure of the retriever means to a client. Where and why it failed stands in the log only.
    init(_ error: RetrievalError) {
        switch error.code {
        case .unavailable:
            self.init(.serviceUnavailable, "the store does not answer as it should; try again", retryAfterSeconds: 5)
        case .overloaded:
            self.init(.serviceUnavailable, "too many files are on their way at once; try again", retryAfterSeconds: 5)
        case .refused:
            self.init(.badGateway, "the store refuses this service; somebody must mend it", retryAfterSeconds: 30)
        case .damaged:
            self.init(.internalServerError, "the file, or the shard it would be in, is damaged; nothing of it is sent")
        case .unroutable:
            self.init(.internalServerError, "no zone of this service's configuration holds this uid")
        default:
            self.init(.internalServerError, "the file cannot be had: \(error.code)")
        }
    }
}
