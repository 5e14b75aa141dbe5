/// One object as it was when it was listed, ready to be read by ranges.
///
/// An object that was replaced since then is never read as the one that was listed: the read fails with
/// ``StorageError/Code/changed``, or still gives the bytes of the old one.
package protocol ObjectHandle: Sendable {
    /// As it was listed.
    var attributes: ObjectAttributes { get }

    /// The bytes of a range that lies inside the object, all of them.
    ///
    /// - Throws: `StorageError`: `notFound`, `changed`, `damaged` when fewer bytes came, and others.
    func read(_ range: Range<UInt64>) async throws(StorageError) -> [UInt8]

    /// The same to where it is wanted, if it can be had without waiting.
    ///
    /// - Parameter output: as large as the range.
    /// - Returns: whether all of it is there.
    func readCached(_ range: Range<UInt64>, into output: UnsafeMutableRawBufferPointer) -> Bool
}

extension ObjectHandle {
    package func readCached(_ range: Range<UInt64>, into output: UnsafeMutableRawBufferPointer) -> Bool { false }
}

extension StorageError {
    /// An object gave fewer bytes than it should have.
    static func short(_ key: String, _ range: Range<UInt64>, found: Int) -> StorageError {
        StorageError(
            .damaged, key: key,
            "\(key): expected bytes \(range.lowerBound) to \(range.upperBound), found \(found) of them")
    }
}
