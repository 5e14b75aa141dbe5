import ArgumentParser
import DESCommands

@main enum DESProgram {
    static func main() async {
        StandardStreams.openClosed()
        await DESCommand.main()
    }
}
