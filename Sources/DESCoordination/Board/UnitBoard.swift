package import DESBase
package import DESCatalog
package import DESRouting

/// The units of work of one job: what is to be done, who does it, and until when.
///
/// Every change to a claimed unit carries the claim's token and says whether it hit: a worker that was paused for longer than
/// its lease changes nothing any more. Calls throw ``CoordinationError``, or `CancellationError`.
package protocol UnitBoard: Sendable {
    /// The name under which workers share the work.
    var job: String { get }
    /// How long a unit belongs to a worker that is not heard of.
    var lease: Duration { get }

    /// Signs the worker in, and lets a plan be made if the last one is old.
    func begin() async throws

    /// The number of bits of the shard indices of the job: this one, unless a worker that began before, or the plan of an
    /// older version, decided on another.
    ///
    /// - Throws: ``CoordinationError`` with `vanished`.
    func agree(onBits bits: ShardBits) async throws -> Int

    /// Whether this store is the one that the workers of the job publish to; the first one decides.
    func agree(onStore store: String) async throws -> Bool

    /// Claims what is next: the plan first, then the oldest day.
    ///
    /// - Throws: ``CoordinationError`` with `vanished` if there is not even a plan.
    func next() async throws -> ClaimAnswer

    /// Writes the units of a plan.
    ///
    /// - Throws: ``CoordinationError`` with `lost` if somebody else makes the plan by now.
    /// - Returns: how many units there are to do now.
    func finishPlan(
        _ claim: Claim, days: [PendingDay], bits: ShardBits, cutoff: Timestamp, rowsPerUnit: Int
    ) async throws -> Int

    /// Asks for another term and tells how far the work is.
    ///
    /// - Returns: false if somebody else has it.
    func renew(_ claim: Claim, _ progress: ClaimProgress) async throws -> Bool

    /// Every row was looked at.
    ///
    /// - Throws: ``CoordinationError`` with `lost`.
    func complete(_ claim: Claim, _ progress: ClaimProgress) async throws

    /// It could not be done; after the last attempt it is set aside.
    ///
    /// - Throws: ``CoordinationError`` with `lost`.
    func fail(_ claim: Claim, _ progress: ClaimProgress, error: String) async throws

    /// It is given back unfinished, and the attempt does not count.
    ///
    /// - Throws: ``CoordinationError`` with `lost`.
    func release(_ claim: Claim, _ progress: ClaimProgress) async throws

    /// Notes shards before they are published; a worker who takes the unit over afterwards sees the names.
    ///
    /// - Throws: ``CoordinationError`` with `lost`: they must not be published.
    func intend(_ claim: Claim, shards: [String]) async throws

    /// Shards that earlier holders of the unit published or were about to.
    func shardsInDoubt(_ claim: Claim) async throws -> [String]

    /// All rows of these shards are settled, or they were taken back. Shards that a later holder noted are left alone.
    func forget(_ claim: Claim, shards: [String]) async throws

    /// The shard is not in the store; should it appear after all, its maker removes it.
    ///
    /// Its maker may have published it just before it is given up, and have looked here just before that: whoever gives it up
    /// looks into the store once more afterwards.
    ///
    /// - Throws: ``CoordinationError`` with `lost`.
    func abandon(_ claim: Claim, shard: String) async throws

    /// Which of these shards somebody else has given up.
    func abandoned(among shards: [String]) async throws -> [String]

    /// The worker is done; the status shows it as ended.
    func end() async throws
}
