"""What des-http is tried on: real files with uids and times, and the places where their shards are."""

import dataclasses
import hashlib
import os
import subprocess
import zlib

import real_files
from database_servers import Server

KIB = 1024
N_BITS = 4
DAYS = ("2024-02-28", "2024-02-29", "2024-03-01", "2024-12-31", "2025-01-01")
BIG_FILE_THRESHOLD = 128 * KIB


@dataclasses.dataclass
class File:
    uid: str
    created_at: str
    content: bytes
    source: str
    sha256: str
    key: str

    @property
    def is_large(self):
        """Whether it comes in pieces, so that an answer may be cut when the store goes away."""
        return len(self.content) > BIG_FILE_THRESHOLD


class LocalPlace:
    """The shards in a folder."""

    backend = "local"

    def __init__(self, folder, _):
        self.folder = folder / "shards"
        self.folder.mkdir()
        self.output = str(self.folder)
        self.programs = {}
        self.service = {"DES_BASE_DIR": str(self.folder)}

    def names(self):
        return {path.name for path in self.folder.iterdir() if path.suffix == ".des" and path.name[0] != "."}

    def read(self, name):
        return (self.folder / name).read_bytes()

    def replace(self, name, content):
        new = self.folder / ".replacement"
        new.write_bytes(content)
        os.replace(new, self.folder / name)

    def remove(self):
        pass


class S3Place:
    """The shards in a bucket of a real server."""

    backend = "s3"

    def __init__(self, folder, _):
        import boto3
        self.server = Server("s3-server", folder / "s3")
        facts = self.server.facts
        self.bucket, self.prefix = facts["BUCKET"], "archive/"
        self.output = f"s3://{self.bucket}/{self.prefix}"
        self.programs = {
            "AWS_ACCESS_KEY_ID": facts["ACCESS_KEY"], "AWS_SECRET_ACCESS_KEY": facts["SECRET_KEY"],
            "AWS_REGION": facts["REGION"], "AWS_ENDPOINT_URL": facts["URL"]}
        self.service = {
            "DES_S3_BUCKET": self.bucket, "DES_S3_PREFIX": self.prefix, "DES_S3_REGION": facts["REGION"],
            "DES_S3_ENDPOINT_URL": facts["URL"]}
        self.client = boto3.client(
            "s3", endpoint_url=facts["URL"], region_name=facts["REGION"], aws_access_key_id=facts["ACCESS_KEY"],
            aws_secret_access_key=facts["SECRET_KEY"])

    def names(self):
        found = set()
        for page in self.client.get_paginator("list_objects_v2").paginate(
                Bucket=self.bucket, Prefix=self.prefix, Delimiter="/"):
            found.update(item["Key"][len(self.prefix):] for item in page.get("Contents", []))
        return {name for name in found if name.endswith(".des")}

    def read(self, name):
        return self.client.get_object(Bucket=self.bucket, Key=self.prefix + name)["Body"].read()

    def replace(self, name, content):
        self.client.put_object(Bucket=self.bucket, Key=self.prefix + name, Body=content)

    def perform(self, command):
        subprocess.run([self.server.script, command, self.server.folder], check=True, stdout=subprocess.DEVNULL)

    def remove(self):
        self.server.remove()


class Files:
    """The files that are, will be, and never were in shards."""

    def __init__(self, chance):
        self.random = chance
        found = real_files.candidates(4 * BIG_FILE_THRESHOLD)
        self.small = real_files.distinct(file for file in found if file[1] <= 16 * KIB)
        self.big = real_files.distinct(file for file in found if file[1] > BIG_FILE_THRESHOLD)
        self.pool = []
        self.number = 0

    def source(self):
        """A real file; one in a hundred is above the big-file threshold. When there are no more, they come again."""
        number = self.number
        item = next(self.big if number % 100 == 50 else self.small, None)
        if item is None:
            if not self.pool:
                raise SystemExit("no real files found to work on")
            return self.pool[number % len(self.pool)]
        self.pool.append(item)
        return item

    def make(self, day=None, keys=None):
        """A file of a day; `keys`: the routing keys that it may have."""
        path, content = self.source()
        return self.add(path, content, day, keys)

    def add(self, path, content, day=None, keys=None):
        day = day or self.random.choice(DAYS)
        while True:
            number, self.number = self.number, self.number + 1
            uid = (f"{number:09d}", f"doc-{number}.txt", f"folder {number % 7}/zażółć {number}")[number % 3]
            key = routing_key(uid, day)
            if keys is None or key in keys:
                break
        hour, minute = self.random.randrange(24), self.random.randrange(60)
        moment = f"{day}T{hour:02d}:{minute:02d}:{number % 60:02d}Z"
        return File(uid, moment, content, path, hashlib.sha256(content).hexdigest(), key)

    def unknown(self):
        """A uid and a time under which nothing ever was; mostly of days that have shards."""
        day = self.random.choice(DAYS if self.random.random() < 0.8 else ("2019-05-05", "2031-01-01"))
        number = self.random.randrange(10 ** 6)
        return self.random.choice((f"nobody-{number}", f"99{number:09d}", f"../{number}")), f"{day}T10:00:00Z"


def routing_key(uid, day):
    """What the name of the file's shard begins with."""
    index = int(uid) if uid.isascii() and uid.isdigit() else zlib.crc32(uid.encode())
    return f"{day.replace('-', '')}_{index % 2 ** N_BITS:0{max(1, N_BITS // 4)}X}_"


def elsewhere(moment):
    """The same moment as the clocks of another place show it, if that is in the same day there."""
    hour = int(moment[11:13])
    if hour >= 22:
        return moment
    return f"{moment[:11]}{hour + 2:02d}{moment[13:-1]}+02:00"
