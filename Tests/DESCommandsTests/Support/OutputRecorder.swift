import Glibc
import Synchronization

/// Reads what a process writes into a pipe, on a thread of its own, and lets tests wait for a text in it.
final class OutputRecorder: Sendable {
    private struct State {
        var bytes: [UInt8] = []
        var hasEnded = false
        var waiting: [Waiter] = []
    }

    private struct Waiter {
        /// Nil: waits for the end.
        let text: String?
        let continuation: CheckedContinuation<Bool, Never>
    }

    private let state = Mutex(State())

    /// Everything that was read so far.
    var bytes: [UInt8] { state.withLock { $0.bytes } }
    /// The same as text.
    var text: String { String(decoding: bytes, as: UTF8.self) }

    /// Reads the descriptor to its end, then closes it. Blocks.
    func read(_ descriptor: Int32) {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { break }
            change { $0.bytes.append(contentsOf: buffer[..<count]) }
        }
        close(descriptor)
        change { $0.hasEnded = true }
    }

    /// Waits until the text was written; false if the process ends without it.
    func wait(for text: String) async -> Bool { await wait(text) }

    /// Waits until nobody can write any more.
    func waitForEnd() async { _ = await wait(nil) }

    private func wait(_ text: String?) async -> Bool {
        await withCheckedContinuation { continuation in
            change { $0.waiting.append(Waiter(text: text, continuation: continuation)) }
        }
    }

    /// Changes the state and wakes those whose wait is over.
    private func change(_ body: (inout State) -> Void) {
        let answers = state.withLock { state in
            body(&state)
            var answers: [(CheckedContinuation<Bool, Never>, Bool)] = []
            state.waiting.removeAll { waiter in
                let isFound = waiter.text.map { String(decoding: state.bytes, as: UTF8.self).contains($0) } ?? false
                guard isFound || state.hasEnded else { return false }
                answers.append((waiter.continuation, isFound))
                return true
            }
            return answers
        }
        for (continuation, isFound) in answers { continuation.resume(returning: isFound) }
    }
}
