import CCurl
import CLinux
import DESBase
import Glibc
import Synchronization

/// HTTP by libcurl: a few threads carry all transfers and keep their connections, requests taken in turn.
///
/// Callers wait without a thread. Each host has a number of requests in flight at most; further ones wait in order. A
/// cancelled task takes its request out, or breaks it off.
package final class CurlTransport: HTTPExchange {
    private let cores: [CurlCore]
    private let turn = Atomic<Int>(0)

    /// - Throws: ``HTTPError`` if libcurl cannot be used.
    package init(_ settings: HTTPSettings = HTTPSettings()) throws {
        guard Self.initialized == CURLE_OK else { throw HTTPError(.unusable, "libcurl cannot be initialised") }
        let threads = max(1, min(settings.threads, settings.requestsPerHost))
        var cores: [CurlCore] = []
        do {
            for number in 0..<threads {
                var share = settings
                share.requestsPerHost = (settings.requestsPerHost + number) / threads
                let core = try Self.core(share)
                cores.append(core)
                CurlThread.start(CurlLoop(core, share))
            }
        } catch {
            for core in cores { core.stop() }
            throw error
        }
        self.cores = cores
    }

    private static func core(_ settings: HTTPSettings) throws -> CurlCore {
        guard let multi = curl_multi_init() else {
            throw HTTPError(.unusable, "libcurl cannot be initialised")
        }
        des_curl_set_multi_long(multi, CURLMOPT_MAXCONNECTS, max(64, 2 * settings.requestsPerHost))
        guard let core = CurlCore(multi: multi) else {
            throw HTTPError(.unusable, "there are no file descriptors left")
        }
        return core
    }

    // Once a process, as libcurl demands.
    private static let initialized = des_curl_initialize()

    /// What is on its way ends with an error.
    deinit { for core in cores { core.stop() } }

    package func send(_ request: HTTPRequest) async throws -> HTTPResponse {
        let transfer = CurlTransfer(request)
        let core = cores[cores.count == 1 ? 0 : (turn.wrappingAdd(1, ordering: .relaxed).newValue & .max) % cores.count]
        return try await withTaskCancellationHandler {
            try await withUnsafeThrowingContinuation { continuation in
                transfer.continuation = continuation
                core.submit(transfer)
            }
        } onCancel: {
            core.cancel(transfer)
        }
    }
}

/// The thread of a transport.
private enum CurlThread {
    private final class Start {
        let loop: CurlLoop
        init(_ loop: CurlLoop) { self.loop = loop }
    }

    static func start(_ loop: CurlLoop) {
        var thread = pthread_t()
        let result = pthread_create(
            &thread, nil,
            { argument in
                guard let argument else { return nil }
                let start = Unmanaged<Start>.fromOpaque(argument).takeRetainedValue()
                des_name_thread("des-http")
                // OpenSSL writes to sockets that the other side may have closed.
                var signals = sigset_t()
                sigemptyset(&signals)
                sigaddset(&signals, SIGPIPE)
                pthread_sigmask(SIG_BLOCK, &signals, nil)
                start.loop.run()
                return nil
            },
            Unmanaged.passRetained(Start(loop)).toOpaque())
        guard result == 0 else { ThreadShortage.end("des-http", error: result) }
        pthread_detach(thread)
    }
}
