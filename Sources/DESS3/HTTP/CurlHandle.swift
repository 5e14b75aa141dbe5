import CCurl

/// A libcurl handle that is used for one transfer after another; belongs to the transport's thread.
///
/// What never changes is set once, and what seldom changes when it does: setting all of it would cost more than a small
/// request.
final class CurlHandle {
    /// What was set last; different requests have mostly the same.
    private struct Seldom: Equatable {
        var method: HTTPRequest.Method
        var allowsProxy: Bool
        var timeLimit: Duration?
        var stallTime: Duration?
        var isLargeDownload: Bool
    }

    /// Bytes of a body that are sent without asking whether the server wants them.
    private static let largestUnaskedBody = 1 << 20

    let pointer: UnsafeMutableRawPointer
    /// What it carries now.
    private(set) var transfer: CurlTransfer?
    private var headerList: UnsafeMutablePointer<curl_slist>?
    private var seldom: Seldom?
    private var line: [UInt8] = []
    private let errorText: UnsafeMutablePointer<CChar>
    private let settings: HTTPSettings

    /// Nil if there is no memory or an option is not supported.
    init?(_ settings: HTTPSettings) {
        guard let pointer = curl_easy_init() else { return nil }
        self.pointer = pointer
        self.settings = settings
        errorText = .allocate(capacity: Int(des_curl_error_size))
        errorText.initialize(repeating: 0, count: Int(des_curl_error_size))
        des_curl_set_pointer(pointer, CURLOPT_ERRORBUFFER, errorText)
        des_curl_set_pointer(pointer, CURLOPT_PRIVATE, Unmanaged.passUnretained(self).toOpaque())
        des_curl_set_long(pointer, CURLOPT_NOSIGNAL, 1)
        des_curl_set_long(pointer, CURLOPT_NOPROGRESS, 1)
        des_curl_set_long(pointer, CURLOPT_PATH_AS_IS, 1)
        des_curl_set_long(pointer, CURLOPT_FOLLOWLOCATION, 0)
        des_curl_set_long(pointer, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1)
        des_curl_set_long(pointer, CURLOPT_TCP_KEEPALIVE, 1)
        des_curl_set_string(pointer, CURLOPT_PROTOCOLS_STR, "http,https")
        // No password from a file that nobody spoke of.
        des_curl_set_long(pointer, CURLOPT_NETRC, Int(CURL_NETRC_IGNORED.rawValue))
        des_curl_set_long(pointer, CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_2TLS))
        des_curl_set_long(pointer, CURLOPT_CONNECTTIMEOUT_MS, settings.connectTime.wholeMilliseconds)
        des_curl_set_long(pointer, CURLOPT_LOW_SPEED_LIMIT, max(1, settings.stallBytesPerSecond))
        des_curl_set_string(pointer, CURLOPT_USERAGENT, settings.userAgent)
        if let file = settings.authorityFile {
            des_curl_set_string(pointer, CURLOPT_CAINFO, file)
            des_curl_set_string(pointer, CURLOPT_CAPATH, nil)
        }
        des_curl_set_transfer(pointer, CURLOPT_WRITEFUNCTION, curlReceivedBody)
        des_curl_set_transfer(pointer, CURLOPT_HEADERFUNCTION, curlReceivedHeader)
        des_curl_set_transfer(pointer, CURLOPT_READFUNCTION, curlWantsBody)
        des_curl_set_seek(pointer, curlSeeksBody)
    }

    deinit {
        curl_easy_cleanup(pointer)
        curl_slist_free_all(headerList)
        errorText.deallocate()
    }

    /// Takes a transfer and sets what is particular to it.
    func prepare(_ transfer: CurlTransfer) {
        let request = transfer.request
        self.transfer = transfer
        transfer.handle = self
        errorText[0] = 0
        let context = Unmanaged.passUnretained(transfer).toOpaque()
        for option in [CURLOPT_WRITEDATA, CURLOPT_HEADERDATA, CURLOPT_READDATA, CURLOPT_SEEKDATA] {
            des_curl_set_pointer(pointer, option, context)
        }
        des_curl_set_string(pointer, CURLOPT_URL, request.url)
        setHeaders(request)
        let seldom = Seldom(
            method: request.method, allowsProxy: request.allowsProxy, timeLimit: request.timeLimit,
            stallTime: request.stallTime, isLargeDownload: request.expectedSize > 1 << 20)
        if seldom != self.seldom {
            self.seldom = seldom
            set(seldom)
        }
        if request.method == .put || request.method == .post {
            let count = request.body?.count ?? 0
            des_curl_set_offset(pointer, CURLOPT_INFILESIZE_LARGE, curl_off_t(count))
            // On a kept connection that is dead libcurl would send it again, without asking as it does where there is a body.
            des_curl_set_long(pointer, CURLOPT_FRESH_CONNECT, request.isSentOnce && count == 0 ? 1 : 0)
            des_curl_set_long(pointer, CURLOPT_UPLOAD_BUFFERSIZE, count > 1 << 20 ? 512 << 10 : 64 << 10)
        }
    }

    /// Gives the transfer up; the handle can carry another.
    func clear() {
        transfer?.handle = nil
        transfer = nil
        des_curl_set_headers(pointer, nil)
        curl_slist_free_all(headerList)
        headerList = nil
    }

    private func set(_ seldom: Seldom) {
        des_curl_set_long(pointer, CURLOPT_FRESH_CONNECT, 0)
        setMethod(seldom.method)
        setProxy(isAllowed: seldom.allowsProxy)
        des_curl_set_long(pointer, CURLOPT_TIMEOUT_MS, seldom.timeLimit?.wholeMilliseconds ?? 0)
        let stallTime = seldom.stallTime ?? settings.stallTime
        des_curl_set_long(pointer, CURLOPT_LOW_SPEED_TIME, max(1, stallTime.wholeMilliseconds / 1000))
        // Big buffers only where they pay: each is memory of its own.
        des_curl_set_long(pointer, CURLOPT_BUFFERSIZE, seldom.isLargeDownload ? 256 << 10 : 16 << 10)
    }

    private func setMethod(_ method: HTTPRequest.Method) {
        // Each of the three resets what another has set.
        switch method {
        case .head: des_curl_set_long(pointer, CURLOPT_NOBODY, 1)
        case .get, .delete: des_curl_set_long(pointer, CURLOPT_HTTPGET, 1)
        case .put, .post: des_curl_set_long(pointer, CURLOPT_UPLOAD, 1)
        }
        let isUnusual = method == .post || method == .delete
        des_curl_set_string(pointer, CURLOPT_CUSTOMREQUEST, isUnusual ? method.rawValue : nil)
    }

    private func setHeaders(_ request: HTTPRequest) {
        var list: UnsafeMutablePointer<curl_slist>?
        for header in request.headers {
            line.removeAll(keepingCapacity: true)
            line.append(contentsOf: header.name.utf8)
            // A header without a value is written with a semicolon.
            line.append(contentsOf: header.value.isEmpty ? [UInt8(ascii: ";")] : [UInt8(ascii: ":"), 32])
            line.append(contentsOf: header.value.utf8)
            line.append(0)
            line.withUnsafeBytes { list = curl_slist_append(list, $0.bindMemory(to: CChar.self).baseAddress) }
        }
        // By itself libcurl asks before each body and waits a second for the answer, which not every server gives to every
        // operation. That pays only where a refusal saves much.
        if let body = request.body, body.count <= Self.largestUnaskedBody {
            list = curl_slist_append(list, "Expect:")
        }
        headerList = list
        des_curl_set_headers(pointer, list)
    }

    private func setProxy(isAllowed: Bool) {
        switch settings.proxy {
        case .environment where isAllowed:
            des_curl_set_string(pointer, CURLOPT_PROXY, nil)
        case .url(let url, let except) where isAllowed:
            des_curl_set_string(pointer, CURLOPT_PROXY, url)
            des_curl_set_string(pointer, CURLOPT_NOPROXY, except)
        default:
            des_curl_set_string(pointer, CURLOPT_PROXY, "")
        }
    }

    /// What the transfer came to.
    func result(of transfer: CurlTransfer, code: CURLcode) -> Result<HTTPResponse, any Error> {
        if code == CURLE_OK {
            var status = 0
            des_curl_get_long(pointer, CURLINFO_RESPONSE_CODE, &status)
            return .success(transfer.finishedResponse(status: status))
        }
        if let failure = transfer.failure { return .failure(failure) }
        var requestSize = 0
        des_curl_get_long(pointer, CURLINFO_REQUEST_SIZE, &requestSize)
        let text = errorText[0] == 0 ? String(cString: curl_easy_strerror(code)) : String(cString: errorText)
        return .failure(
            HTTPError(curlCode: code, message: text, wasSent: requestSize > 0 && transfer.isBodySent))
    }
}
