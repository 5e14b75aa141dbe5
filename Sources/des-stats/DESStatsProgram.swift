import ArgumentParser
import DESCommands

@main enum DESStatsProgram {
    static func main() async {
        StandardStreams.openClosed()
        await StatsCommand.main()
    }
}
