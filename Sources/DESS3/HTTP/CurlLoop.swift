import CCurl

/// What the transport's thread does; belongs to that thread.
final class CurlLoop {
    private let core: CurlCore
    private let settings: HTTPSettings
    private var queue: AdmissionQueue<CurlTransfer>
    /// As many as were ever needed at once.
    private var handles: [CurlHandle] = []
    /// Those that carry nothing.
    private var idle: [CurlHandle] = []
    private let watch: CurlWatch

    init(_ core: CurlCore, _ settings: HTTPSettings) {
        self.core = core
        self.settings = settings
        queue = AdmissionQueue(limit: settings.requestsPerHost)
        watch = CurlWatch(multi: core.multi, epoll: core.epoll)
    }

    /// Carries transfers until it is told to stop.
    func run() {
        watch.start()
        while true {
            let inbox = core.take()
            for transfer in inbox.submitted where queue.submit(transfer, host: transfer.request.origin) {
                start(transfer)
            }
            for transfer in inbox.cancelled { cancel(transfer) }
            if inbox.isStopping { break }
            let result = watch.step(mayWait: core.mayWait())
            finishCompleted()
            guard result == CURLM_OK else {
                // No use in going on: this is a broken process, not a broken connection.
                endAll(HTTPError(.unusable, String(cString: curl_multi_strerror(result))))
                break
            }
        }
        close()
    }

    private func start(_ transfer: CurlTransfer) {
        guard let handle = idle.popLast() ?? newHandle() else {
            end(transfer, .failure(HTTPError(.unusable, "libcurl has no memory for another transfer")))
            return
        }
        handle.prepare(transfer)
        let result = curl_multi_add_handle(core.multi, handle.pointer)
        guard result == CURLM_OK else {
            release(handle)
            end(transfer, .failure(HTTPError(.unusable, String(cString: curl_multi_strerror(result)))))
            return
        }
    }

    private func newHandle() -> CurlHandle? {
        guard let handle = CurlHandle(settings) else { return nil }
        handles.append(handle)
        return handle
    }

    private func finishCompleted() {
        var left: CInt = 0
        while let message = curl_multi_info_read(core.multi, &left) {
            guard message.pointee.msg == CURLMSG_DONE, let pointer = message.pointee.easy_handle,
                let context = des_curl_get_context(pointer)
            else { continue }
            // The message is gone once the handle is removed.
            let code = des_curl_message_result(message)
            let handle = Unmanaged<CurlHandle>.fromOpaque(context).takeUnretainedValue()
            guard let transfer = handle.transfer else { continue }
            let result = handle.result(of: transfer, code: code)
            curl_multi_remove_handle(core.multi, pointer)
            release(handle)
            end(transfer, result)
        }
    }

    private func cancel(_ transfer: CurlTransfer) {
        if let handle = transfer.handle {
            // Closes the connection, since the rest of the answer is still to come.
            curl_multi_remove_handle(core.multi, handle.pointer)
            release(handle)
            end(transfer, .failure(CancellationError()))
        } else if queue.withdraw(transfer, host: transfer.request.origin) {
            resume(transfer, .failure(CancellationError()))
        }
    }

    /// The handle can carry another transfer.
    private func release(_ handle: CurlHandle) {
        handle.clear()
        idle.append(handle)
    }

    /// A transfer that was admitted has ended: the next one takes its place.
    private func end(_ transfer: CurlTransfer, _ result: Result<HTTPResponse, any Error>) {
        resume(transfer, result)
        if let next = queue.finished(host: transfer.request.origin) { start(next) }
    }

    private func resume(_ transfer: CurlTransfer, _ result: Result<HTTPResponse, any Error>) {
        transfer.continuation?.resume(with: result)
        transfer.continuation = nil
    }

    private func endAll(_ error: HTTPError) {
        for transfer in queue.withdrawAll() { resume(transfer, .failure(error)) }
        for handle in handles {
            guard let transfer = handle.transfer else { continue }
            curl_multi_remove_handle(core.multi, handle.pointer)
            release(handle)
            end(transfer, .failure(error))
        }
    }

    private func close() {
        let error = HTTPError(.closed, "the transport was closed")
        for transfer in core.close() { resume(transfer, .failure(error)) }
        endAll(error)
        idle = []
        handles = []
        watch.stop()
        curl_multi_cleanup(core.multi)
        core.closeDescriptors()
    }
}
