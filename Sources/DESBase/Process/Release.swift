/// What this is a release of.
package enum Release {
    /// The version of all programs and of what `des-http` serves: MAJOR.MINOR.PATCH (semver.org).
    package static let version = "1.0.0"
}
