package import DESBase
package import DESShard

/// Why a source could not be read or removed.
package struct SourceError: Error, Sendable, Hashable {
    package let reason: FailureReason
    package let message: String

    package init(_ reason: FailureReason, _ message: String) {
        self.reason = reason
        self.message = message
    }
}

/// What reading a source gave.
package enum SourceRead: Sendable, Hashable {
    /// All of it was appended to the buffer.
    case contents(FileIdentity)
    /// It is larger than the threshold and was not read.
    case bigFile(FileIdentity)
}

/// What deleting a source came to.
package enum SourceDeletion: Sendable, Hashable {
    case deleted
    /// There was nothing to delete.
    case alreadyGone
    /// It is not the file that was packed, or was not allowed: it is still there.
    case kept(String)
    /// It is still there, because it cannot be told for certain that it is what was packed; a later cycle compares the bytes.
    case postponed(String)
}

/// What a look at the place of a source that was not found tells.
package enum SourceAbsence: Sendable, Hashable {
    /// It is gone: its place is there, and it is not in it. Another try cannot succeed.
    case certain
    /// It was away only in passing.
    case over
    /// Its place is not as it should be, so perhaps it is only out of reach: what is wrong with the place.
    case doubtful(String)
}

/// A source that was packed.
package struct PackedSource: Sendable, Hashable {
    package let location: String
    /// Of what was packed.
    package let identity: FileIdentity

    package init(location: String, identity: FileIdentity) {
        self.location = location
        self.identity = identity
    }
}

/// The files that a catalog's locations name. Calls may block: they are made on threads for that.
package protocol SourceFiles: Sendable {
    /// Appends the whole file to the buffer, if it is not larger than the threshold.
    ///
    /// - Throws: `SourceError`; the buffer is as it was.
    func read(
        _ location: String, bigFileThreshold: UInt64, into buffer: ByteBuffer
    ) async throws(SourceError) -> SourceRead

    /// Gives the file in pieces, and checks that it is and stays the one with that identity.
    ///
    /// - Throws: `SourceError`, or what `body` throws.
    func readPieces(
        _ location: String, of identity: FileIdentity, _ body: (UnsafeRawBufferPointer) throws -> Void
    ) async throws

    /// Puts back what a deletion that was interrupted had moved away from a location.
    func undoInterruptedDeletion(of location: String) async

    /// Deletes the file if it is still the one with that identity.
    func delete(_ location: String, ifStill identity: FileIdentity) async -> SourceDeletion

    /// Deletes those that are still the files that were packed, and answers for each, in their order.
    func delete(_ sources: [PackedSource]) async -> [SourceDeletion]

    /// The identity of what is there now; nil if there is nothing.
    func identity(of location: String) async throws(SourceError) -> FileIdentity?

    /// Whether sources that were missing when they were to be read are gone, or only out of reach, such as those on a disk
    /// that is not mounted; answers for each, in their order. A folder of many of them is looked at once.
    func absences(of locations: [String]) async -> [SourceAbsence]

    /// How many other files beside this one, in its folder, can be read and hold anything.
    ///
    /// - Parameter most: no more are counted.
    func readableSiblings(of location: String, atMost most: Int) async -> Int
}

extension SourceFiles {
    /// One by one; for sources where deleting many together is not faster.
    package func delete(_ sources: [PackedSource]) async -> [SourceDeletion] {
        var deletions: [SourceDeletion] = []
        for source in sources { deletions.append(await delete(source.location, ifStill: source.identity)) }
        return deletions
    }

    /// For sources whose deletion is one step.
    package func undoInterruptedDeletion(of location: String) async {}

    /// For sources whose absence is an answer of their service, never a guess.
    package func absences(of locations: [String]) async -> [SourceAbsence] { locations.map { _ in .certain } }

    /// For sources that nobody can look for beside others.
    package func readableSiblings(of location: String, atMost most: Int) async -> Int { 0 }
}
