import HummingbirdCore
import Logging
import NIOCore
import NIOHTTP1

/// Answers the requests of a connection, one after the other.
///
/// It stands where Hummingbird's own HTTP/1 channel would, for whole requests instead of their parts, answers that are
/// written as bytes instead of header fields, and limits of time and memory; listening, TLS and the orderly end are
/// Hummingbird's.
struct FileChannel: ServerChildChannel {
    typealias Value = Connection

    /// Bytes that the request line or a header may have, and all headers together.
    private static let headerLimit = 80 * 1024

    /// Bytes that the system keeps for a client. Its own choice grows to megabytes, of which a slow client has to read a third before
    /// it is seen to read at all.
    private static let sendBuffer = 512 * 1024

    let service: FileService
    let limits: ConnectionLimits
    let maximumBodySize: Int
    let deadlines: ConnectionDeadline.Limits
    let usesLoopExecutor: Bool

    /// Puts the handlers of a new connection in place.
    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        channel.eventLoop.makeCompletedFuture {
            var decoderLimits = NIOHTTPDecoderLimitConfiguration()
            decoderLimits.maxHeaderFieldSize = Self.headerLimit
            decoderLimits.maxHeaderListSize = Self.headerLimit
            decoderLimits.maxHeaderFieldCount = 100
            try? channel.syncOptions?.setOption(.socketOption(.so_sndbuf), value: numericCast(Self.sendBuffer))
            let (service, remoteAddress) = (service, channel.remoteAddress)
            let collector = RequestCollector(
                limits: limits, maximumBodySize: maximumBodySize, deadlines: deadlines
            ) { service.answerNow($0, from: remoteAddress) }
            try channel.pipeline.syncOperations.addHandlers([
                ByteToMessageHandler(
                    HTTPRequestDecoder(leftOverBytesStrategy: .dropBytes, limitConfiguration: decoderLimits)),
                collector,
            ])
            return Connection(channel, collector)
        }
    }

    /// Answers until the client or an answer ends the connection.
    func handle(value connection: Connection, logger: Logger) async {
        if usesLoopExecutor {
            await withTaskExecutorPreference(LoopExecutor(connection.channel.eventLoop)) {
                await answerAll(connection, logger)
            }
        } else {
            await answerAll(connection, logger)
        }
    }

    private func answerAll(_ connection: Connection, _ logger: Logger) async {
        await withTaskCancellationHandler {
            do {
                let remoteAddress = connection.channel.remoteAddress
                while let request = await connection.next() {
                    guard try await service.answer(request, to: connection, from: remoteAddress) else { break }
                }
                connection.finish()
            } catch {
                logger.trace("connection ended", metadata: ["error": "\(error)"])
                connection.abort()
            }
            // The task lives as long as the connection: whoever waits for the tasks waits for what is still being sent.
            try? await connection.channel.closeFuture.get()
        } onCancel: {
            connection.abort()
        }
    }
}
