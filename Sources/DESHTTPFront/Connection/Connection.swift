import NIOCore

/// A connection as the task sees that answers its requests. On the connection's own event loop, where that task runs as a
/// rule, each call goes straight to the handler.
package struct Connection: Sendable {
    let channel: any Channel
    private let loop: any EventLoop
    private let collector: NIOLoopBound<RequestCollector>

    /// To be made on the channel's event loop.
    init(_ channel: any Channel, _ collector: RequestCollector) {
        self.channel = channel
        loop = channel.eventLoop
        self.collector = NIOLoopBound(collector, eventLoop: channel.eventLoop)
    }

    /// The next request; nil at the end of the connection.
    nonisolated(nonsending) func next() async -> ReceivedRequest? {
        if loop.inEventLoop, let request = collector.value.takeNow() { return request }
        return await withCheckedContinuation { taker in
            onLoop { $0.take(taker) }
        }
    }

    /// Writes a piece of an answer and, if the client does not take more now, waits until it does.
    ///
    /// - Throws: `ChannelError` when the connection is closed.
    nonisolated(nonsending) func write(_ part: AnswerPart) async throws {
        if loop.inEventLoop {
            if try collector.value.write(part) { return }
            try await withCheckedThrowingContinuation { writer in
                onLoop { $0.waitUntilWritable(writer) }
            }
        } else {
            try await withCheckedThrowingContinuation { writer in
                onLoop { collector in
                    do {
                        _ = try collector.write(part)
                        collector.waitUntilWritable(writer)
                    } catch {
                        writer.resume(throwing: error)
                    }
                }
            }
        }
    }

    /// Closes when all that was written is sent.
    func finish() { onLoop { $0.closeOutput() } }

    /// Closes at once, so that an answer that is not whole is seen not to be.
    func abort() { onLoop { $0.closeNow() } }

    private func onLoop(_ work: @escaping @Sendable (RequestCollector) -> Void) {
        if loop.inEventLoop {
            work(collector.value)
        } else {
            loop.execute { work(collector.value) }
        }
    }
}
