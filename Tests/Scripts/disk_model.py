"""What a disk may hold after a power failure, worked out from a record of all changes (record_writes.c).

The model is as strict as POSIX and Linux file systems allow:

- Bytes that no fsync of their file covered may be there in any part: none of them, all, those before some moment, some writes and
  not others, some sectors of a write, or only the size that they gave the file, with zeros.
- A name that was given, taken or moved is kept only once its folder is synced. Before that any part of the changes may be there,
  or those before some moment, in one folder or, as journals do it, in a whole file system.
- An fsync of a file says nothing of its name. A rename in one folder happens as a whole or not at all.
- A sync covers what was done before it began, and promises nothing until it has ended.
"""

import dataclasses
import os
import pathlib
import re
import shutil
import stat
import struct

HEAD = struct.Struct("<IIQQQIIII")
MAGIC = 0x44455357
SECTOR = 512
DATA_FATES = ("none", "all", "prefix", "subset", "sectors", "zeros", "mixed")
NAME_FATES = ("none", "all", "prefix", "subset", "journal")
UNMODELLED = "-shm"
"""The end of the names of files whose content SQLite makes anew after a failure; it is written through a mapping."""


class ModelError(Exception):
    """The record cannot be trusted: what follows from it would be wrong."""


@dataclasses.dataclass(frozen=True)
class Record:
    """A change, or the beginning or end of a sync; its number counts from 1."""

    number: int
    kind: str
    identity: tuple
    offset: int
    path: str
    other: str
    data: bytes


def read_records(path):
    data, position, records = pathlib.Path(path).read_bytes(), 0, []
    while position < len(data):
        magic, kind, device, inode, offset, first, second, size, _ = HEAD.unpack_from(data, position)
        if magic != MAGIC:
            raise ModelError(f"byte {position} of {path} is no record")
        position += HEAD.size
        texts = data[position:position + first], data[position + first:position + first + second]
        position += first + second
        records.append(Record(
            len(records) + 1, chr(kind), (device, inode), offset, os.fsdecode(texts[0]), os.fsdecode(texts[1]),
            data[position:position + size]))
        position += size
        if records[-1].kind == "X":
            raise ModelError(f"{texts[1]!r} changed {texts[0]!r} in a way that is not recorded")
    return records


class Node:
    """A file or folder: what it was, what was done to it, and the syncs of it as (begun, ended)."""

    def __init__(self, device, base):
        self.device, self.base = device, base
        self.changes, self.syncs = [], []

    def settled(self, cut):
        """The number of the last record that the syncs before `cut` promise."""
        return max((begun for begun, ended in self.syncs if ended < cut), default=0)


class File(Node):
    def __init__(self, device, base, times=None):
        super().__init__(device, base)
        self.times = times

    def content(self, cut, settled, survives):
        """Its bytes; `survives` tells what is left of a change that is not settled: all (True), nothing, or what to write."""
        content = bytearray(self.base)
        for number, offset, data in self.changes:
            if number >= cut:
                break
            kept = True if number <= settled else survives(number, offset, data, len(content))
            if kept is False:
                continue
            if data is None:
                del content[offset:]
                content.extend(bytes(offset - len(content)))
                continue
            content.extend(bytes(max(0, offset + len(data) - len(content))))
            for start, piece in [(offset, data)] if kept is True else kept:
                content[start:start + len(piece)] = piece
        return bytes(content)


class Folder(Node):
    """Its base and its changes are name: node, with None for a name that was taken away."""

    def __init__(self, device, base=None):
        super().__init__(device, base or {})
        self.live = dict(self.base)

    def change(self, number, names):
        self.changes.append((number, names))
        self._apply(self.live, names)

    @staticmethod
    def _apply(entries, names):
        for name, node in names.items():
            if node is None:
                entries.pop(name, None)
            else:
                entries[name] = node

    def entries(self, cut, settled, survives):
        entries = dict(self.base)
        for number, names in self.changes:
            if number >= cut:
                break
            if number <= settled or survives(number):
                self._apply(entries, names)
        return entries


@dataclasses.dataclass(frozen=True)
class Fate:
    """What a power failure spares: one of DATA_FATES and one of NAME_FATES."""

    data: str
    names: str

    @staticmethod
    def draw(generator):
        return Fate(generator.choice(DATA_FATES), generator.choice(NAME_FATES))


