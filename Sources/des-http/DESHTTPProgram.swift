import ArgumentParser
import DESCommands

@main enum DESHTTPProgram {
    static func main() async {
        ProgramStart.prepare()
        await ProgramRun.run(HTTPCommand.self)
    }
}
