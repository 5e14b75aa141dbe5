/// Where log lines go.
package protocol LineSink: Sendable {
    /// Writes one line whole, never mixed with another. It does not throw: nobody could be told.
    ///
    /// - Parameter line: the text without its line feed.
    func write(line: String)
}
