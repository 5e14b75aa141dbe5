import ArgumentParser
import DESCommands

@main enum DESPackProgram {
    static func main() async {
        ProgramStart.prepare()
        await ProgramRun.run(PackCommand.self)
    }
}
