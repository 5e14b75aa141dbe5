import Glibc
import Logging
import NIOCore

/// Stands before the listening socket: takes no more connections than there are descriptors for, and rests when the system has none left
/// instead of asking again and again.
final class AcceptGate: ChannelDuplexHandler {
    typealias InboundIn = any Channel
    typealias InboundOut = any Channel
    typealias OutboundIn = Never
    typealias OutboundOut = Never

    private static let rest = TimeAmount.milliseconds(100)
    /// Between two lines in the log about the same trouble.
    private static let silence = TimeAmount.seconds(60)

    private let maximum: Int
    private let logger: Logger
    private var open = 0
    private var isHeld = false
    private var isResting = false
    private var nextLine = NIODeadline.uptimeNanoseconds(0)

    /// - Parameter maximum: connections that are open at a time.
    init(maximum: Int, logger: Logger) {
        self.maximum = maximum
        self.logger = logger
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        open += 1
        let bound = NIOLoopBound((gate: self, context: context), eventLoop: context.eventLoop)
        unwrapInboundIn(data).closeFuture.hop(to: context.eventLoop).whenComplete { _ in
            let (gate, context) = bound.value
            gate.open -= 1
            gate.goOn(context)
        }
        context.fireChannelRead(data)
    }

    func read(context: ChannelHandlerContext) {
        guard open < maximum, !isResting else {
            isHeld = true
            return
        }
        context.read()
    }

    /// Whatever goes wrong with one connection must not end the port: the error goes no further.
    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if let error = error as? IOError, error.errnoCode == ECONNABORTED { return }
        let now = NIODeadline.now()
        if now >= nextLine {
            nextLine = now + Self.silence
            let reason = (error as? IOError).map { systemErrorText($0.errnoCode) } ?? "\(error)"
            logger.warning(
                "cannot accept a connection: \(reason); those who want one wait until others close theirs",
                metadata: ["connections": "\(open)"])
        }
        guard !isResting else { return }
        isResting = true
        // The read that failed counts as still wanted, and the socket as readable: without this the loop would spin.
        try? context.channel.syncOptions?.setOption(.autoRead, value: false)
        let bound = NIOLoopBound((gate: self, context: context), eventLoop: context.eventLoop)
        context.eventLoop.scheduleTask(in: Self.rest) {
            let (gate, context) = bound.value
            gate.isResting = false
            try? context.channel.syncOptions?.setOption(.autoRead, value: true)
            gate.goOn(context)
        }
    }

    private func goOn(_ context: ChannelHandlerContext) {
        guard isHeld, open < maximum, !isResting else { return }
        isHeld = false
        context.read()
    }
}

@available(*, unavailable)
extension AcceptGate: Sendable {}
