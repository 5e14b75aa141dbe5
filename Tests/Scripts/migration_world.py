"""The world that des-migrate is tried on: real files, a catalog of them, a configuration, and what is expected of it all.

Shards are read with des2_reader.py, which shares no code with the program.
"""

import dataclasses
import hashlib
import json
import os
import pathlib
import random
import shutil
import sqlite3
import tempfile
import zlib

import des2_reader
import real_files

KIB = 1024
N_BITS = 4
DAYS = ("2024-02-28", "2024-02-29", "2024-03-01", "2024-12-31", "2025-01-01")
BIG_FILE_THRESHOLD = 128 * KIB
LARGE_SIZE = 65 * KIB * KIB
"""Enough to be uploaded in parts."""
LARGE_EVERY = 150
EQUAL_EVERY = 60
REPOSITORY = pathlib.Path(__file__).resolve().parents[2]


@dataclasses.dataclass
class File:
    """What the catalog was told about a file, and what was at its source then."""

    path: str
    size: int
    modified: int
    sha256: str
    key: str
    versions: set = dataclasses.field(default_factory=set)
    """What it was before it was saved anew."""


class Failure(Exception):
    """A broken promise of the program; the message names it."""


class World:
    """The folders, the catalog and the configuration that the program works on, and what is expected of them."""

    equal_every = EQUAL_EVERY
    """One in so many files is the same big one, if there are to be such."""
    record_every = 10
    """One in so many files ends in its own CRC-32, if sources are to be saved anew."""

    def __init__(self, options, folder, pool=None, makes_folders=True):
        """`pool` is that of an earlier world of as many files; the output and staging may be left for the program to make."""
        self.options = options
        self.folder = folder
        self.random = random.Random(options.seed)
        self.sources = folder / "sources"
        self.output = folder / "output"
        # What is published, as it is read here: the program's own output, or what boto3 downloads of it.
        self.published = folder / "mirror" if options.s3 else self.output
        self.staging = pathlib.Path(options.staging) if options.staging else folder / "staging"
        self.catalog = folder / "catalog.db"
        self.config = folder / "config.json"
        self.s3 = None
        if options.s3:
            import s3_servers
            self.s3 = s3_servers.S3(folder, options.fault_rate, options.seed)
        self.files = {}
        self.shards = {}
        self.big_files = {}
        self.downloaded = {}
        self.holders = {}
        self.contents = {}
        self.made = 0
        self.equal = self.random.randbytes(2 * BIG_FILE_THRESHOLD)
        self.pool = pool or self._pool()
        for place in (self.sources, *((self.output, self.published, self.staging) if makes_folders else ())):
            place.mkdir(parents=True, exist_ok=True)
        with sqlite3.connect(self.catalog) as database:
            database.execute(
                "CREATE TABLE files (uid TEXT PRIMARY KEY, created_at TEXT NOT NULL, file_location TEXT NOT NULL,"
                " size_bytes INTEGER, archived BOOLEAN NOT NULL DEFAULT 0)")
        database.close()
        configuration = {
            "database": {"url": f"sqlite:///{self.catalog}", "table_name": "files"},
            "migration": {"archive_age_days": 7, "batch_size": 100, "delete_source_files": options.delete_sources},
            "packer": {
                "output_dir": str(self.output), "staging_dir": str(self.staging), "n_bits": N_BITS,
                "max_shard_size": 16 * KIB, "big_file_threshold_bytes": BIG_FILE_THRESHOLD,
                "compression": {"codec": options.codec},
            },
        }
        if self.s3:
            configuration["storage"] = {
                "type": "s3", "bucket": self.s3.bucket, "prefix": "shards/", **self.s3.connection()}
        if options.s3_sources:
            configuration["packer"]["s3_source"] = {
                "enabled": True, "max_retries": 20, "retry_delay_seconds": 0.2, **self.s3.connection()}
        self.config.write_text(json.dumps(configuration, indent=2))

    def _pool(self):
        """Contents of real files: small ones, and one in two hundred above the big-file threshold."""
        wanted_big = max(2, self.options.files // 200)
        wanted = self.options.files
        found = real_files.candidates(4 * BIG_FILE_THRESHOLD)
        small = real_files.distinct(file for file in found if file[1] <= 16 * KIB)
        big = real_files.distinct(file for file in found if file[1] > BIG_FILE_THRESHOLD)
        pool = [content for _, (_, content) in zip(range(wanted - wanted_big), small)]
        pool += [content for _, (_, content) in zip(range(wanted_big), big)]
        if not pool:
            raise SystemExit("no real files found to work on")
        self.random.shuffle(pool)
        return pool

    def add_files(self, count):
        """Puts `count` further files into the sources and the catalog."""
        rows = []
        for _ in range(count):
            number, self.made = self.made, self.made + 1
            generation, place = divmod(number, len(self.pool))
            content = self.pool[place] + (f"\n{generation}".encode() if generation else b"")
            if number % 500 == 7:
                content = b""
            uid = (f"{number:09d}", f"doc-{number}.txt", f"folder {number % 7}/zażółć {number}")[number % 3]
            if self.options.equal_big and number % self.equal_every == 13:
                content = self.equal
            if self.options.saved_anew and number % self.record_every == 0:
                content = self._record()
            if self.options.large and number % LARGE_EVERY == 11:
                content = self.random.randbytes(LARGE_SIZE + number)
            path, modified = self._put_source(number, content)
            day = self.random.choice(DAYS)
            moment = f"{day}T{self.random.randrange(24):02d}:{self.random.randrange(60):02d}:{number % 60:02d}Z"
            index = int(uid) if uid.isascii() and uid.isdigit() else zlib.crc32(uid.encode())
            key = f"{day.replace('-', '')}_{index % 2 ** N_BITS:0{max(1, N_BITS // 4)}X}_"
            self.files[uid] = File(
                path, len(content), modified, hashlib.sha256(content).hexdigest(), key)
            rows.append((uid, moment, path, len(content)))
        database = sqlite3.connect(self.catalog)
        with database:
            database.executemany("INSERT INTO files VALUES (?, ?, ?, ?, 0)", rows)
        database.close()

    def _record(self):
        """Bytes that end in their own CRC-32, so that all of them have one."""
        body = self.random.randbytes(508)
        return body + zlib.crc32(body).to_bytes(4, "little")

    def save_anew(self, count):
        """Writes some records that are still at their sources anew."""
        left = [uid for uid, file in self.files.items() if file.size == 512 and os.path.exists(file.path)]
        for uid in self.random.sample(left, min(count, len(left))):
            file, content = self.files[uid], self._record()
            if hashlib.sha256(pathlib.Path(file.path).read_bytes()).hexdigest() != file.sha256:
                continue
            new = f"{file.path}.new"
            pathlib.Path(new).write_bytes(content)
            os.rename(new, file.path)
            file.versions.add(file.sha256)
            file.sha256, file.modified = hashlib.sha256(content).hexdigest(), os.stat(file.path).st_mtime_ns

    def _check_saved_anew(self, left, marked):
        for uid, file in self.files.items():
            if file.versions and file.sha256 not in self.contents.get(uid, ()) and file.path not in left:
                raise Failure(f"what was saved last as {uid!r} is neither at its source nor in a shard: {file.path}")

    def _put_source(self, number, content):
        """Returns its location and what changes when it is written again: a time, or the entity tag of an object."""
        if self.options.s3_sources:
            key = f"sources/{number // 1000:04d}/zażółć {number}+%.bin"
            return f"s3://{self.s3.bucket}/{key}", self.s3.put(key, content)
        path = self.sources / f"{number // 1000:04d}" / f"{number}.bin"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
        return str(path), path.stat().st_mtime_ns

    def _published(self):
        """Name: what changes when it is written again, of all that is published."""
        if self.s3:
            return self.s3.objects("shards/")
        present = {}
        for path in self.output.rglob("*"):
            name = str(path.relative_to(self.output))
            if path.is_file() and not any(part.startswith(".") for part in path.relative_to(self.output).parts):
                status = path.stat()
                present[name] = (status.st_ino, status.st_size, status.st_mtime_ns)
        return present

    def _sources_left(self):
        """Location: (size, time or entity tag) of the sources that are there."""
        left = {}
        if self.options.s3_sources:
            for key, (tag, size, _) in self.s3.objects("sources/").items():
                left[f"s3://{self.s3.bucket}/sources/{key}"] = (size, tag)
            return left
        for file in self.files.values():
            try:
                status = os.lstat(file.path)
            except OSError:
                continue
            left[file.path] = (status.st_size, status.st_mtime_ns)
        return left

    def look(self, catalog, *questions):
        """The rows of each question. Asks a copy: recovering the journal is the program's own affair."""
        with tempfile.TemporaryDirectory(prefix="des-look-") as copy:
            for suffix in ("", "-wal", "-journal"):
                original = self.folder / f"{catalog.name}{suffix}"
                if original.exists():
                    shutil.copyfile(original, pathlib.Path(copy) / original.name)
            database = sqlite3.connect(pathlib.Path(copy) / catalog.name)
            try:
                answers = [database.execute(question).fetchall() for question in (*questions, "PRAGMA integrity_check")]
            except sqlite3.DatabaseError as error:
                raise Failure(f"{catalog.name} is damaged: {error}") from None
            finally:
                database.close()
        if answers[-1] != [("ok",)]:
            raise Failure(f"{catalog.name} is damaged: {answers[-1][0][0]}")
        return answers[:-1]

    def marked(self):
        """Uids that the catalog calls archived."""
        rows, = self.look(self.catalog, "SELECT uid, archived FROM files")
        if len(rows) != len(self.files):
            raise Failure(f"the catalog has {len(rows)} rows, {len(self.files)} were put in")
        return {uid for uid, archived in rows if archived}

    def read_new_shards(self):
        """Reads every shard published since the last look to the last byte; the others must be as they were."""
        present = self._published()
        for name, signature in (self.shards | self.big_files).items():
            if present.get(name) != signature:
                raise Failure(f"published {name} was changed or removed: {signature}, now {present.get(name)}")
        if self.s3:
            # A big file that no shard names yet may have been written again: also what is here is compared.
            for name in [name for name, signature in present.items() if self.downloaded.get(name) != signature]:
                self.s3.download(f"shards/{name}", self.published / name)
                self.downloaded[name] = present[name]
        new = sorted(name for name in present if name.endswith(".des") and name not in self.shards)
        for name in new:
            shard = des2_reader.Shard(self.published / name)
            for uid in shard.entries:
                file = self.files.get(uid)
                if file is None:
                    raise Failure(f"{name} holds {uid!r}, which the catalog never had")
                digest = shard.sha256(uid)
                self.contents.setdefault(uid, set()).add(digest)
                if digest != file.sha256 and digest not in file.versions:
                    raise Failure(f"{name}: the bytes of {uid!r} are not those of {file.path}")
                if not name.startswith(file.key):
                    raise Failure(f"{name} holds {uid!r}, which belongs into {file.key}….des")
                if uid in self.holders and not file.versions:
                    raise Failure(f"{uid!r} is in two shards, {self.holders[uid]} and {name}")
                self.holders[uid] = name
                entry = shard.entries[uid]
                if entry.is_big_file:
                    big = f"{shard.big_files.name}/{entry.sha256}"
                    if big not in present:
                        raise Failure(f"{name} was published before its big file {big}")
                    self.big_files[big] = present[big]
            self.shards[name] = present[name]
        return len(new)

    def check(self):
        """The promise for every moment. Returns the number of files not marked yet, and of new shards."""
        new = self.read_new_shards()
        marked = self.marked()
        lost = sorted(uid for uid in marked if uid not in self.holders)
        if lost:
            raise Failure(f"{len(lost)} files are marked but in no published shard, the first is {lost[0]!r}")
        left = self._sources_left()
        self._check_saved_anew(left, marked)
        for uid, file in self.files.items():
            if file.versions:
                continue
            if uid not in marked or not self.options.delete_sources:
                if file.path not in left:
                    state = "marked" if uid in marked else "not marked"
                    raise Failure(f"{uid!r} is {state} and its source is gone: {file.path}")
                if left[file.path] != (file.size, file.modified):
                    raise Failure(f"the source of {uid!r} was changed")
        return len(self.files) - len(marked), new

    def sources_undeleted(self):
        """Sources of marked rows that are still there, under their own name or that of an unfinished deletion."""
        left = {str(path) for path in self.sources.rglob(".*.des-deleting")}
        if self.options.delete_sources:
            left |= set(self._sources_left()) - {file.path for file in self.files.values() if file.versions}
        return sorted(left)

    def check_end(self, may_leave_sources=False):
        """The promise for the end, after an undisturbed run."""
        pending, _ = self.check()
        if pending:
            raise Failure(f"{pending} files are not marked at the end")
        missing = set(self.files) - set(self.holders)
        if missing:
            raise Failure(f"{len(missing)} files are in no shard at the end, one is {min(missing)!r}")
        staged = [str(path.relative_to(self.staging)) for path in self.staging.rglob("*") if path.is_file()]
        if set(staged) - {"lock", "workers"}:
            raise Failure(f"the staging folder is not empty but for its lock: {sorted(staged)[:5]}")
        stray = set(self._published()) - set(self.shards) - set(self.big_files) - {"_desStore"}
        stray |= {str(path) for path in self.output.rglob(".*.partial")}
        if stray:
            raise Failure(f"the output holds what no shard names: {sorted(stray)[:5]}")
        if self.s3:
            if any(self.output.iterdir()):
                raise Failure(f"shards go to S3, and yet {self.output} is not empty")
            left = self.s3.unfinished_uploads("shards/")
            if left:
                raise Failure(f"{len(left)} uploads in parts are left unfinished: {sorted(left)[:5]}")
        left = self.sources_undeleted()
        if left and not may_leave_sources:
            raise Failure(f"{len(left)} sources were not deleted, one is {left[0]}")


def default_binary():
    for place in (".build-release/release", ".build/debug"):
        if (REPOSITORY / place / "des-migrate").exists():
            return REPOSITORY / place / "des-migrate"
    return None
