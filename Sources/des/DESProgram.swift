import ArgumentParser
import DESCommands

@main enum DESProgram {
    static func main() async {
        ProgramStart.prepare()
        await ProgramRun.run(DESCommand.self)
    }
}
