package import ArgumentParser
import DESBase

/// `des`: the toolbox, with every other program as a subcommand.
package struct DESCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "des",
        abstract: "Many small files in few large shards.",
        discussion: """
            EXAMPLES
              des migrate --config migration.yaml
              des ls ./des_output
              des cat ./des_output doc-00000001.txt
              des verify ./des_output
            """,
        version: Release.version,
        groupedSubcommands: [
            CommandGroup(
                name: "Moving files into shards",
                subcommands: [MigrateCommand.self, PackCommand.self, StatsCommand.self, ReconcileCommand.self]
            ),
            CommandGroup(
                name: "Serving files",
                subcommands: [HTTPCommand.self]
            ),
            CommandGroup(
                name: "Looking into shards",
                subcommands: [
                    ListCommand.self, StatCommand.self, CatCommand.self, ExtractCommand.self, VerifyCommand.self,
                    LocateCommand.self,
                ]
            ),
        ]
    )

    package init() {}
}
