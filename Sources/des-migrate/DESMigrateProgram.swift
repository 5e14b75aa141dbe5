import ArgumentParser
import DESCommands

@main enum DESMigrateProgram {
    static func main() async {
        ProgramStart.prepare()
        await ProgramRun.run(MigrateCommand.self)
    }
}
