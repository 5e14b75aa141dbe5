import CLinux

/// What signals do to this process.
package enum ProcessSignals {
    /// Whether the process was started with the signal ignored, as `nohup` and shells do for commands in the background, or
    /// ignores it by now: who did that does not want it to act.
    package static func isIgnored(_ signal: Int32) -> Bool { des_ignores_signal(signal) != 0 }
}
