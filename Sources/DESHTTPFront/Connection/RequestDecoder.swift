import NIOCore
import NIOHTTP1

/// What the collector of requests tells the decoder before it, on their event loop.
final class DecoderSignal {
    /// A request has ended after which the parser expects another protocol.
    var expectsOtherProtocol = false
    /// Nothing that still arrives is looked at.
    var isDeaf = false
}

@available(*, unavailable)
extension DecoderSignal: Sendable {}

/// A head that is longer than it may be.
enum HeadTooLong: Error, Equatable {
    /// Its request line: 414 (RFC 9112, section 3).
    case target
    /// Its fields, or one of them: 431 (RFC 6585, section 5).
    case fields
}

/// SwiftNIO's parser of HTTP/1.1, but for three things: after a request that offers an upgrade it goes on with HTTP/1.1, as a server does that
/// takes none (RFC 9110, section 7.8); after an error it drops what comes instead of keeping it; and it tells what was too long.
final class RequestDecoder: ByteToMessageDecoder {
    typealias InboundOut = HTTPServerRequestPart

    /// Bytes that may wait for their end, as the longest field does while it arrives.
    static func mostUnparsed(_ limits: HTTPLimits) -> Int { 4 * limits.headBytes }

    private let limits: NIOHTTPDecoderLimitConfiguration
    private let signal: DecoderSignal
    private var parser: HTTPRequestDecoder
    /// Whether the last byte that was looked at belongs to the target of a request line that is not whole.
    private var isInTarget = false

    init(limits: HTTPLimits, signal: DecoderSignal) {
        var configuration = NIOHTTPDecoderLimitConfiguration()
        configuration.maxHeaderFieldSize = limits.headBytes
        configuration.maxHeaderListSize = limits.headBytes
        configuration.maxHeaderFieldCount = limits.fieldCount
        self.limits = configuration
        self.signal = signal
        parser = HTTPRequestDecoder(leftOverBytesStrategy: .dropBytes, limitConfiguration: configuration)
    }

    func decoderAdded(context: ChannelHandlerContext) { parser.decoderAdded(context: context) }

    func decoderRemoved(context: ChannelHandlerContext) { parser.decoderRemoved(context: context) }

    func decode(context: ChannelHandlerContext, buffer: inout ByteBuffer) throws -> DecodingState {
        while !signal.isDeaf, buffer.readableBytes > 0 {
            let start = buffer.readerIndex
            do {
                _ = try parser.decode(context: context, buffer: &buffer)
            } catch {
                stop(error, buffer, context)
                break
            }
            guard signal.expectsOtherProtocol else {
                noteTarget(buffer, from: start)
                return .needMoreData
            }
            signal.expectsOtherProtocol = false
            isInTarget = false
            parser.decoderRemoved(context: context)
            parser = HTTPRequestDecoder(leftOverBytesStrategy: .dropBytes, limitConfiguration: limits)
            parser.decoderAdded(context: context)
        }
        if signal.isDeaf { buffer.moveReaderIndex(forwardBy: buffer.readableBytes) }
        return .needMoreData
    }

    func decodeLast(
        context: ChannelHandlerContext, buffer: inout ByteBuffer, seenEOF: Bool
    ) throws -> DecodingState {
        if buffer.readableBytes > 0 { _ = try decode(context: context, buffer: &buffer) }
        guard !signal.isDeaf else { return .needMoreData }
        do {
            return try parser.decodeLast(context: context, buffer: &buffer, seenEOF: seenEOF)
        } catch {
            stop(error, buffer, context)
            return .needMoreData
        }
    }

    private func stop(_ error: any Error, _ buffer: ByteBuffer, _ context: ChannelHandlerContext) {
        var reported = error
        if let error = error as? HTTPParserError, error == .headerOverflow {
            let field = buffer.readableBytesView.drop { $0 == 0x20 }.prefix(limits.maxHeaderFieldSize)
            let isTarget = isInTarget && !field.contains(0x20)
            reported = isTarget ? HeadTooLong.target : HeadTooLong.fields
        }
        context.fireErrorCaught(reported)
        signal.isDeaf = true
    }

    /// The parser leaves in the buffer what it has of a target or a field that is not whole. What stands before it on its line tells which:
    /// before a target only the method, before a field nothing, and before a value, whose name the parser has taken, a colon.
    private func noteTarget(_ buffer: ByteBuffer, from start: Int) {
        guard buffer.readerIndex > start else { return }
        var taken = buffer
        taken.moveReaderIndex(to: start)
        let line = taken.readableBytesView.prefix(buffer.readerIndex - start)
        // So it is after most requests.
        guard line.last != 0x0A else {
            isInTarget = false
            return
        }
        let rest = line.lastIndex(of: 0x0A).map { line[line.index(after: $0)...] } ?? line
        isInTarget = !rest.contains(UInt8(ascii: ":"))
    }
}

@available(*, unavailable)
extension RequestDecoder: Sendable {}
