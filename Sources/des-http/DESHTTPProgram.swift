import ArgumentParser
import DESCommands

@main enum DESHTTPProgram {
    static func main() async {
        StandardStreams.openClosed()
        await HTTPCommand.main()
    }
}
