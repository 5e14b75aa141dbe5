"""Throw-away database servers on loopback, started by the scripts of Tests/Support, and a table of files in them."""

import os
import pathlib
import sqlite3
import subprocess

SUPPORT = pathlib.Path(__file__).resolve().parents[1] / "Support"


class Server:
    """A throw-away database server, known by what its script prints."""

    def __init__(self, script, folder, *arguments):
        self.script, self.folder = SUPPORT / script, folder
        answer = subprocess.run(
            [self.script, "start", folder, "--parent", str(os.getpid()), *arguments], check=True,
            stdout=subprocess.PIPE, text=True)
        self.facts = dict(line.split("=", 1) for line in answer.stdout.splitlines() if "=" in line)

    def remove(self):
        subprocess.run([self.script, "remove", self.folder], check=False)


class Postgres(Server):
    def __init__(self, folder, *settings):
        super().__init__("postgres-server", folder, *(part for text in settings for part in ("--set", text)))

    url = property(lambda self: self.facts["URL"])

    def sql(self, text, source=None):
        answer = subprocess.run(
            ["psql", self.url, "--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--set=ON_ERROR_STOP=1",
             "--command", text], env=dict(os.environ, PGTZ="UTC", PGOPTIONS="-c client_min_messages=warning"), stdin=source or subprocess.DEVNULL,
            stdout=subprocess.PIPE, text=True, check=True)
        return answer.stdout.strip()

    def make_table(self, rows):
        self.sql(
            "CREATE TABLE files (id bigserial, uid text NOT NULL PRIMARY KEY, created_at timestamptz NOT NULL,"
            " file_location text NOT NULL, size_bytes bigint, archived boolean NOT NULL DEFAULT false,"
            " archived_at timestamptz, shard_key text)")
        with open(rows, "rb") as source:
            self.sql("COPY files (uid, created_at, file_location, size_bytes) FROM STDIN", source)
        self.sql("CREATE INDEX files_pending ON files (created_at, uid) WHERE NOT archived; ")
        self.sql("ANALYZE files")


class MariaDB(Server):
    def __init__(self, folder):
        super().__init__("mariadb-server", folder)

    url = property(lambda self: self.facts["URL"])

    def sql(self, text):
        facts = self.facts
        answer = subprocess.run(
            ["mariadb", "--no-defaults", "--protocol=TCP", f"--host={facts['HOST']}", f"--port={facts['PORT']}",
             f"--user={facts['USER']}", facts["DATABASE"], "--local-infile=1", "--skip-column-names", "--batch",
             "--execute", text], env=dict(os.environ, MYSQL_PWD=facts["PASSWORD"]), stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, text=True, check=True)
        return answer.stdout.strip()

    def make_table(self, rows):
        self.sql(
            "CREATE TABLE files (id bigint AUTO_INCREMENT PRIMARY KEY, uid varchar(64) NOT NULL UNIQUE,"
            " created_at datetime(6) NOT NULL, file_location varchar(700) NOT NULL, size_bytes bigint,"
            " archived tinyint(1) NOT NULL DEFAULT 0, archived_at datetime(6), shard_key varchar(64),"
            " KEY files_by_time (created_at, uid))")
        self.sql(
            f"SET time_zone = '+00:00'; LOAD DATA LOCAL INFILE '{rows}' INTO TABLE files"
            " (uid, created_at, file_location, size_bytes)")
        self.sql("ANALYZE TABLE files")


class SQLite:
    """A file instead of a server."""

    def __init__(self, folder):
        folder.mkdir()
        self.path = folder / "catalog.db"

    url = property(lambda self: f"sqlite:///{self.path}")

    def sql(self, text):
        database = sqlite3.connect(self.path, timeout=60)
        try:
            with database:
                return "\n".join("|".join(str(value) for value in row) for row in database.execute(text))
        finally:
            database.close()

    def make_table(self, rows):
        self.sql(
            "CREATE TABLE files (uid TEXT PRIMARY KEY, created_at TEXT NOT NULL, file_location TEXT NOT NULL,"
            " size_bytes INTEGER, archived BOOLEAN NOT NULL DEFAULT 0, archived_at TEXT, shard_key TEXT)")
        database = sqlite3.connect(self.path)
        with open(rows, encoding="utf-8") as source, database:
            database.executemany(
                "INSERT INTO files (uid, created_at, file_location, size_bytes) VALUES (?, ?, ?, ?)",
                (line.rstrip("\n").split("\t") for line in source))
        database.close()
        self.sql("CREATE INDEX files_by_time ON files (created_at, uid)")
        # A worker that is paused while it writes keeps the others waiting; but not those who only count.
        self.sql("PRAGMA journal_mode = WAL")

    def remove(self):
        pass
