import ArgumentParser
import DESCommands

@main enum DESPackProgram {
    static func main() async { await PackCommand.main() }
}
