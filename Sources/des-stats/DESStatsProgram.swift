import ArgumentParser
import DESCommands

@main enum DESStatsProgram {
    static func main() async {
        ProgramStart.prepare()
        await ProgramRun.run(StatsCommand.self)
    }
}