class Disk:
    """The folders as they were, and everything that happened to them since."""

    def __init__(self, roots, forget=None):
        """Syncs of `forget` ("files", "directories" or a pattern of paths) are to promise nothing, to see that this is noticed."""
        self.forget = forget
        self.nodes, self.records = {}, []
        self.roots = {str(root): self._read(str(root)) for root in roots}

    def _read(self, path):
        status = os.lstat(path)
        identity = (status.st_dev, status.st_ino)
        if identity in self.nodes:
            return self.nodes[identity]
        if stat.S_ISDIR(status.st_mode):
            node = Folder(status.st_dev, {name: self._read(f"{path}/{name}") for name in os.listdir(path)})
        else:
            node = File(status.st_dev, pathlib.Path(path).read_bytes(), (status.st_atime_ns, status.st_mtime_ns))
        self.nodes[identity] = node
        return node

    def _place(self, path):
        """The folder of a path, and the name in it."""
        for root, node in self.roots.items():
            if path.startswith(f"{root}/"):
                *folders, name = path[len(root) + 1:].split("/")
                for folder in folders:
                    node = node.live[folder]
                return node, name
        raise ModelError(f"{path} is in none of the folders")

    def replay(self, records):
        """Takes in what happened after what is known."""
        for record in records[len(self.records):]:
            self._take(record)
            self.records.append(record)

    def _take(self, record):
        number, kind = record.number, record.kind
        if kind in "CM":
            folder, name = self._place(record.path)
            node = self.nodes[record.identity] = (
                Folder(record.identity[0]) if kind == "M" else File(record.identity[0], b""))
            folder.change(number, {name: node})
        elif kind == "L":
            folder, name = self._place(record.path)
            folder.change(number, {name: self.nodes[record.identity]})
        elif kind == "U":
            folder, name = self._place(record.path)
            folder.change(number, {name: None})
        elif kind == "R":
            (old, name), (new, new_name) = self._place(record.path), self._place(record.other)
            if old is not new:
                raise ModelError(f"{record.path} moved to another folder, which is not modelled")
            old.change(number, {name: None, new_name: old.live[name]})
        elif kind == "W":
            self.nodes[record.identity].changes.append((number, record.offset, record.data))
        elif kind == "T":
            self.nodes[record.identity].changes.append((number, record.offset, None))
        elif kind == "E" and not self._forgets(record):
            self.nodes[record.identity].syncs.append((record.offset, number))

    def _forgets(self, record):
        if self.forget in ("files", "directories"):
            return isinstance(self.nodes[record.identity], File) == (self.forget == "files")
        return self.forget is not None and re.search(self.forget, record.path)

    def check(self):
        """What follows from the record has to be what is really there."""
        def compare(path, node):
            if isinstance(node, Folder):
                if (found := set(os.listdir(path))) != set(node.live):
                    raise ModelError(f"{path} differs from its record in {sorted(found ^ set(node.live))[:5]}")
                for name, child in node.live.items():
                    compare(f"{path}/{name}", child)
            elif not path.endswith(UNMODELLED):
                end = len(self.records) + 1
                if pathlib.Path(path).read_bytes() != node.content(end, end, None):
                    raise ModelError(f"{path} has other bytes than its record")

        for root, node in self.roots.items():
            compare(root, node)

    def crash(self, cut, fate, generator):
        """Puts what a power failure right before record `cut` leaves in the place of the folders."""
        loss = _Loss(self, cut, fate, generator)
        made = {}
        for root, node in self.roots.items():
            shutil.rmtree(root, ignore_errors=True)
            loss.build(root, node, made)


class _Loss:
    """One power failure: what is drawn of it is drawn once for each file, folder and file system."""

    def __init__(self, disk, cut, fate, generator):
        self.disk, self.cut, self.fate, self.generator = disk, cut, fate, generator
        self.journals = {}

    def build(self, path, node, made):
        if isinstance(node, File):
            if node in made:
                return os.link(made[node], path)
            made[node] = path
            with open(path, "wb") as file:
                file.write(self._content(node))
            if node.times and not node.changes:
                os.utime(path, ns=node.times)
            return None
        os.makedirs(path)
        settled = node.settled(self.cut)
        for name, child in node.entries(self.cut, settled, self._surviving_names(node, settled)).items():
            self.build(f"{path}/{name}", child, made)
        return None

    def _surviving_names(self, folder, settled):
        fate, generator = self.fate.names, self.generator
        if fate == "journal":
            last = self._journal(folder.device)
            return lambda number: number <= last
        if fate == "prefix":
            pending = [number for number, _ in folder.changes if settled < number < self.cut]
            last = generator.choice([settled, *pending])
            return lambda number: number <= last
        share = {"none": 0, "all": 1}.get(fate, generator.choice((0.1, 0.5, 0.9)))
        return lambda number: generator.random() < share

    def _journal(self, device):
        """A journal keeps the order of a whole file system, and each sync writes all of it that there is."""
        if device not in self.journals:
            settled = max((
                node.settled(self.cut) for node in self.disk.nodes.values() if node.device == device), default=0)
            self.journals[device] = self.generator.randint(settled, max(settled, self.cut - 1))
        return self.journals[device]

    def _content(self, file):
        settled = file.settled(self.cut)
        fate, generator = self.fate.data, self.generator
        if fate == "mixed":
            fate = generator.choice([fate for fate in DATA_FATES if fate != "mixed"])
        pending = [change[0] for change in file.changes if settled < change[0] < self.cut]
        last = generator.choice([settled, *pending])
        share = generator.choice((0.1, 0.5, 0.9))

        def survives(number, offset, data, size):
            if fate == "prefix":
                return number <= last
            if fate == "subset":
                return generator.random() < share
            if fate == "sectors" and data is not None:
                return [
                    (start, data[start - offset:end - offset]) for start, end in _sectors(offset, offset + len(data))
                    if generator.random() < share]
            if fate == "zeros" and data is not None:
                return []
            return fate != "none"

        return file.content(self.cut, settled, survives)


def _sectors(start, end):
    """The ranges between which a disk may tear a write."""
    while start < end:
        next_start = min(end, (start // SECTOR + 1) * SECTOR)
        yield start, next_start
        start = next_start
