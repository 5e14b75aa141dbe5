import ArgumentParser
import DESCommands

@main enum DESStatsProgram {
    static func main() async { await StatsCommand.main() }
}
