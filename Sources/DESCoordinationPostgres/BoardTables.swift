import DESPostgres

/// The tables of the coordination database.
enum BoardTables {
    /// Each can be repeated.
    static let definitions = [
        "CREATE SEQUENCE IF NOT EXISTS des_migration_tokens",
        // From the time of day on: if these tables are dropped and made anew, tokens are still higher than those that the
        // source's fences know.
        """
        SELECT setval('des_migration_tokens', (extract(epoch FROM clock_timestamp()) * 1000)::bigint)
            FROM des_migration_tokens WHERE last_value = 1 AND NOT is_called
        """,
        """
        CREATE TABLE IF NOT EXISTS des_migration_units (
            job text NOT NULL, unit text NOT NULL, is_plan boolean NOT NULL DEFAULT false, day date,
            first_shard integer NOT NULL DEFAULT 0, last_shard integer NOT NULL DEFAULT 0,
            shard_bits integer NOT NULL DEFAULT 0, cutoff timestamptz,
            state text NOT NULL CHECK (state IN ('pending', 'leased', 'done', 'set_aside')),
            holder text, token bigint NOT NULL DEFAULT 0, lease_until timestamptz, attempts integer NOT NULL DEFAULT 0,
            not_before timestamptz, last_error text, rows_planned bigint NOT NULL DEFAULT 0,
            files_migrated bigint NOT NULL DEFAULT 0, files_failed bigint NOT NULL DEFAULT 0,
            files_skipped bigint NOT NULL DEFAULT 0, bytes bigint NOT NULL DEFAULT 0,
            earlier_files bigint NOT NULL DEFAULT 0, earlier_bytes bigint NOT NULL DEFAULT 0,
            claimed_at timestamptz, finished_at timestamptz, store text,
            PRIMARY KEY (job, unit))
        """,
        """
        CREATE INDEX IF NOT EXISTS des_migration_units_open ON des_migration_units (job, is_plan DESC, day, first_shard)
            WHERE state IN ('pending', 'leased')
        """,
        """
        CREATE TABLE IF NOT EXISTS des_migration_shards (
            job text NOT NULL, unit text NOT NULL, token bigint NOT NULL, shard text NOT NULL,
            state text NOT NULL CHECK (state IN ('intended', 'abandoned')),
            noted_at timestamptz NOT NULL DEFAULT clock_timestamp(), PRIMARY KEY (job, shard))
        """,
        "CREATE INDEX IF NOT EXISTS des_migration_shards_of_unit ON des_migration_shards (job, unit)",
        """
        CREATE TABLE IF NOT EXISTS des_migration_workers (
            job text NOT NULL, worker text NOT NULL, started_at timestamptz NOT NULL, seen_at timestamptz NOT NULL,
            ended_at timestamptz, lease_seconds double precision NOT NULL, unit text,
            files_migrated bigint NOT NULL DEFAULT 0, files_failed bigint NOT NULL DEFAULT 0,
            bytes bigint NOT NULL DEFAULT 0, PRIMARY KEY (job, worker))
        """,
    ]

    /// Makes the tables that are missing.
    static func create(in session: PostgresSession) throws {
        let missing = try session.query(
            """
            SELECT count(*) FROM unnest($1::text[]) AS name WHERE to_regclass(name) IS NULL
            """,
            [
                .textArray([
                    "des_migration_tokens", "des_migration_units", "des_migration_units_open", "des_migration_shards",
                    "des_migration_shards_of_unit", "des_migration_workers",
                ])
            ])
        // With everything there the right to create is not needed.
        guard missing.integer(0, 0) != 0 else { return }
        do {
            try session.transaction {
                // Two workers that start together: IF NOT EXISTS alone may still collide.
                _ = try session.query("SELECT pg_advisory_xact_lock(hashtext('des_migration_units'))")
                for definition in definitions { try session.execute(definition) }
            }
        } catch var error as PostgresError where error.code == .accessDenied {
            error.advice =
                "let a user who may create them, once: \(definitions.joined(separator: "; ")); "
                + "GRANT SELECT, INSERT, UPDATE, DELETE ON des_migration_units, des_migration_shards, "
                + "des_migration_workers TO the worker's user; GRANT SELECT, UPDATE ON des_migration_tokens TO it"
            throw error
        }
    }
}
