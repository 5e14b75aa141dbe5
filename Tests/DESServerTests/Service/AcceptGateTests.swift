import DESTelemetry
import Glibc
import Logging
import NIOCore
import NIOEmbedded
import Testing

@testable import DESHTTPFront

/// What stands before the listening socket.
@Suite struct AcceptGateTests {
    private final class ReadCounter: ChannelOutboundHandler {
        typealias OutboundIn = Never
        var reads = 0
        func read(context: ChannelHandlerContext) { reads += 1 }
    }

    private let log = LineRecorder()
    private let counter = ReadCounter()

    private func listener(maximum: Int) -> EmbeddedChannel {
        EmbeddedChannel(handlers: [
            counter,
            AcceptGate(maximum: maximum, logger: makeLogger(label: "t", level: .debug, format: .text, sink: log)),
        ])
    }

    /// Whether the socket is looked at; only so the loop does not spin.
    private func isReading(_ channel: EmbeddedChannel) -> Bool {
        channel.options.last { $0.option is ChannelOptions.Types.AutoReadOption }.map { $0.value as? Bool ?? true }
            ?? true
    }

    @Test(arguments: [EMFILE, ENFILE, ENOBUFS, ENOMEM])
    func `Without descriptors it rests, says so once, and goes on`(code: Int32) throws {
        let channel = listener(maximum: 10)
        channel.read()
        #expect(counter.reads == 1)
        for round in 1...20 {
            channel.pipeline.fireErrorCaught(IOError(errnoCode: code, reason: "accept"))
            // The loop would ask at once, again and again.
            for _ in 0..<50 { channel.read() }
            #expect(!isReading(channel))
            channel.embeddedEventLoop.advanceTime(by: .milliseconds(99))
            #expect(counter.reads == round && !isReading(channel))
            channel.embeddedEventLoop.advanceTime(by: .milliseconds(1))
            #expect(counter.reads == round + 1 && isReading(channel))
        }
        #expect(log.lines.count == 1)
        // An error that went on to the end of the pipeline would end the port.
        try channel.throwIfErrorCaught()
    }

    @Test func `A client that has gone already is no reason to rest`() throws {
        let channel = listener(maximum: 10)
        channel.pipeline.fireErrorCaught(IOError(errnoCode: ECONNABORTED, reason: "accept"))
        channel.read()
        #expect(counter.reads == 1)
        #expect(log.lines.isEmpty)
        try channel.throwIfErrorCaught()
    }

    @Test func `With as many connections as there may be it takes none until one is closed`() throws {
        let channel = listener(maximum: 2)
        let clients = [EmbeddedChannel(), EmbeddedChannel(loop: channel.embeddedEventLoop)]
        for client in clients { channel.pipeline.fireChannelRead(client as any Channel) }
        channel.read()
        #expect(counter.reads == 0)
        try clients[1].connect(to: SocketAddress(unixDomainSocketPath: "/x")).wait()
        clients[1].close(promise: nil)
        channel.embeddedEventLoop.run()
        #expect(counter.reads == 1)
    }
}
