import ArgumentParser
import DESCommands

@main enum DESProgram {
    static func main() async { await DESCommand.main() }
}
