/// Keeps the bytes of indexes for several processes. It may forget, be slow or be gone: reads then go on without it.
package protocol SharedIndexCache: Sendable {
    /// The value of a key; nil if it is not there, or cannot be had in time.
    func value(of key: String) async -> [UInt8]?
    /// Keeps a value for later, if it can; does not wait for long.
    func keep(_ value: [UInt8], key: String) async
}
