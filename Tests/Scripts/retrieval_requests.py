"""The clients of des-http: what they ask for, at random, and how they behave."""

import asyncio
import hashlib
import json
import random
import socket
import time

from retrieval_client import Connection, Cut, Malformed, file_target, multipart_members, tar_members
from retrieval_judge import Judge, Member
from retrieval_world import KIB, Files, elsewhere

LONGEST_ANSWER = 60


class Clients(Judge):
    """They ask, and judge each answer."""

    def __init__(self, options):
        super().__init__()
        self.options = options
        self.files = Files(random.Random(options.seed + 1))
        self.known = []
        """Files that are in published shards, and are to be found."""
        self.large = None
        """One of them, so large that it does not fit into the buffers between."""
        self.port = free_port()
        self.end = self.start

    def is_running(self):
        return time.monotonic() < self.end

    async def ask(self, connection, kind, method, target, headers=(), body=None, members=0):
        """One request. Returns the answer, or nothing if it did not come whole, and its times.

        members: how many files a batch asks for; None: it does not count as asking for a file.
        """
        start = time.monotonic()
        try:
            answer = await asyncio.wait_for(connection.request(method, target, headers, body), LONGEST_ANSWER)
        except (Cut, OSError, Malformed, TimeoutError) as problem:
            end = time.monotonic()
            self.incomplete += 1 if members == 0 else members or 0
            self.kinds[kind]["cut"] += 1
            return None, start, end, problem
        end = time.monotonic()
        self.kinds[kind][answer.status] += 1
        self.times[kind].append(end - start)
        if members == 0:
            self.seen[answer.status] += 1
        return answer, start, end, None

    async def client(self, number):
        chance = random.Random(f"{self.options.seed}-{number}")
        connection = Connection("127.0.0.1", self.port)
        actions = (
            (60, self.get), (10, self.part), (6, self.head), (8, self.if_none_match), (7, self.unknown),
            (3, self.batch), (2, self.meta), (2, self.nonsense), (2, self.damaged))
        weights, calls = zip(*actions)
        while self.is_running():
            await chance.choices(calls, weights)[0](connection, chance)
            if chance.random() < 0.002:
                connection.close()
        connection.close()

    async def get(self, connection, chance, file=None):
        file = file or chance.choice(self.known)
        if file is self.large and chance.random() < 0.95:
            return
        created_at = file.created_at if chance.random() < 0.8 else elsewhere(file.created_at)
        result = await self.ask(connection, "GET", "GET", file_target(file.uid, created_at))
        self.judge("GET", file, *result)

    async def part(self, connection, chance):
        file = chance.choice(self.known)
        size = len(file.content)
        first = chance.randrange(size)
        last = min(size - 1, first + chance.choice((0, 10, 1000, 10 ** 6)))
        text, start, end = chance.choice((
            (f"bytes={first}-{last}", first, last), (f"bytes={first}-", first, size - 1),
            (f"bytes=-{size - first}", first, size - 1)))
        answer, *times, problem = await self.ask(
            connection, "Range", "GET", file_target(file.uid, file.created_at), [("Range", text)])
        if answer is None or answer.status != 206:
            return self.judge_failure("Range", file, answer, *times, problem)
        if answer.body != file.content[start:end + 1]:
            self.violations.add("WRONG BYTES", f"{text} of {file.uid!r}; {self.describe(file)}")
        if answer.headers.get("content-range") != f"bytes {start}-{end}/{size}":
            self.violations.add("wrong Content-Range", f"{text} of {file.uid!r}: {answer.headers.get('content-range')}")

    async def head(self, connection, chance):
        file = chance.choice(self.known)
        answer, *times, problem = await self.ask(connection, "HEAD", "HEAD", file_target(file.uid, file.created_at))
        if answer is None or answer.status != 200:
            return self.judge_failure("HEAD", file, answer, *times, problem)
        if answer.headers.get("content-length") != str(len(file.content)):
            self.violations.add("wrong Content-Length", f"HEAD {file.uid!r}: {answer.headers.get('content-length')}")
        self.judge_etag("HEAD", file, answer)

    async def if_none_match(self, connection, chance):
        file = chance.choice(self.known)
        etag = self.etags.get(file.uid)
        if etag is None or (self.victim and file.key == self.victim.key):
            return await self.get(connection, chance, file)
        answer, *times, problem = await self.ask(
            connection, "If-None-Match", "GET", file_target(file.uid, file.created_at), [("If-None-Match", etag)])
        if answer is None or answer.status != 304:
            if answer is not None and answer.status == 200:
                return self.violations.add("200 for a file that did not change", f"{file.uid!r} {etag}")
            self.judge_failure("If-None-Match", file, answer, *times, problem)

    async def meta(self, connection, chance):
        file = chance.choice(self.known)
        answer, *times, problem = await self.ask(
            connection, "meta", "GET", file_target(file.uid, file.created_at, "/meta"), members=None)
        if answer is None or answer.status != 200:
            return self.judge_failure("meta", file, answer, *times, problem)
        found = json.loads(answer.body)
        if found.get("uid") != file.uid or file.created_at not in json.dumps(found):
            self.violations.add("wrong meta", f"{file.uid!r}: {answer.body[:200]}")

    async def unknown(self, connection, chance):
        uid, created_at = self.files.unknown()
        answer, *times, problem = await self.ask(connection, "unknown", "GET", file_target(uid, created_at))
        self.judge_unknown(f"{uid!r} of {created_at}", answer and answer.status, *times, problem)

    async def nonsense(self, connection, chance):
        file = chance.choice(self.known)
        target = file_target(file.uid, file.created_at)
        bare = target.partition("?")[0]
        target, headers, expected = chance.choice((
            (bare + "?created_at=yesterday", [], 400), (bare, [], 400),
            (target, [("Range", f"bytes={len(file.content)}-")], 416)))
        answer, *times, problem = await self.ask(connection, "nonsense", "GET", target, headers)
        if answer is None or answer.status != expected:
            self.judge_failure("nonsense", file, answer, *times, problem)

    async def damaged(self, connection, chance):
        if self.victim is None or self.damaged_at is None:
            return await self.get(connection, chance)
        await self.get(connection, chance, self.victim)

    async def batch(self, connection, chance):
        count = chance.choice((1, 5, 20, 60))
        asked = {file.uid: file for file in chance.sample(self.known, min(count, len(self.known)))
                 if file is not self.large}
        if self.victim and chance.random() < 0.2:
            asked[self.victim.uid] = self.victim
        requests = [(file.uid, file.created_at, file) for file in asked.values()]
        for _ in range(chance.randrange(3)):
            uid, created_at = self.files.unknown()
            if all(uid != other for other, _, _ in requests):
                requests.append((uid, created_at, None))
        if not requests:
            return
        chance.shuffle(requests)
        as_tar = chance.random() < 0.3
        body = json.dumps({"files": [{"uid": uid, "created_at": moment} for uid, moment, _ in requests]}).encode()
        answer, start, end, problem = await self.ask(
            connection, "batch", "POST", "/files/batch",
            [("Content-Type", "application/json"), ("Accept", "application/x-tar" if as_tar else "multipart/mixed")],
            body, members=len(requests))
        if answer is None:
            # Members come one after the other; the store may go away in the middle.
            if not (isinstance(problem, Cut) and self.outages.touch(start, end)):
                self.violations.add("answer did not arrive whole", f"batch of {len(requests)}: {problem!r}")
            return
        if answer.status != 200:
            self.incomplete += len(requests)
            if answer.status not in (502, 503) or not self.outages.touch(start, end):
                self.violations.add("unexpected status", f"batch: {answer.status} {answer.body[:200]}")
            return
        try:
            members = tar_members(answer, [uid for uid, _, _ in requests]) if as_tar else multipart_members(answer)
        except (Malformed, ValueError, KeyError) as problem:
            return self.violations.add("malformed batch", f"{problem!r}")
        if sorted(members) != list(range(len(requests))):
            return self.violations.add("malformed batch", f"members {sorted(members)} of {len(requests)}")
        for index, (status, content) in members.items():
            self.seen[status] += 1
            self.kinds["member"][status] += 1
            uid, created_at, file = requests[index]
            if file is None:
                self.judge_unknown(f"{uid!r} in a batch", status, start, end)
            elif status != 200:
                self.judge_failure("batch", file, Member(status, content), start, end, None)
            elif hashlib.sha256(content).hexdigest() != file.sha256:
                self.violations.add("WRONG BYTES", f"batch {uid!r}; {self.describe(file)}")

    async def slow_reader(self):
        """Reads a large file over small buffers, with pauses."""
        while self.is_running():
            sock = socket.socket()
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 * KIB)
            sock.setblocking(False)
            start, digest, got, size = time.monotonic(), hashlib.sha256(), 0, None
            connection = Connection("127.0.0.1", self.port)
            try:
                await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", self.port))
                connection.reader, connection.writer = await asyncio.open_connection(sock=sock, limit=64 * KIB)
                target = file_target(self.large.uid, self.large.created_at)
                connection.writer.write(f"GET {target} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
                status, headers = await asyncio.wait_for(connection.head(), LONGEST_ANSWER)
                size = int(headers["content-length"])
                while got < size:
                    piece = await asyncio.wait_for(connection.reader.read(min(256 * KIB, size - got)), LONGEST_ANSWER)
                    if not piece:
                        raise Cut(f"after {got} of {size} bytes")
                    got += len(piece)
                    digest.update(piece)
                    if self.is_running():
                        await asyncio.sleep(len(piece) / (3 << 20))
            except (Cut, OSError, asyncio.IncompleteReadError, TimeoutError) as problem:
                self.incomplete += 1
                if not self.outages.touch(start, time.monotonic()):
                    self.violations.add("answer did not arrive whole", f"slow reader: {problem!r}")
                continue
            finally:
                connection.close()
            self.seen[status] += 1
            self.kinds["slow reader"][status] += 1
            if status == 200 and digest.hexdigest() != self.large.sha256:
                self.violations.add("WRONG BYTES", f"slow reader: {got} bytes")
            elif status != 200 and not self.outages.touch(start, time.monotonic()):
                self.violations.add("unexpected status", f"slow reader: {status}")
            if status != 200:
                await asyncio.sleep(1)

    async def half_open(self, number):
        """Connections that say nothing, half a head, a head without its body, or take nothing of the answer."""
        chance = random.Random(f"half-{self.options.seed}-{number}")
        large = file_target(self.large.uid, self.large.created_at)
        while self.is_running():
            text = chance.choice((
                "", "GET /files/1?crea", "POST /files/batch HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{",
                f"GET {large} HTTP/1.1\r\nHost: x\r\n\r\n"))
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", self.port, limit=KIB)
            except OSError as problem:
                self.violations.add("no connection", repr(problem))
                continue
            if large in text:
                self.incomplete += 1
            self.events["half-open connections"] += 1
            writer.write(text.encode())
            await asyncio.sleep(min(chance.uniform(0.5, 15), max(0.1, self.end - time.monotonic())))
            writer.transport.abort()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
