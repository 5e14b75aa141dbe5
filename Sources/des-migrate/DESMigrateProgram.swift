import ArgumentParser
import DESCommands

@main enum DESMigrateProgram {
    static func main() async { await MigrateCommand.main() }
}
