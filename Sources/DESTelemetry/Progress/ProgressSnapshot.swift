/// How far work on many files has come at one moment.
package struct ProgressSnapshot: Sendable, Equatable {
    /// Something that is done with each file.
    package struct Step: Sendable, Equatable {
        /// As in "12 read".
        package var name: String
        /// How many files it was done with.
        package var files: Int

        package init(_ name: String, _ files: Int) {
            self.name = name
            self.files = files
        }
    }

    /// In the order in which a file passes them.
    package var steps: [Step]
    /// Files that no more steps will be done with: they failed, or were left to somebody else.
    package var filesFailed = 0
    /// All files; nil while nobody knows.
    package var filesTotal: Int?
    /// Bytes that were read; nil where nobody counts them.
    package var bytes: Int64?
    /// Time since the work began.
    package var elapsed: Duration
    /// The part of the work that the others wait for; nil if nothing is known of that.
    package var limit: String?

    package init(_ steps: [Step], bytes: Int64?, elapsed: Duration) {
        self.steps = steps
        self.bytes = bytes
        self.elapsed = elapsed
    }

    /// Files that are through, those counted in part that are under way: so nothing stands still while anything is done.
    var filesDone: Double {
        let steps = Double(steps.reduce(0) { $0 + $1.files }) / Double(max(1, steps.count))
        return steps + Double(filesFailed)
    }
}
