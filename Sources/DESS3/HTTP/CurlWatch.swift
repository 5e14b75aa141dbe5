import CCurl
import Glibc

/// Watches the sockets of a multi handle by epoll, so that a wait costs the same however many transfers there are; belongs to
/// the transport's thread.
final class CurlWatch {
    private static let mostActions = 64

    private let multi: UnsafeMutableRawPointer
    private let epoll: CInt
    private let actions = UnsafeMutablePointer<des_epoll_action>.allocate(capacity: mostActions)
    /// Milliseconds of the monotonic clock at which libcurl wants to be called; nil: not.
    private var deadline: Int?

    init(multi: UnsafeMutableRawPointer, epoll: CInt) {
        self.multi = multi
        self.epoll = epoll
    }

    deinit { actions.deallocate() }

    /// From now on libcurl tells this object what it waits for. It must live until ``stop()``.
    func start() {
        des_curl_set_multi_callbacks(multi, curlWatchesSocket, curlSetsTimer, Unmanaged.passUnretained(self).toOpaque())
    }

    func stop() { des_curl_set_multi_callbacks(multi, nil, nil, nil) }

    /// Lets libcurl do what is due, and what came in.
    ///
    /// - Parameter mayWait: whether to wait until there is something.
    func step(mayWait: Bool) -> CURLMcode {
        var running: CInt = 0
        if let due = deadline, due <= Self.now() {
            deadline = nil
            let result = curl_multi_socket_action(multi, CURL_SOCKET_TIMEOUT, 0, &running)
            if result != CURLM_OK { return result }
            // Waiting is for the next step: something may have ended.
            if mayWait { return step(waiting: 0, &running) }
        }
        let pause = mayWait ? deadline.map { max(0, min($0 - Self.now(), 3_600_000)) } ?? -1 : 0
        return step(waiting: CInt(pause), &running)
    }

    private func step(waiting milliseconds: CInt, _ running: inout CInt) -> CURLMcode {
        let count = des_epoll_wait(epoll, actions, CInt(Self.mostActions), milliseconds)
        for index in 0..<Int(max(0, count)) where actions[index].action != 0 {
            // The counter that wakes us is no socket of libcurl's, which does not mind.
            let result = curl_multi_socket_action(multi, actions[index].descriptor, actions[index].action, &running)
            if result != CURLM_OK { return result }
        }
        return CURLM_OK
    }

    /// - Parameter isKnown: whether the socket is watched already.
    fileprivate func watch(_ socket: curl_socket_t, _ wanted: CInt, isKnown: Bool) {
        if wanted == CURL_POLL_REMOVE {
            _ = des_epoll_watch(epoll, EPOLL_CTL_DEL, socket, wanted)
            curl_multi_assign(multi, socket, nil)
        } else {
            // A number that was closed and given out again is not watched any more, whatever was noted.
            if !isKnown || des_epoll_watch(epoll, EPOLL_CTL_MOD, socket, wanted) != 0 {
                _ = des_epoll_watch(epoll, EPOLL_CTL_ADD, socket, wanted)
            }
            curl_multi_assign(multi, socket, Unmanaged.passUnretained(self).toOpaque())
        }
    }

    fileprivate func setTimer(milliseconds: Int) {
        deadline = milliseconds < 0 ? nil : Self.now() + milliseconds
    }

    private static func now() -> Int {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return time.tv_sec * 1000 + time.tv_nsec / 1_000_000
    }
}

private func curlWatchesSocket(
    _ handle: UnsafeMutableRawPointer?, _ socket: curl_socket_t, _ wanted: CInt, _ context: UnsafeMutableRawPointer?,
    _ mark: UnsafeMutableRawPointer?
) -> CInt {
    guard let context else { return 0 }
    Unmanaged<CurlWatch>.fromOpaque(context).takeUnretainedValue().watch(socket, wanted, isKnown: mark != nil)
    return 0
}

private func curlSetsTimer(
    _ multi: UnsafeMutableRawPointer?, _ milliseconds: Int, _ context: UnsafeMutableRawPointer?
) -> CInt {
    guard let context else { return 0 }
    Unmanaged<CurlWatch>.fromOpaque(context).takeUnretainedValue().setTimer(milliseconds: milliseconds)
    return 0
}
