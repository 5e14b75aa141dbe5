import ArgumentParser

/// The help for the argument of all toolbox commands that look into shards.
enum PlaceHelp {
    static let text: ArgumentHelp =
        "A shard or a directory of shards, local or s3://bucket/prefix; with /20260131, /202601 behind it only those of a day or month."
}
