import Logging
import NIOCore
import NIOHTTP1

/// Answers the requests of a connection, one after the other: whole requests instead of their parts, and answers that are written as bytes
/// instead of header fields.
struct RequestChannel: Sendable {
    /// Bytes that the system keeps for a client. Its own choice grows to megabytes, of which a slow client has to read a third before
    /// it is seen to read at all.
    private static let sendBuffer = 512 * 1024

    let answerer: any RequestAnswering
    let limits: ConnectionLimits
    let usesLoopExecutor: Bool
    let logger: Logger

    /// Puts the handlers of a new connection in place.
    func setup(_ channel: any Channel) throws -> Connection {
        try? channel.syncOptions?.setOption(.socketOption(.so_sndbuf), value: numericCast(Self.sendBuffer))
        let signal = DecoderSignal()
        let collector = RequestCollector(
            answerer: answerer, limits: limits, signal: signal, remoteAddress: channel.remoteAddress)
        try channel.pipeline.syncOperations.addHandlers([
            ByteToMessageHandler(
                RequestDecoder(limits: limits.limits, signal: signal),
                maximumBufferSize: RequestDecoder.mostUnparsed(limits.limits)),
            collector,
        ])
        return Connection(channel, collector)
    }

    /// Answers until the client or an answer ends the connection.
    func handle(_ connection: Connection) async {
        if usesLoopExecutor {
            await withTaskExecutorPreference(LoopExecutor(connection.channel.eventLoop)) {
                await answerAll(connection)
            }
        } else {
            await answerAll(connection)
        }
    }

    /// Lives as long as the connection: whoever waits for the tasks waits for what is still being sent. Of a connection that is closed nothing
    /// is answered any more. A client that has only closed its own side has not closed the connection.
    private func answerAll(_ connection: Connection) async {
        await withTaskCancellationHandler {
            await withTaskGroup(of: Void.self) { group in
                group.addTask { await answerEach(connection) }
                try? await connection.channel.closeFuture.get()
                group.cancelAll()
            }
        } onCancel: {
            connection.abort()
        }
    }

    private func answerEach(_ connection: Connection) async {
        do {
            let remoteAddress = connection.channel.remoteAddress
            while let request = await connection.next() {
                guard try await answerer.answer(request, to: connection, from: remoteAddress) else { break }
            }
            connection.finish()
        } catch {
            logger.trace("connection ended", metadata: ["error": "\(error)"])
            connection.abort()
        }
    }
}
