/// What a shard is written to: takes bytes in order.
public protocol ShardSink {
    /// Takes all of the bytes, which follow those of the call before.
    func write(_ bytes: UnsafeRawBufferPointer) throws
}
