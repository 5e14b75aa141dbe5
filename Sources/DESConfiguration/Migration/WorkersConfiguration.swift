/// Section `workers`: many processes share the work of one catalog; a PostgreSQL database holds it.
package struct WorkersConfiguration: Sendable, Equatable {
    /// `coordination_url`: the PostgreSQL database with the tables `des_migration_…`. Required.
    package var coordinationURL: DatabaseURL

    /// `lease_seconds`: how long a unit of work belongs to a worker that is not heard of, 5…86,400. Default 60.
    package var leaseSeconds: Int

    /// `job`: the name under which workers share one catalog; two catalogs in one coordination database need two.
    /// Default: `database.table_name`.
    package var job: String?

    /// `unit_rows`: a day with more pending rows is split into units of about this many, 1,000…1,000,000,000. Default 500,000.
    package var unitRows: Int

    /// `max_attempts`: how often a unit is tried before it is set aside, 1…1000. Default 5.
    package var maxAttempts: Int

    /// `plan_age_seconds`: a worker that starts counts the pending rows anew if that was done longer ago, 0…31,536,000.
    /// Default 300.
    package var planAgeSeconds: Int

    /// Makes a configuration; all but the URL has the defaults of the file.
    package init(
        coordinationURL: DatabaseURL, leaseSeconds: Int = 60, job: String? = nil, unitRows: Int = 500_000,
        maxAttempts: Int = 5, planAgeSeconds: Int = 300
    ) {
        self.coordinationURL = coordinationURL
        self.leaseSeconds = leaseSeconds
        self.job = job
        self.unitRows = unitRows
        self.maxAttempts = maxAttempts
        self.planAgeSeconds = planAgeSeconds
    }
}

extension WorkersConfiguration {
    /// Reads the section; nil when the file does not have it.
    static func unlessAbsent(_ section: ConfigurationSection) -> WorkersConfiguration? {
        // Read in any case, so that its keys are known where they stand in a wrong section.
        let configuration = WorkersConfiguration(
            coordinationURL: section.isPresent ? coordinationURL(section) : .postgresql(""),
            leaseSeconds: section.integer("lease_seconds", in: 5...86_400, default: 60),
            job: section.string("job", expected: "a name"),
            unitRows: section.integer("unit_rows", in: 1000...1_000_000_000, default: 500_000),
            maxAttempts: section.integer("max_attempts", in: 1...1000, default: 5),
            planAgeSeconds: section.integer("plan_age_seconds", in: 0...31_536_000, default: 300))
        return section.isPresent ? configuration : nil
    }

    private static func coordinationURL(_ section: ConfigurationSection) -> DatabaseURL {
        let key = "coordination_url"
        let url = DatabaseURL.required(key, in: section)
        switch url {
        case .postgresql: break
        case .sqlite(path: ""): break
        default: section.report(key, "the work of many workers is held by PostgreSQL: expected postgresql://…")
        }
        return url
    }
}
