package import DESBase

/// Keeps indexes in Redis, for several processes and over their restarts. Whatever Redis does costs only speed: a read is
/// held up by it for the time of one connecting and one command at most, and once a pause; in a pause, which grows from 1
/// to 30 seconds, values are neither looked for nor kept.
///
/// The work is done by a few run loops, each on a thread of its own with one connection; they end with this object. Readers
/// wait for them without a thread, and not many of them. Who gives a value to keep does not wait.
package final class RedisIndexCache: SharedIndexCache {
    private let settings: RedisSettings
    private let desk: SharedCacheDesk

    /// Connects when the first value is looked for.
    package init(
        _ settings: RedisSettings, observer: any RetrievalObserver = SilentObserver(), threads: ThreadFactory = .system,
        timing: RedisTiming = .system()
    ) {
        self.settings = settings
        let line = SharedCacheLine(
            workers: settings.connections, waitingReads: settings.waitingReads, waitingValues: settings.waitingValues)
        let desk = SharedCacheDesk(line, timing) { [place = settings.place] notice in
            observer.sharedCacheFailed(Self.message(notice, place))
        }
        for number in 0..<settings.connections {
            // Not children of anybody: they serve all callers, until the desk is closed.
            Task { await RedisWorker(settings, number: number, on: threads.thread("des-redis")).run(desk) }
        }
        self.desk = desk
    }

    deinit { desk.close() }

    package func value(of key: String) async -> [UInt8]? {
        guard let read = desk.admitRead(key) else { return nil }
        // The workers keep to their time limits themselves, but for looking up the host's name, which cannot be broken off.
        let limit = settings.connectTimeout + settings.commandTimeout
        return await withTaskGroup(of: Outcome.self) { group in
            group.addTask { [desk] in .answered(await desk.answer(to: read)) }
            group.addTask {
                do { try await Task.sleep(for: limit) } catch { return .isCancelled }
                return .isLate
            }
            while let outcome = await group.next() {
                switch outcome {
                case .answered(let value):
                    group.cancelAll()
                    return value
                case .isLate: desk.timedOut(read, RedisError(.unusable, "no answer within \(limit)"))
                // Then the other one ends as well.
                case .isCancelled: break
                }
            }
            return nil
        }
    }

    package func keep(_ value: [UInt8], key: String) async {
        guard value.count <= settings.largestValue else { return }
        desk.keep(value, key: key)
    }

    private enum Outcome: Sendable {
        case answered([UInt8]?)
        case isLate
        case isCancelled
    }

    private static func message(_ notice: SharedCacheLine.Notice, _ place: String) -> String {
        let start = "shared index cache \(place): \(notice.error); "
        guard let pause = notice.pause else { return start + "the index is read from the store, and kept again" }
        let tenths = Int(pause / .milliseconds(100))
        let time = "\(tenths / 10).\(tenths % 10) s"
        return notice.error.kind == .valueRefused
            ? start + "indexes are looked for but not kept for \(time)"
            : start + "indexes are read from the store for \(time), then it is tried again"
    }
}
