"""What may be answered when, and what was."""

import collections
import dataclasses
import hashlib
import time

from retrieval_client import Cut, counters

GRACE = 10
"""Seconds after the store is back in which it may still be said to be gone."""


class Violations:
    """What should not have happened; each kind is listed a few times and counted."""

    LISTED = 10

    def __init__(self, start):
        self.start = start
        self.kinds = collections.Counter()
        self.lines = []

    def add(self, kind, what):
        self.kinds[kind] += 1
        if self.kinds[kind] <= self.LISTED:
            self.lines.append(f"{time.monotonic() - self.start:7.2f} s  {kind}: {what}")

    def report(self):
        return self.lines + [
            f"… {kind}: {count} times in all" for kind, count in self.kinds.items() if count > self.LISTED]


class Outages:
    """When the store was gone."""

    def __init__(self):
        self.spans = []

    def begin(self):
        self.spans.append([time.monotonic(), None])

    def end(self):
        self.spans[-1][1] = time.monotonic()

    def touch(self, start, end):
        """Whether the store was gone, or just back, at some time between."""
        return any(begin <= end and (back is None or start <= back + GRACE) for begin, back in self.spans)


class Judge:
    """Counts all answers, and notes those that should not have been given."""

    def __init__(self):
        self.start = time.monotonic()
        self.violations = Violations(self.start)
        self.outages = Outages()
        self.etags = {}
        self.victim = None
        """The file whose payload has a flipped byte."""
        self.damaged_at = None
        self.seen = collections.Counter()
        """Status: answers that arrived whole, and members of batches, as des_retrievals_total should have them."""
        self.incomplete = 0
        """Requests whose answer did not arrive whole, and members of such batches."""
        self.kinds = collections.defaultdict(collections.Counter)
        """Kind of request: status: answers."""
        self.times = collections.defaultdict(list)
        """Kind of request: seconds of each."""
        self.events = collections.Counter()

    def judge_failure(self, kind, file, answer, start, end, problem):
        """What is no proper answer for a file that is there: allowed while the store is gone, and for the damaged one."""
        name = f"{kind} {file.uid!r}"
        was_gone = self.outages.touch(start, end)
        if answer is None:
            if not (was_gone and file.is_large and isinstance(problem, Cut)):
                self.violations.add("answer did not arrive whole", f"{name} after {end - start:.2f} s: {problem!r}")
        elif answer.status == 404:
            self.violations.add("404 for a known file", f"{name}; {self.describe(file)}")
        elif answer.status in (502, 503):
            if "retry-after" not in answer.headers:
                self.violations.add("no Retry-After", f"{name}: {answer.status}")
            if self.was_replaced(file, start):
                # Found in the old shard, read when it was gone: it cannot be had now, and that is what is said.
                self.events["not available in the moment its shard was replaced"] += 1
            elif not was_gone:
                self.violations.add(
                    "unavailable while the store is there",
                    f"{name}: {answer.status} {answer.body[:200]}; {self.describe(file)}")
        elif answer.status != 500 or not self.is_damaged(file):
            self.violations.add(
                "unexpected status", f"{name}: {answer.status} {answer.body[:200]}; {self.describe(file)}")

    def was_replaced(self, file, start):
        """Whether the file's shard was replaced, which a store of shards never does by itself, when it was asked for."""
        return (self.victim is not None and file.key == self.victim.key and self.damaged_at is not None
                and start < self.damaged_at + 1)

    def is_damaged(self, file):
        return file is self.victim and self.damaged_at is not None

    def describe(self, file):
        marks = ["of the damaged shard"] if self.victim and file.key == self.victim.key else []
        return ", ".join([file.created_at, file.key, f"{len(file.content)} bytes", *marks])

    def judge(self, kind, file, answer, start, end, problem):
        """A whole file was asked for."""
        if answer is None or answer.status != 200:
            return self.judge_failure(kind, file, answer, start, end, problem)
        if hashlib.sha256(answer.body).hexdigest() != file.sha256:
            self.violations.add("WRONG BYTES", f"{kind} {file.uid!r}: {len(answer.body)} bytes; {self.describe(file)}")
        self.judge_etag(kind, file, answer)

    def judge_etag(self, kind, file, answer):
        etag = answer.headers.get("etag")
        if not etag:
            return self.violations.add("no ETag", f"{kind} {file.uid!r}")
        # Replacing the shard may change it.
        if self.etags.setdefault(file.uid, etag) != etag and not (self.victim and file.key == self.victim.key):
            self.violations.add("another ETag", f"{kind} {file.uid!r}: {self.etags[file.uid]}, now {etag}")
        self.etags[file.uid] = etag

    def judge_unknown(self, name, status, start, end, problem=None):
        if status == 404 or (status in (502, 503) and self.outages.touch(start, end)):
            return
        self.violations.add("no 404 for a file that never was", f"{name}: {status} {problem or ''}")

    def difference(self, text, backend):
        """How des_retrievals_total differs from what was seen; what did not arrive whole may be in it anywhere."""
        counted = collections.Counter()
        for labels, value in counters(text, "des_retrievals_total").items():
            labels = dict(labels)
            if labels.get("backend") == backend:
                counted[labels.get("status")] += int(value)
            elif value:
                return f"a backend {labels.get('backend')!r}"
        seen = {str(status): count for status, count in self.seen.items()}
        lines = []
        more = 0
        for status in sorted(set(seen) | set(counted)):
            surplus = counted[status] - seen.get(status, 0)
            more += max(0, surplus)
            if surplus < 0 or (surplus and not self.incomplete):
                lines.append(f"{status}: {counted[status]} counted, {seen.get(status, 0)} seen")
        if more > self.incomplete:
            lines.append(f"{more} more than were seen, of which {self.incomplete} did not arrive whole")
        return "; ".join(lines)


@dataclasses.dataclass
class Member:
    """A member of a batch that is not there, in the form of an answer."""

    status: int
    body: bytes
    headers: dict = dataclasses.field(default_factory=lambda: {"retry-after": "of the batch"})
