/// What the units and workers of a job are doing; coded keys are those of the printed status.
package struct BoardStatus: Sendable, Hashable, Encodable {
    /// One worker.
    package struct Worker: Sendable, Hashable, Encodable {
        package var worker: String
        /// `working`, `idle`, `ended`, or `silent` if it has not been heard of for longer than its lease.
        package var state: String
        package var unit: String?
        package var filesMigrated: Int64
        package var filesFailed: Int64
        package var bytes: Int64
        /// Since it was last heard of.
        package var silentSeconds: Double
        package var filesPerSecond: Double
        package var bytesPerSecond: Double
    }

    /// A unit that needs somebody to look at it.
    package struct Unit: Sendable, Hashable, Encodable {
        package var unit: String
        package var attempts: Int64
        package var error: String?
    }

    package var job: String
    /// Nil if there never was a plan.
    package var plannedAt: String?
    package var planState: String?
    package var unitsPending: Int64 = 0
    package var unitsLeased: Int64 = 0
    package var unitsDone: Int64 = 0
    package var unitsSetAside: Int64 = 0
    /// Pending rows when the units were planned.
    package var rowsPlanned: Int64 = 0
    package var filesMigrated: Int64 = 0
    package var filesFailed: Int64 = 0
    package var bytes: Int64 = 0
    /// Planned rows of units that are pending or worked on, less those that were looked at.
    package var rowsLeft: Int64 = 0
    package var filesPerSecond: Double = 0
    /// At the present rate; nil if nobody works.
    package var secondsLeft: Double?
    package var workers: [Worker] = []
    /// The first hundred.
    package var setAside: [Unit] = []

    package init(job: String) { self.job = job }
}
