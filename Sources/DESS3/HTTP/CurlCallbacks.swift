import CCurl

// Global functions, since a global closure would belong to the main actor. `context` is the handle's ``CurlTransfer``, which
// lives as long as libcurl works on it.

private func transfer(_ context: UnsafeMutableRawPointer) -> CurlTransfer {
    Unmanaged<CurlTransfer>.fromOpaque(context).takeUnretainedValue()
}

/// Bytes of the answer's body have come.
func curlReceivedBody(
    _ bytes: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int, _ context: UnsafeMutableRawPointer?
) -> Int {
    guard let context else { return 0 }
    let buffer = UnsafeRawBufferPointer(start: bytes, count: size * count)
    // Any other number than that of the bytes is an error.
    return transfer(context).received(buffer) ? buffer.count : buffer.count + 1
}

/// A header line of the answer has come.
func curlReceivedHeader(
    _ bytes: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int, _ context: UnsafeMutableRawPointer?
) -> Int {
    guard let context else { return 0 }
    let line = UnsafeRawBufferPointer(start: bytes, count: size * count)
    transfer(context).received(header: line)
    return line.count
}

/// Bytes of the request's body are wanted.
func curlWantsBody(
    _ bytes: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int, _ context: UnsafeMutableRawPointer?
) -> Int {
    guard let context else { return des_curl_read_abort }
    let buffer = UnsafeMutableRawBufferPointer(start: bytes, count: size * count)
    return transfer(context).send(into: buffer) ?? des_curl_read_abort
}

/// The request's body is wanted from another place on.
func curlSeeksBody(_ context: UnsafeMutableRawPointer?, _ offset: curl_off_t, _ origin: CInt) -> CInt {
    guard let context, origin == 0 else { return des_curl_seek_fail }
    return transfer(context).rewind(to: Int(offset)) ? des_curl_seek_ok : des_curl_seek_fail
}
