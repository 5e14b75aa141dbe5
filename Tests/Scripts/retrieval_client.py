"""A small HTTP client for tests of des-http: kept connections, answers read to the last byte, batches taken apart."""

import asyncio
import dataclasses
import io
import json
import tarfile
import urllib.parse


class Cut(Exception):
    """The connection ended before the answer did."""


class Malformed(Exception):
    """An answer that no client could make sense of."""


@dataclasses.dataclass
class Answer:
    status: int
    headers: dict
    body: bytes


class Connection:
    """One connection, opened when it is needed and again when the server has closed it."""

    def __init__(self, host, port):
        self.host, self.port = host, port
        self.reader = self.writer = None

    async def request(self, method, target, headers=(), body=None):
        if self.writer is None:
            self.reader, self.writer = await asyncio.open_connection(self.host, self.port, limit=1 << 20)
        lines = [f"{method} {target} HTTP/1.1", f"Host: {self.host}:{self.port}"]
        lines += [f"{name}: {value}" for name, value in headers]
        if body is not None:
            lines.append(f"Content-Length: {len(body)}")
        try:
            self.writer.write("\r\n".join(lines + ["", ""]).encode() + (body or b""))
            await self.writer.drain()
            answer = await self.answer(method)
        except (asyncio.IncompleteReadError, ConnectionError) as problem:
            self.close()
            raise Cut(f"{type(problem).__name__} {problem}") from None
        except BaseException:
            self.close()
            raise
        if answer.headers.get("connection", "").lower() == "close":
            self.close()
        return answer

    async def answer(self, method):
        status, headers = await self.head()
        if method == "HEAD" or status in (204, 304):
            return Answer(status, headers, b"")
        if "content-length" in headers:
            return Answer(status, headers, await self.reader.readexactly(int(headers["content-length"])))
        if headers.get("transfer-encoding") != "chunked":
            raise Malformed(f"an answer {status} with neither a length nor chunks")
        pieces = []
        while True:
            size = int((await self.reader.readuntil(b"\r\n")).split(b";")[0], 16)
            piece = await self.reader.readexactly(size + 2)
            if piece[-2:] != b"\r\n":
                raise Malformed("a chunk that is longer than it says")
            if size == 0:
                return Answer(status, headers, b"".join(pieces))
            pieces.append(piece[:-2])

    async def head(self):
        """The status and the headers, their names in lower case."""
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        words = head[0].split(" ", 2)
        if len(words) < 2 or words[0] != "HTTP/1.1" or not words[1].isdigit():
            raise Malformed(f"an answer that begins with {head[0]!r}")
        pairs = (line.partition(":") for line in head[1:] if line)
        return int(words[1]), {name.lower(): value.strip() for name, _, value in pairs}

    def close(self):
        if self.writer is not None:
            self.writer.close()
        self.reader = self.writer = None


def multipart_members(answer):
    """Place in the request: (status, bytes) of the parts of a batch."""
    kind, _, boundary = answer.headers.get("content-type", "").partition("; boundary=")
    if kind != "multipart/mixed" or not boundary:
        raise Malformed(f"a batch of type {answer.headers.get('content-type')!r}")
    body, position, members = answer.body, 0, {}
    start, end = f"--{boundary}\r\n".encode(), f"--{boundary}--".encode()
    while body.startswith(start, position):
        head_end = body.index(b"\r\n\r\n", position)
        lines = body[position + len(start):head_end].decode().split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        position = head_end + 4 + int(headers["content-length"])
        if body[position:position + 2] != b"\r\n":
            raise Malformed("a part of a batch that is longer than it says")
        index = int(headers["des-index"])
        if index in members:
            raise Malformed(f"two parts for place {index} of a batch")
        members[index] = (int(headers["des-status"]), body[head_end + 4:position])
        position += 2
    if not body.startswith(end, position):
        raise Malformed("a batch without its end")
    return members


def tar_members(answer, uids):
    """Place in the request: (status, bytes) of the members of a batch; each uid may be asked for once only."""
    if answer.headers.get("content-type") != "application/x-tar":
        raise Malformed(f"a batch of type {answer.headers.get('content-type')!r}")
    with tarfile.open(fileobj=io.BytesIO(answer.body)) as archive:
        files = {member.name: archive.extractfile(member).read() for member in archive}
    report = json.loads(files.pop("_des_report.json"))
    names = {item["name"]: item["uid"] for item in report["renamed"]}
    places = {uid: place for place, uid in enumerate(uids)}
    members = {places[names.get(name, name)]: (200, content) for name, content in files.items()}
    if len(members) != report["sent"]:
        raise Malformed(f"{len(members)} members in an archive that reports {report['sent']}")
    for item in report["not_sent"]:
        members[places[item["uid"]]] = (item["status"], b"")
    return members


def file_target(uid, created_at, path=""):
    return f"/files/{urllib.parse.quote(uid, safe='')}{path}?created_at={urllib.parse.quote(created_at, safe='')}"


def counters(text, name):
    """Label values: number of one metric in the text format."""
    found = {}
    for line in text.splitlines():
        if line.startswith(name + "{"):
            labels, _, value = line[len(name) + 1:].rpartition("} ")
            pairs = dict(part.split("=", 1) for part in labels.split(","))
            found[tuple(sorted((key, value.strip('"')) for key, value in pairs.items()))] = float(value)
        elif line.startswith(name + " "):
            found[()] = float(line.rpartition(" ")[2])
    return found
