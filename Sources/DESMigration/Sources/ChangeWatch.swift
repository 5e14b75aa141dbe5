import DESBase

/// Tells whether a file may get other content, or may just have got it, without its size and times showing it.
///
/// Times of files move in ticks, so that a write within the tick in which a file was read is not seen; and bytes that a program
/// writes through a mapping may reach the file long after its time moved. Both are ruled out by a read lease, which is given
/// only while nobody has the file open for writing, and a tick that has passed; where the file system has no leases, by time.
package struct ChangeWatch: Sendable {
    /// Nanoseconds within which a mapped page is written back, twice over (`vm.dirty_expire_centisecs` is 30 s).
    static let quietTime: Int64 = 60_000_000_000
    /// Nanoseconds of a tick where a file system keeps whole seconds; FAT has two.
    static let coarseTick: Int64 = 2_000_000_000

    private let now: @Sendable () -> Int64
    private let takesLeases: Bool

    /// - Parameters:
    ///   - now: nanoseconds since 1970, in the ticks of the file system.
    ///   - takesLeases: whether leases are asked for.
    package init(takesLeases: Bool = true, now: @escaping @Sendable () -> Int64 = { FileClock.now() }) {
        self.takesLeases = takesLeases
        self.now = now
    }

    /// - Parameter file: open for reading; a lease on it lasts as long as it is open.
    func mayChangeUnseen(_ identity: FileIdentity, _ file: OpenFile) -> Bool {
        let lease = takesLeases ? file.takeReadLease() : .unavailable
        return Self.mayChangeUnseen(identity, lease: lease, now: now())
    }

    /// Whether nobody has the file open for writing, as far as the file system tells; if it does, nobody opens it so until it is closed.
    func mayBeRemoved(_ file: OpenFile) -> Bool { !takesLeases || file.takeReadLease() != .isBeingWritten }

    /// Whether it may change unseen, by the last moment at which its content or attributes changed, which nobody can set back.
    static func mayChangeUnseen(_ identity: FileIdentity, lease: ReadLease, now: Int64) -> Bool {
        let quiet: Int64
        switch lease {
        case .isBeingWritten: return true
        case .unavailable: quiet = quietTime
        case .taken: quiet = identity.changedAtNanoseconds % 1_000_000_000 == 0 ? coarseTick : 0
        }
        let age = now.subtractingReportingOverflow(identity.changedAtNanoseconds)
        return age.overflow ? now < identity.changedAtNanoseconds : age.partialValue <= quiet
    }
}
