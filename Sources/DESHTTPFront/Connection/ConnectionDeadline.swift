import NIOCore

/// How long a connection may stay as it is. Knows no clock: each event brings the time.
///
/// | phase | ends with | until then |
/// |---|---|---|
/// | waiting for a first request | its head | `header` after the connection was opened |
/// | waiting for another request | its head | `idle` after the last answer |
/// | receiving a body | its end | `body` after the head |
/// | answering | the last piece | nothing, but see stalled |
/// | stalled: the client does not take what was written | it takes some | `stall` |
/// | flushing: all was written, not all is sent | it is sent | `stall` |
/// | closing: all was sent, the client has not closed | it closes | `linger` |
struct ConnectionDeadline {
    /// The limits of the phases.
    struct Limits: Sendable {
        var header: TimeAmount
        var idle: TimeAmount
        var body: TimeAmount
        var stall: TimeAmount
        var linger = TimeAmount.seconds(2)
    }

    /// What is done when the time is over.
    enum Action: Equatable {
        /// Nothing yet; ask again at this time.
        case waitUntil(NIODeadline)
        /// Nothing, until the next event.
        case doNothing
        /// The connection is closed without a word.
        case close
        /// The request is answered with 408.
        case timeOutRequest
    }

    private enum Phase { case waiting, receiving, answering, closing }

    private let limits: Limits
    private var phase = Phase.waiting
    private var phaseDeadline: NIODeadline?
    private var stallDeadline: NIODeadline?

    init(limits: Limits, openedAt time: NIODeadline) {
        self.limits = limits
        phaseDeadline = time + limits.header
    }

    /// The head of a request arrived, and its body is still to come.
    mutating func receiving(at time: NIODeadline) {
        phase = .receiving
        phaseDeadline = time + limits.body
    }

    /// A request is there and will be answered.
    mutating func answering() {
        phase = .answering
        phaseDeadline = nil
    }

    /// All requests that arrived are answered.
    mutating func answered(at time: NIODeadline) {
        phase = .waiting
        phaseDeadline = time + limits.idle
    }

    /// Nothing more will be written.
    mutating func flushing(at time: NIODeadline) {
        phase = .closing
        phaseDeadline = time + limits.stall
    }

    /// All is sent.
    mutating func closing(at time: NIODeadline) {
        phase = .closing
        phaseDeadline = time + limits.linger
    }

    /// The client takes what is written, or has stopped to.
    mutating func writable(_ isWritable: Bool, at time: NIODeadline) {
        stallDeadline = isWritable ? nil : time + limits.stall
    }

    /// When to look again; nil: not before the next event.
    var next: NIODeadline? {
        switch (phaseDeadline, stallDeadline) {
        case (let phase?, let stall?): min(phase, stall)
        case (let phase, let stall): phase ?? stall
        }
    }

    /// What is to be done now.
    func action(at time: NIODeadline) -> Action {
        guard let next else { return .doNothing }
        guard time >= next else { return .waitUntil(next) }
        if let stallDeadline, time >= stallDeadline { return .close }
        return phase == .receiving ? .timeOutRequest : .close
    }
}
