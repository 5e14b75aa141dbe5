import ArgumentParser
import DESCommands

@main enum DESHTTPProgram {
    static func main() async { await HTTPCommand.main() }
}
