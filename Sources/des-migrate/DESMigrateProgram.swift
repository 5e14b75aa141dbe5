import ArgumentParser
import DESCommands

@main enum DESMigrateProgram {
    static func main() async {
        StandardStreams.openClosed()
        await MigrateCommand.main()
    }
}
