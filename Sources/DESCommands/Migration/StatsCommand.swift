package import ArgumentParser
import DESBase
import DESCatalog
import DESConfiguration
import DESMigration

/// `des-stats`: what waits in a catalog, without a configuration file.
package struct StatsCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: ProgramName.command("stats"),
        abstract: "Tell how many files of a catalog wait to be migrated.",
        discussion: """
            Nothing is changed.

            EXAMPLES
              des-stats --db-url sqlite:///catalog.db --table files --cutoff 2026-01-01T00:00:00Z
              des-stats --db-url sqlite:////var/lib/app/catalog.db --table docs --cutoff 2026-01-01 --size-bytes-column ''
            """,
        version: Release.version
    )

    @Option(
        name: .long,
        help: "Where the catalog is: sqlite:///catalog.db, postgresql://…, mysql://…, mssql://…, oracle://…, odbc:…")
    var dbUrl: String

    @Option(name: .long, help: "The table that lists the files.")
    var table: String

    @Option(name: .long, help: "Count files created before this moment (ISO 8601; without offset: UTC).")
    var cutoff: String

    @Option(name: .long) var uidColumn = "uid"
    @Option(name: .long) var createdAtColumn = "created_at"
    @Option(name: .long) var fileLocationColumn = "file_location"
    @Option(name: .long, help: "'' if there is none: sizes are left out.") var sizeBytesColumn = "size_bytes"
    @Option(name: .long) var archivedColumn = "archived"

    @Option(name: .long, help: "Count only rows that fulfil this condition, in the database's SQL.") var whereClause:
        String?
    @Option(name: .long, help: "How long the count may take.") var statementTimeoutSeconds: Double = 600

    @Flag(name: .long, help: "Print the result as one JSON object.")
    var json = false

    package init() {}

    package func validate() throws {
        guard Timestamp(parsing: cutoff) != nil else {
            throw ValidationError("--cutoff is \(cutoff), expected a moment such as 2026-01-31T12:00:00Z")
        }
        guard (1...86_400).contains(statementTimeoutSeconds) else {
            throw ValidationError("--statement-timeout-seconds is to be 1 to 86,400")
        }
    }

    package func run() async throws {
        guard let moment = Timestamp(parsing: cutoff) else { throw ExitStatus.fatal }
        let url: DatabaseURL
        do {
            url = try DatabaseURL(dbUrl)
        } catch {
            Console.error("--db-url: \(error.message)")
            throw ExitStatus.configuration
        }
        let schema = CatalogSchema(
            table: table, uidColumn: uidColumn, createdAtColumn: createdAtColumn,
            locationColumn: fileLocationColumn, sizeColumn: sizeBytesColumn.isEmpty ? nil : sizeBytesColumn,
            archivedColumn: archivedColumn, metaColumns: [], whereClause: whereClause
        )
        do {
            let factory = CatalogFactory(
                schema: schema, access: .readOnly, statementTimeout: .seconds(statementTimeoutSeconds))
            let catalog = try factory.catalog(at: url)
            try await catalog.checkSchema()
            for warning in try await catalog.findings().warnings { Console.error("warning: \(warning)") }
            let statistics = try await catalog.statistics(olderThan: moment)
            let report = StatisticsReport(
                statistics, cutoff: moment,
                oldest: try await catalog.oldestStoredTime(statistics.oldest, before: moment), now: Timestamp.now())
            await catalog.close()
            try Console.out(json ? try JSONOutput.text(report) : report.text)
        } catch let error as CatalogError {
            Console.error("\(error)")
            throw ExitStatus.fatal
        }
    }
}
