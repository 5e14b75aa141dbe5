package import DESBase
import DESConfiguration
package import Logging
import Synchronization

/// Reads the file of the keys again when it changes. A new file that is broken changes nothing but the log.
package final class APIKeyFileWatch: Sendable {
    private struct State {
        var identity: FileIdentity?
        /// What was logged of the file that cannot be used, so that it is said once and not every few seconds.
        var complaint: String?
    }

    private let file: APIKeyFile
    private let gate: APIKeyGate
    private let interval: Duration
    private let logger: Logger
    private let state: Mutex<State>
    private let thread: ThreadPool

    /// Watches nothing yet.
    ///
    /// - Parameters:
    ///   - content: that the gate has now.
    ///   - interval: between two looks.
    ///   - thread: one alone, so that no older file is taken after a newer one.
    package init(
        _ file: APIKeyFile, content: APIKeyFile.Content, gate: APIKeyGate, interval: Duration = .seconds(3),
        thread: ThreadPool, logger: Logger
    ) {
        self.file = file
        self.gate = gate
        self.interval = interval
        self.thread = thread
        self.logger = logger
        state = Mutex(State(identity: content.identity))
    }

    /// Looks every few seconds, until the task is cancelled.
    package func run() async {
        while (try? await Task.sleep(for: interval)) != nil { await look() }
    }

    /// Looks now.
    ///
    /// - Parameter isForced: whether the file is read although it seems to be the same.
    package func look(isForced: Bool = false) async {
        try? await thread.run { self.lookBlocking(isForced: isForced) }
    }

    private func lookBlocking(isForced: Bool) {
        do throws(ConfigurationError) {
            let identity = try file.identity()
            guard isForced || state.withLock({ $0.identity != identity }) else { return }
            let content = try file.read()
            gate.replaceKeys(APIKeySet(content.keys))
            state.withLock { $0 = State(identity: content.identity) }
            for warning in content.warnings { logger.warning("\(warning)") }
            logger.notice("the API keys were read again", metadata: ["keys": "\(content.keys.count)"])
        } catch {
            let complaint = "\(error)"
            let isNew = state.withLock { state in
                // The file that cannot be used is tried again as long as it is there: it may be half written.
                state.identity = nil
                defer { state.complaint = complaint }
                return state.complaint != complaint || isForced
            }
            if isNew { logger.error("the API keys stay as they were: \(complaint)") }
        }
    }
}
