import ArgumentParser
import DESCommands

@main enum DESPackProgram {
    static func main() async {
        StandardStreams.openClosed()
        await PackCommand.main()
    }
}
