package import DESCatalog

/// The right to work on something for as long as the lease is renewed.
package struct Claim: Sendable, Hashable {
    /// What was claimed.
    package enum Subject: Sendable, Hashable {
        /// Counting the pending rows and writing the units.
        case plan
        case unit(WorkUnit)
    }

    package let job: String
    package let subject: Subject
    /// Higher than every one given out before.
    package let token: Int64
    /// How often the unit was claimed, this time included.
    package let attempt: Int

    package init(job: String, subject: Subject, token: Int64, attempt: Int) {
        self.job = job
        self.subject = subject
        self.token = token
        self.attempt = attempt
    }

    /// The name of what was claimed, within the job.
    package var name: String {
        switch subject {
        case .plan: Self.planName
        case .unit(let unit): unit.name
        }
    }

    /// What the catalog checks when rows are marked.
    package var fence: Fence { Fence(unit: "\(job)/\(name)", token: token) }

    package static let planName = "plan"
}

/// What a worker is to do next.
package enum ClaimAnswer: Sendable, Hashable {
    /// To count the pending rows by day and call ``UnitBoard/finishPlan(_:days:cutoff:)``.
    case plan(Claim)
    case unit(Claim, WorkUnit)
    /// Others work on what is left, or it is to be tried again later.
    case wait(Duration)
    /// Everything is done but so many units that were set aside.
    case finished(setAside: Int)
}

/// What a worker did so far on what it claimed.
package struct ClaimProgress: Sendable, Hashable {
    package var filesMigrated = 0
    package var filesFailed = 0
    package var filesSkipped = 0
    /// Original bytes of the migrated files.
    package var bytes: Int64 = 0
    /// The first failure in words.
    package var firstError: String?

    package init() {}
}
