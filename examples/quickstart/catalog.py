#!/usr/bin/env python3
"""The catalog of the quickstart: makes it from files of this machine, and compares what comes back with them.

    catalog.py make CATALOG COUNT          a catalog of up to COUNT files; they stay where they are
    catalog.py pick CATALOG                uid and source of one file
    catalog.py compare CATALOG FOLDER      every restored file with its source
    catalog.py summary CATALOG SHARDS MICROSECONDS
"""

import datetime
import os
import pathlib
import re
import sqlite3
import stat
import sys

ROOTS = ("/usr/lib/python3", "/usr/share/perl", "/usr/share/doc", "/usr/share", "/usr/lib")
LARGEST = 1_000_000
DAYS = 5


def real_files(count):
    """Paths and sizes of regular files that can be read, none twice."""
    seen = set()
    for root in ROOTS:
        for folder, folders, names in os.walk(root):
            folders.sort()
            for name in sorted(names):
                path = os.path.join(folder, name)
                try:
                    path.encode("utf-8")
                    status = os.lstat(path)
                except (OSError, UnicodeEncodeError):
                    continue
                if path in seen or not stat.S_ISREG(status.st_mode) or status.st_size > LARGEST:
                    continue
                if os.access(path, os.R_OK):
                    seen.add(path)
                    yield path, status.st_size
                    if len(seen) == count:
                        return


def make(catalog, count):
    files = list(real_files(int(count)))
    if not files:
        sys.exit(f"no readable files in {', '.join(ROOTS)}")
    today = datetime.datetime.now(datetime.timezone.utc).replace(hour=0, minute=0, second=0, microsecond=0)
    first = today - datetime.timedelta(days=30)
    rows = []
    for number, (path, size) in enumerate(files):
        uid = f"{number:06d}-{re.sub(r'[^A-Za-z0-9._-]', '_', os.path.basename(path))}"
        created_at = first + datetime.timedelta(days=number * DAYS / len(files))
        rows.append((uid, created_at.strftime("%Y-%m-%dT%H:%M:%SZ"), path, size))
    database = sqlite3.connect(catalog)
    with database:
        database.execute(
            "CREATE TABLE files (uid TEXT PRIMARY KEY, created_at TEXT NOT NULL, file_location TEXT NOT NULL,"
            " size_bytes INTEGER, archived BOOLEAN NOT NULL DEFAULT 0)")
        database.execute("CREATE INDEX files_by_time ON files (created_at, uid)")
        database.executemany("INSERT INTO files VALUES (?, ?, ?, ?, 0)", rows)
    database.close()
    print(f"{len(rows)} files, {sum(row[3] for row in rows):,} bytes, as if of {DAYS} days a month ago")


def rows_of(catalog):
    database = sqlite3.connect(catalog)
    rows = database.execute("SELECT uid, file_location, size_bytes, archived FROM files ORDER BY uid").fetchall()
    database.close()
    return rows


def pick(catalog):
    rows = rows_of(catalog)
    uid, path, _, _ = max(rows[:1000], key=lambda row: row[2])
    print(f"{uid}\t{path}")


def compare(catalog, folder):
    rows = rows_of(catalog)
    different = []
    for uid, path, _, _ in rows:
        restored = pathlib.Path(folder) / uid
        if not restored.is_file() or restored.read_bytes() != pathlib.Path(path).read_bytes():
            different.append(uid)
    if different:
        sys.exit(f"{len(different)} of {len(rows)} files are missing or differ, the first is {different[0]}")
    print(f"{len(rows)} files, each the same to the last byte")


def summary(catalog, shards, microseconds):
    rows = rows_of(catalog)
    moved = [row for row in rows if row[3]]
    seconds = int(microseconds) / 1e6
    original = sum(row[2] for row in moved)
    published = list(pathlib.Path(shards).glob("*.des"))
    stored = sum(path.stat().st_size for path in [*published, *pathlib.Path(shards).glob("_bigFiles/*")])
    for title, value in (
        ("files migrated", f"{len(moved):,} of {len(rows):,}"),
        ("bytes", f"{original:,}"),
        ("shards", f"{len(published):,}"),
        ("bytes stored", f"{stored:,}"),
        ("stored / original", f"{stored / max(1, original):.2f}"),
        ("time", f"{seconds:.2f} s ({len(moved) / seconds:,.0f} files/s)"),
    ):
        print(f"  {title:<18} {value}")
    if len(moved) != len(rows):
        sys.exit(f"{len(rows) - len(moved)} files were not migrated")


if __name__ == "__main__":
    commands = {"make": make, "pick": pick, "compare": compare, "summary": summary}
    if len(sys.argv) < 3 or sys.argv[1] not in commands:
        sys.exit(__doc__)
    commands[sys.argv[1]](*sys.argv[2:])
