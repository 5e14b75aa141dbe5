package import Glibc

/// How a program is started: as from a shell, with no signal blocked or ignored, whatever the tests' own process does with them.
package struct SpawnAttributes: ~Copyable {
    private var attributes = posix_spawnattr_t()

    package init() {
        posix_spawnattr_init(&attributes)
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        sigfillset(&signals)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
    }

    deinit {
        // A deinitializer cannot change what it destroys; the C library keeps nothing outside the value.
        var attributes = attributes
        posix_spawnattr_destroy(&attributes)
    }

    /// Calls `body` with what `posix_spawn` takes.
    package func withPointer<Result>(_ body: (UnsafePointer<posix_spawnattr_t>) throws -> Result) rethrows -> Result {
        try withUnsafePointer(to: attributes, body)
    }
}
