import CHiredis
import DESBase
import Glibc

/// A connection that is open, for one thread. Every call ends in time, whatever the server does; after an error other than a
/// foreign value or a refused one it is to be thrown away.
final class RedisSession {
    private let context: UnsafeMutablePointer<redisContext>
    private let commandTimeout: Duration

    /// Connects, and becomes the user and chooses the database that the settings name. Only looking up the host's name may
    /// take longer than the settings say.
    init(_ settings: RedisSettings) throws(RedisError) {
        commandTimeout = settings.commandTimeout
        guard
            let context = redisConnectWithTimeout(
                settings.url.host, Int32(settings.url.port), timeval(settings.connectTimeout))
        else { throw RedisError(.unusable, "cannot connect: out of memory") }
        self.context = context
        guard context.pointee.err == 0 else {
            throw RedisError(.unusable, "cannot connect: \(Self.problem(of: context, settings.connectTimeout))")
        }
        guard redisSetTimeout(context, timeval(settings.commandTimeout)) == REDIS_OK else {
            throw RedisError(.unusable, "cannot connect: \(Self.problem(of: context, settings.commandTimeout))")
        }
        // It only finds out sooner that the other side is gone.
        redisEnableKeepAlive(context)
        let deadline = ContinuousClock.now + settings.commandTimeout
        if let password = settings.url.password {
            try prepare("AUTH", [settings.url.user, password].compactMap { $0 }, deadline)
        }
        if settings.url.database != 0 { try prepare("SELECT", [String(settings.url.database)], deadline) }
    }

    deinit { redisFree(context) }

    /// Whether the other side has closed an idle connection, or sent what nobody asked for.
    func isLost() -> Bool {
        var descriptor = pollfd(fd: context.pointee.fd, events: Int16(POLLIN), revents: 0)
        return poll(&descriptor, 1, 0) != 0
    }

    /// The bytes of a value that was wrapped in a frame; nil if there is none.
    func value(of key: String, largest: Int) throws(RedisError) -> [UInt8]? {
        // Not GET: what somebody else has put there may be of any size.
        let end = String(CachedValueFrame.headerSize + largest)
        let reply = try call(["GETRANGE", key, "0", end].map { Array($0.utf8) })
        if let error = reply.error {
            throw RedisError(error.hasBytePrefix("WRONGTYPE") ? .foreignValue : .unusable, "GETRANGE: \(error)")
        }
        guard reply.type == REDIS_REPLY_STRING else {
            throw RedisError(.unusable, "GETRANGE: an answer of an unknown kind")
        }
        if reply.bytes.isEmpty { return nil }
        guard let value = CachedValueFrame.unwrapped(reply.bytes, key: key) else {
            throw RedisError(.foreignValue, "the value of a key is damaged, cut short or not ours")
        }
        return value
    }

    /// Keeps a value, wrapped in a frame, in place of whatever is there.
    func keep(_ value: [UInt8], key: String, lifetime: Duration) throws(RedisError) {
        let seconds = String(max(1, lifetime.components.seconds))
        let reply = try call([
            Array("SET".utf8), Array(key.utf8), CachedValueFrame.wrapped(value, key: key), Array("EX".utf8),
            Array(seconds.utf8),
        ])
        if let error = reply.error { throw RedisError(.valueRefused, "SET: \(error)") }
    }

    private func prepare(
        _ command: String, _ arguments: [String], _ deadline: ContinuousClock.Instant
    ) throws(RedisError) {
        let reply = try call(([command] + arguments).map { Array($0.utf8) }, until: deadline)
        guard let error = reply.error else { return }
        // Only the code: a server that does not know the command quotes the arguments, and so the password.
        let code = error.prefix { $0 != " " }
        throw RedisError(.unusable, "\(command) is refused: \(code)")
    }

    private func call(
        _ words: [[UInt8]], until deadline: ContinuousClock.Instant? = nil
    ) throws(RedisError) -> RedisReply {
        let deadline = deadline ?? .now + commandTimeout
        let isTaken = Self.command(words).withUnsafeBytes { command in
            redisAppendFormattedCommand(context, command.bindMemory(to: CChar.self).baseAddress, command.count)
        }
        guard isTaken == REDIS_OK else { throw failure() }
        // What redisGetReply does; but there each piece of the answer may take the whole time.
        var isSent: Int32 = 0
        while isSent == 0 {
            guard redisBufferWrite(context, &isSent) == REDIS_OK else { throw failure() }
            if isSent == 0 { try check(deadline) }
        }
        while true {
            var reply: UnsafeMutableRawPointer?
            guard redisGetReplyFromReader(context, &reply) == REDIS_OK else { throw failure() }
            if let reply { return RedisReply(reply) }
            try check(deadline)
            guard redisBufferRead(context) == REDIS_OK else { throw failure() }
        }
    }

    /// The words as they are sent (RESP 2): their number, and before each its length.
    private static func command(_ words: [[UInt8]]) -> [UInt8] {
        words.reduce(into: Array("*\(words.count)\r\n".utf8)) { command, word in
            command += Array("$\(word.count)\r\n".utf8)
            command += word
            command += Array("\r\n".utf8)
        }
    }

    private func check(_ deadline: ContinuousClock.Instant) throws(RedisError) {
        if ContinuousClock.now >= deadline { throw RedisError(.unusable, Self.silence(commandTimeout)) }
    }

    private func failure() -> RedisError { RedisError(.unusable, Self.problem(of: context, commandTimeout)) }

    private static func silence(_ limit: Duration) -> String { "no answer within \(limit)" }

    private static func problem(of context: UnsafeMutablePointer<redisContext>, _ limit: Duration) -> String {
        let number = errno
        if context.pointee.err == REDIS_ERR_IO, [EAGAIN, EWOULDBLOCK, ETIMEDOUT].contains(number) {
            return silence(limit)
        }
        return withUnsafeBytes(of: &context.pointee.errstr) { text in
            String(decoding: text.prefix { $0 != 0 }, as: UTF8.self)
        }
    }
}

/// An answer of the server, freed with this object.
private final class RedisReply {
    private let object: UnsafeMutablePointer<redisReply>

    init(_ object: UnsafeMutableRawPointer) { self.object = object.assumingMemoryBound(to: redisReply.self) }

    deinit { freeReplyObject(object) }

    var type: Int32 { object.pointee.type }

    /// Of a string; valid as long as this object.
    var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: object.pointee.str, count: object.pointee.len) }

    /// The text of an error, cut to a reasonable length; nil if the answer is none.
    var error: String? {
        guard type == REDIS_REPLY_ERROR else { return nil }
        return String(decoding: bytes.prefix(200), as: UTF8.self)
    }
}

extension timeval {
    /// At least a microsecond: none would mean for ever.
    fileprivate init(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        let microseconds = Int(attoseconds / 1_000_000_000_000)
        self.init(tv_sec: Int(seconds), tv_usec: seconds == 0 ? max(1, microseconds) : microseconds)
    }
}
