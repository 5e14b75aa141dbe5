import NIOCore
import NIOHTTP1

/// Makes whole requests of what the HTTP decoder reads, and sees to it that no connection holds more, or lasts longer, than
/// it may.
///
/// It is the end of the pipeline: the task that answers takes requests from it and gives it pieces of answers, through a
/// ``Connection``.
final class RequestCollector: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// With so many requests waiting for the answer to another no more are read; those that were read already are kept.
    private static let readLimit = 4

    private let answerer: any RequestAnswering
    private let limits: ConnectionLimits
    private let signal: DecoderSignal
    private let remoteAddress: SocketAddress?
    private var deadline: ConnectionDeadline
    private var timer: Scheduled<Void>?
    private var timerTime = NIODeadline.distantFuture
    private var context: ChannelHandlerContext?
    /// Requests that wait to be answered.
    private var waiting: CircularBuffer<ReceivedRequest> = []
    /// The task that wants to answer the next one.
    private var taker: CheckedContinuation<ReceivedRequest?, Never>?
    /// The task that wants to write more than the client takes.
    private var writer: CheckedContinuation<Void, any Error>?
    /// No more requests will come.
    private var isInputClosed = false
    private var isReadHeld = false
    /// Requests that came and are not yet answered.
    private var pending = 0
    private var head: HTTPRequestHead?
    private var frame: RequestFrame?
    private var body: ByteBuffer?
    /// What was found out when its head was there.
    private var note: (any Sendable)?
    private var reservedBody = 0
    /// Bytes of a body that nobody wants.
    private var droppedBody = 0
    /// Whether the client waits for a go-ahead that it did not get yet.
    private var owesGoAhead = false
    /// Of the bodies of requests that are not yet answered, in their order.
    private var pendingBodies: CircularBuffer<Int> = []
    private var isCounted = false
    private var isSpare = false
    private var isQuiescing = false
    private var isOutputClosed = false

    /// Whether an answer was written and not yet flushed.
    private var needsFlush = false

    /// - Parameter signal: tells the decoder before it.
    init(
        answerer: any RequestAnswering, limits: ConnectionLimits, signal: DecoderSignal, remoteAddress: SocketAddress?
    ) {
        self.answerer = answerer
        self.limits = limits
        self.signal = signal
        self.remoteAddress = remoteAddress
        deadline = ConnectionDeadline(limits: limits.limits.deadlines, openedAt: .now())
    }

    /// Nothing that still arrives is looked at.
    private var isDeaf: Bool {
        get { signal.isDeaf }
        set { signal.isDeaf = newValue }
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        isCounted = true
        isSpare = !limits.opened(context.channel)
        schedule(context)
    }

    func handlerRemoved(context: ChannelHandlerContext) { release() }

    func channelInactive(context: ChannelHandlerContext) { release() }

    func read(context: ChannelHandlerContext) {
        if waiting.count < Self.readLimit {
            context.read()
        } else {
            isReadHeld = true
        }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isDeaf else { return }
        switch unwrapInboundIn(data) {
        case .head(let head): receive(head, context)
        case .body(let piece): receive(piece, context)
        case .end: receiveEnd(context)
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        guard needsFlush else { return }
        needsFlush = false
        context.flush()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch error {
        case HeadTooLong.target:
            reject(.uriTooLong, "the request line is longer than \(limits.limits.headBytes) bytes", context)
        case HeadTooLong.fields:
            reject(
                .requestHeaderFieldsTooLarge,
                "there are more than \(limits.limits.fieldCount) fields, or more than \(limits.limits.headBytes) bytes of them",
                context)
        // A client that left in the middle of a request is owed no answer.
        case HTTPParserError.invalidEOFState: break
        case is HTTPParserError: reject(.badRequest, "not valid HTTP/1.1", context)
        // The connection itself is broken: whoever answers on it learns it from the next write.
        default: context.close(promise: nil)
        }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        let isWritable = context.channel.isWritable
        deadline.writable(isWritable, at: .now())
        schedule(context)
        guard isWritable, let writer else { return }
        self.writer = nil
        writer.resume()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is ChannelShouldQuiesceEvent {
            isQuiescing = true
            // A request whose head is there will be answered.
            // What is written and not yet sent is still sent.
            if pending == 0, head == nil { closeOutput() }
        } else if case .some(.inputClosed) = event as? ChannelEvent {
            endInput()
        }
    }

    // MARK: Answering, called by `Connection` on the event loop

    /// The next request if it is there, else whoever waits is told of it; nil at the end of the connection.
    func take(_ taker: CheckedContinuation<ReceivedRequest?, Never>) {
        if let request = takeNow() {
            taker.resume(returning: request)
        } else if isInputClosed {
            taker.resume(returning: nil)
        } else {
            self.taker = taker
        }
    }

    /// The next request if it is there.
    func takeNow() -> ReceivedRequest? {
        guard let request = waiting.popFirst() else { return nil }
        if isReadHeld, let context {
            isReadHeld = false
            context.read()
        }
        return request
    }

    /// Writes a piece of an answer.
    ///
    /// - Returns: whether the client takes more; if not, the next write is to wait with ``waitUntilWritable(_:)``.
    /// - Throws: `ChannelError` when the connection is closed.
    func write(_ part: AnswerPart) throws -> Bool {
        guard isCounted, !isOutputClosed, let context else { throw ChannelError.ioOnClosedChannel }
        switch part {
        case .piece(let bytes):
            context.writeAndFlush(wrapOutboundOut(bytes), promise: nil)
        case .last(let bytes):
            context.writeAndFlush(wrapOutboundOut(bytes), promise: nil)
            pending -= 1
            if let size = pendingBodies.popFirst(), size > 0 { limits.releaseBody(size) }
            guard pending == 0 else { break }
            if head != nil {
                // The rest of a request that was begun behind the others has its time too.
                deadline.receiving(at: .now())
                schedule(context)
                sendGoAhead(context)
            } else if isQuiescing {
                closeOutput()
            } else {
                deadline.answered(at: .now())
                schedule(context)
            }
        case .lastBeforeClose(let bytes):
            context.write(wrapOutboundOut(bytes), promise: nil)
            closeOutput()
        }
        return context.channel.isWritable
    }

    /// Tells when the client takes more, or is gone.
    func waitUntilWritable(_ writer: CheckedContinuation<Void, any Error>) {
        guard isCounted, let context else { return writer.resume(throwing: ChannelError.ioOnClosedChannel) }
        if context.channel.isWritable {
            writer.resume()
        } else {
            self.writer = writer
        }
    }

    /// Closes our side only: a full close while the client still sends would destroy the answer on its way.
    func closeOutput() {
        guard isCounted, !isOutputClosed, let context else { return }
        isDeaf = true
        isOutputClosed = true
        endInput()
        deadline.flushing(at: .now())
        schedule(context)
        let sent = context.eventLoop.makePromise(of: Void.self)
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        sent.futureResult.whenComplete { _ in
            let handler = bound.value
            guard handler.isCounted, let context = handler.context else { return }
            handler.deadline.closing(at: .now())
            handler.schedule(context)
            context.close(mode: .output, promise: nil)
        }
        // With the client's side closed already, closing ours would drop what is not sent yet.
        context.writeAndFlush(wrapOutboundOut(ByteBuffer()), promise: sent)
    }

    /// Closes the connection at once; what is not sent yet is lost.
    func closeNow() { context?.close(promise: nil) }

    // MARK: Receiving

    private func receive(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
        let frame = RequestFrame(head)
        self.head = head
        self.frame = frame
        body = nil
        note = nil
        droppedBody = 0
        if let problem = frame.problem { return reject(problem.status, problem.detail, context) }
        if isSpare {
            isSpare = !limits.adopted(context.channel)
            if isSpare, !answerer.isExempt(head) {
                return reject(.serviceUnavailable, "too many connections", context)
            }
        }
        guard waiting.count < limits.limits.waitingRequests else {
            return reject(.serviceUnavailable, "too many requests before the answers to others", context)
        }
        if let length = frame.contentLength, length > limits.limits.maximumBodySize { return rejectBody(context) }
        if answerer.wantsBody(head) {
            switch answerer.judgeBody(of: head) {
            case .collect(let note):
                self.note = note
                body = ByteBuffer()
            case .refuse(let note): return refuseBody(head, note, context)
            }
        }
        owesGoAhead = frame.expectsGoAhead && frame.hasBody
        guard pending == 0 else { return }
        sendGoAhead(context)
        deadline.receiving(at: .now())
        // Other requests come whole, as a rule: for them the timer that runs already is good enough.
        if frame.hasBody { schedule(context) }
    }

    private func sendGoAhead(_ context: ChannelHandlerContext) {
        guard owesGoAhead else { return }
        owesGoAhead = false
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: "HTTP/1.1 100 Continue\r\n\r\n")), promise: nil)
    }

    private func receive(_ piece: ByteBuffer, _ context: ChannelHandlerContext) {
        owesGoAhead = false
        guard body != nil else {
            droppedBody += piece.readableBytes
            if droppedBody > limits.limits.maximumBodySize { rejectBody(context) }
            return
        }
        guard reservedBody + piece.readableBytes <= limits.limits.maximumBodySize else { return rejectBody(context) }
        guard limits.reserveBody(piece.readableBytes) else {
            return reject(.serviceUnavailable, "too many large requests at once", context)
        }
        reservedBody += piece.readableBytes
        body?.writeImmutableBuffer(piece)
    }

    private func receiveEnd(_ context: ChannelHandlerContext) {
        guard let head else { return }
        self.head = nil
        owesGoAhead = false
        if frame?.offersOtherProtocol == true { signal.expectsOtherProtocol = true }
        if body == nil, pending == 0, !isQuiescing, !isOutputClosed, !isSpare, context.channel.isWritable {
            switch answerer.cachedAnswer(to: head, from: remoteAddress) {
            case .whole(let bytes):
                context.write(wrapOutboundOut(bytes), promise: nil)
                needsFlush = true
                deadline.answered(at: .now())
                return schedule(context)
            case .later(let known): note = known ?? note
            }
        }
        pendingBodies.append(reservedBody)
        reservedBody = 0
        pass(.complete(head, body: body, isLast: isSpare, note: note), context)
        body = nil
        note = nil
    }

    /// Answers a request whose body is not even taken in.
    private func refuseBody(_ head: HTTPRequestHead, _ note: (any Sendable)?, _ context: ChannelHandlerContext) {
        isDeaf = true
        self.head = nil
        pendingBodies.append(0)
        pass(.complete(head, body: nil, isLast: true, note: note), context)
    }

    private func rejectBody(_ context: ChannelHandlerContext) {
        reject(.contentTooLarge, "the body is larger than \(limits.limits.maximumBodySize) bytes", context)
    }

    private func reject(_ status: HTTPStatus, _ detail: String, _ context: ChannelHandlerContext) {
        guard !isDeaf else { return }
        isDeaf = true
        let head = head
        self.head = nil
        owesGoAhead = false
        body = nil
        pendingBodies.append(reservedBody)
        reservedBody = 0
        pass(.rejected(status, detail: detail, head: head), context)
    }

    private func pass(_ request: ReceivedRequest, _ context: ChannelHandlerContext) {
        pending += 1
        deadline.answering()
        if let taker {
            self.taker = nil
            taker.resume(returning: request)
        } else {
            waiting.append(request)
        }
    }

    private func endInput() {
        isInputClosed = true
        guard let taker else { return }
        self.taker = nil
        taker.resume(returning: nil)
    }

    // MARK: Time and end

    /// Sees that a timer runs that ends not after the deadline. One that ends before it just looks again, so that the
    /// many deadlines that are met cost nothing.
    private func schedule(_ context: ChannelHandlerContext) {
        guard isCounted, let next = deadline.next, next < timerTime else { return }
        timer?.cancel()
        timerTime = next
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        timer = context.eventLoop.scheduleTask(deadline: next) {
            let handler = bound.value
            if let context = handler.context { handler.timerFired(context) }
        }
    }

    private func timerFired(_ context: ChannelHandlerContext) {
        timer = nil
        timerTime = .distantFuture
        switch deadline.action(at: .now()) {
        case .doNothing: break
        case .waitUntil: schedule(context)
        case .close: context.close(promise: nil)
        case .timeOutRequest: reject(.requestTimeout, "the request did not arrive in time", context)
        }
    }

    private func release() {
        guard isCounted else { return }
        isCounted = false
        isDeaf = true
        timer?.cancel()
        timer = nil
        if let context { limits.closed(context.channel, isSpare: isSpare) }
        limits.releaseBody(reservedBody + pendingBodies.reduce(0, +))
        reservedBody = 0
        pendingBodies = []
        waiting = []
        context = nil
        endInput()
        writer?.resume(throwing: ChannelError.ioOnClosedChannel)
        writer = nil
    }
}

@available(*, unavailable)
extension RequestCollector: Sendable {}
