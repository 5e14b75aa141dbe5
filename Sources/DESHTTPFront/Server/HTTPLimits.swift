import NIOCore

/// What every port of DES allows its clients: the one place of these numbers. Nothing that a client sends or leaves unsent is kept without
/// one of these bounds.
package struct HTTPLimits: Sendable, Equatable {
    /// Bytes of the request line, of one field, and of all fields of a request together.
    package var headBytes = 80 * 1024
    /// Fields of a request, those of a trailer included.
    package var fieldCount = 100
    /// Bytes of the body of one request.
    package var maximumBodySize = 16 << 20
    /// Bytes of the bodies of all requests together.
    package var maximumBodyMemory = 128 << 20
    /// Requests of one connection that may wait for the answers to those before them.
    package var waitingRequests = 2048

    /// Connections beyond it are told 503; probes and metrics are answered on them too.
    package var maximumConnections = 4096
    /// Connections beyond ``maximumConnections`` that are kept until they have asked; a further one ends the oldest of them.
    package var spareConnections: Int { min(512, max(32, maximumConnections / 8)) }
    /// Descriptors of sockets that are taken at most; what comes then waits to be accepted.
    package var acceptedConnections: Int { maximumConnections + spareConnections + spareConnections / 4 }

    /// Until the head of the first request is there.
    package var headerTimeout = Duration.seconds(10)
    /// Between two requests of a connection, and until the second one's head is there. Balancers keep their connections for 60 s as a rule, and
    /// must be the first to close.
    package var idleTimeout = Duration.seconds(90)
    /// From a request's head to the end of its body.
    package var bodyTimeout = Duration.seconds(30)
    /// Without the client taking anything of what is written.
    package var stallTimeout = Duration.seconds(60)
    /// From the wish to stop until what is still being answered is cut.
    package var drainTimeout = Duration.seconds(30)

    /// The defaults.
    package init() {}

    /// Those of one connection.
    var deadlines: ConnectionDeadline.Limits {
        ConnectionDeadline.Limits(
            header: TimeAmount(headerTimeout), idle: TimeAmount(idleTimeout), body: TimeAmount(bodyTimeout),
            stall: TimeAmount(stallTimeout))
    }
}
