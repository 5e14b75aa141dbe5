package import DESBase
import Synchronization

/// Keeps indexes in Redis, for several processes and over their restarts. Whatever Redis does costs only speed: a read is
/// held up by it for the time of one connecting and one command at most, and once a pause; in a pause, which grows from 1
/// to 30 seconds, values are neither looked for nor kept.
///
/// A few connections do the work, each on a thread of its own. Readers wait for them without a thread, and not many of
/// them. Who gives a value to keep does not wait.
package final class RedisIndexCache: SharedIndexCache {
    private let settings: RedisSettings
    private let observer: any RetrievalObserver
    private let timing: RedisTiming
    private let workers: [RedisWorker]
    private let gate: Mutex<RedisGate>

    /// Connects when the first value is looked for.
    package init(
        _ settings: RedisSettings, observer: any RetrievalObserver = SilentObserver(), threads: ThreadFactory = .system,
        timing: RedisTiming = .system()
    ) {
        self.settings = settings
        self.observer = observer
        self.timing = timing
        workers = (0..<settings.connections).map { _ in RedisWorker(settings, on: threads.thread("des-redis")) }
        gate = Mutex(
            RedisGate(
                workers: settings.connections, waitingReads: settings.waitingReads,
                waitingValues: settings.waitingValues))
    }

    package func value(of key: String) async -> [UInt8]? {
        guard let pass = gate.withLock({ $0.admitRead(at: timing.elapsed()) }) else { return nil }
        let (answers, answer) = AsyncStream.makeStream(of: [UInt8]?.self)
        // Not a child of the reader: a call of hiredis cannot be broken off, and the reader may go on without it.
        Task {
            let largest = settings.largestValue
            let value = await perform(pass) { session throws(RedisError) in
                try session.value(of: key, largest: largest)
            }
            answer.yield(value ?? nil)
        }
        // The workers keep to their time limits themselves, but for looking up the host's name.
        let limit = settings.connectTimeout + settings.commandTimeout
        return await withTaskGroup(of: Void.self) { group in
            group.addTask {
                guard (try? await Task.sleep(for: limit)) != nil else { return }
                let error = RedisError(.unusable, "no answer within \(limit)")
                self.tell { $0.failed(pass, error, at: $1, random: $2) }
                answer.finish()
            }
            defer { group.cancelAll() }
            for await value in answers { return value }
            return nil
        }
    }

    package func keep(_ value: [UInt8], key: String) async {
        guard value.count <= settings.largestValue,
            let pass = gate.withLock({ $0.admitValue(at: timing.elapsed()) })
        else { return }
        // Not a child of who gives the value, and does not wait.
        Task {
            let lifetime = settings.lifetime
            _ = await perform(pass) { session throws(RedisError) in
                try session.keep(value, key: key, lifetime: lifetime)
            }
        }
    }

    /// Asks the server by the connection of the pass, and reports how it went; nil if there is no answer.
    private func perform<Value: Sendable>(
        _ pass: RedisGate.Pass, _ body: @Sendable (RedisSession) throws(RedisError) -> Value
    ) async -> Value? {
        let result = await workers[pass.worker].perform(if: { gate.withLock { $0.isValid(pass) } }, body)
        switch result {
        case .success(let value):
            tell { $0.ended(pass, nil, at: $1, random: $2) }
            return value
        case .failure(let error): tell { $0.ended(pass, error, at: $1, random: $2) }
        case nil: gate.withLock { $0.givenUp(pass, at: timing.elapsed()) }
        }
        return nil
    }

    /// Reports to the gate, and to the observer what the gate makes of it.
    private func tell(_ event: (inout RedisGate, _ now: Duration, _ random: Double) -> RedisGate.Notice?) {
        guard let notice = gate.withLock({ event(&$0, timing.elapsed(), timing.random()) }) else { return }
        observer.sharedCacheFailed(Self.message(notice, settings.place))
    }

    private static func message(_ notice: RedisGate.Notice, _ place: String) -> String {
        let start = "shared index cache \(place): \(notice.error); "
        guard let pause = notice.pause else { return start + "the index is read from the store, and kept again" }
        let tenths = Int(pause / .milliseconds(100))
        let time = "\(tenths / 10).\(tenths % 10) s"
        return notice.error.kind == .valueRefused
            ? start + "indexes are looked for but not kept for \(time)"
            : start + "indexes are read from the store for \(time), then it is tried again"
    }
}
