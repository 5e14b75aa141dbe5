import DESBase

/// What has been found of one request so far, in the shards of one part of the store.
struct Search {
    let request: FileRequest
    /// The file of just the time that was asked for.
    private(set) var exact: StoredFile?
    /// The one of the latest time, if that is another or not stored; of several with one time that of the newest shard. The names of
    /// shards alone do not tell, because the clock of a writer may have gone back.
    private(set) var other: StoredFile?
    /// Why it may be in a shard although it was not found.
    private(set) var problem: RetrievalError?
    /// Whether a shard of the listing is not there any more.
    private(set) var isOutdated = false

    init(_ request: FileRequest) { self.request = request }

    /// - Returns: whether it is just the one asked for.
    mutating func add(_ file: StoredFile) -> Bool {
        guard file.createdAtTime == request.createdAt else {
            other = Self.newest(other, file)
            return false
        }
        exact = file
        return true
    }

    /// - Parameter first: found before, in a shard that is newer by its name.
    private static func newest(_ first: StoredFile?, _ second: StoredFile) -> StoredFile {
        guard let first else { return second }
        return (second.createdAtTime ?? .earliest) > (first.createdAtTime ?? .earliest) ? second : first
    }

    /// A shard is damaged: the file may be in another one, but is not unknown if it is in none.
    mutating func add(problem: RetrievalError) { self.problem = self.problem ?? problem }

    /// A listed shard is gone, or another one than was listed.
    mutating func noteOutdated() { isOutdated = true }

    /// Takes over what was found in a part of the store that comes after.
    mutating func merge(_ next: Search) {
        exact = exact ?? next.exact
        other = next.other.map { Self.newest(other, $0) } ?? other
        problem = problem ?? next.problem
    }
}
