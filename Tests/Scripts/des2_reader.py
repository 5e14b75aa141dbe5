#!/usr/bin/env python3
"""A second reader of DES2 shards, written from the format page alone.

It shares no line with the Swift code, so that a mistake there cannot hide behind the same mistake here. Strict:
whatever the format forbids raises `ShardError` with the file and the byte offset.

    des2_reader.py SHARD …                      list uid, size, stored size, codec and SHA-256 of every entry
    des2_reader.py --expected FILE.json FOLDER  compare the shards of a folder with the expected contents
"""

import argparse
import ctypes
import dataclasses
import hashlib
import json
import pathlib
import struct
import sys
import zlib

HEADER_SIZE = 8
FOOTER_SIZE = 12
CODECS = {0: "none", 1: "zstd", 2: "lz4"}
BIG_FILE_FLAG = 1


class ShardError(Exception):
    """A shard that breaks the format, or an entry whose bytes are damaged."""


@dataclasses.dataclass(frozen=True)
class Entry:
    """One file of a shard. `sha256` is set for big files only, `offset` and `stored` for inline ones."""

    uid: str
    size: int
    meta: dict
    codec: int = 0
    offset: int = 0
    stored: int = 0
    sha256: str = ""

    @property
    def is_big_file(self):
        return self.sha256 != ""


class _Zstd:
    def __init__(self):
        self.lib = ctypes.CDLL("libzstd.so.1")
        for name in ("ZSTD_decompress", "ZSTD_findFrameCompressedSize"):
            getattr(self.lib, name).restype = ctypes.c_size_t

    def decode(self, stored, size):
        source_size = ctypes.c_size_t(len(stored))
        if self.lib.ZSTD_findFrameCompressedSize(stored, source_size) != len(stored):
            raise ValueError("not exactly one zstd frame")
        target = ctypes.create_string_buffer(size + 1)
        written = self.lib.ZSTD_decompress(target, ctypes.c_size_t(size + 1), stored, source_size)
        if self.lib.ZSTD_isError(ctypes.c_size_t(written)):
            raise ValueError("zstd cannot decode it")
        return target.raw[:written]


class _LZ4:
    VERSION = 100

    def __init__(self):
        self.lib = ctypes.CDLL("liblz4.so.1")
        self.lib.LZ4F_decompress.restype = ctypes.c_size_t
        self.lib.LZ4F_createDecompressionContext.restype = ctypes.c_size_t

    def decode(self, stored, size):
        context = ctypes.c_void_p()
        self.lib.LZ4F_createDecompressionContext(ctypes.byref(context), self.VERSION)
        try:
            source = ctypes.create_string_buffer(stored, len(stored))
            target = ctypes.create_string_buffer(size + 1)
            taken = made = 0
            while True:
                source_size = ctypes.c_size_t(len(stored) - taken)
                target_size = ctypes.c_size_t(size + 1 - made)
                hint = self.lib.LZ4F_decompress(
                    context, ctypes.byref(target, made), ctypes.byref(target_size),
                    ctypes.byref(source, taken), ctypes.byref(source_size), None)
                if self.lib.LZ4F_isError(ctypes.c_size_t(hint)):
                    raise ValueError("lz4 cannot decode it")
                taken += source_size.value
                made += target_size.value
                if hint == 0:
                    break
                if source_size.value == 0 and target_size.value == 0:
                    raise ValueError("the lz4 frame does not end")
            if taken != len(stored):
                raise ValueError("bytes after the lz4 frame")
            return target.raw[:made]
        finally:
            self.lib.LZ4F_freeDecompressionContext(context)


_decoders = {}


def _decoder(codec):
    if codec not in _decoders:
        _decoders[codec] = {1: _Zstd, 2: _LZ4}[codec]()
    return _decoders[codec]


class Shard:
    """A shard file, its index read and checked at once; payloads are read when asked for."""

    def __init__(self, path, big_files_folder="_bigFiles"):
        self.path = pathlib.Path(path)
        self.big_files = self.path.parent / big_files_folder
        with open(self.path, "rb") as file:
            self.file_size = file.seek(0, 2)
            if self.file_size < HEADER_SIZE + 4 + FOOTER_SIZE:
                self._fail(0, f"{self.file_size} bytes are too few for a shard")
            file.seek(0)
            header = file.read(HEADER_SIZE)
            if header[:4] != b"DES2":
                self._fail(0, f"magic DES2 expected, found {header[:4]!r}")
            self.version = header[4]
            if self.version not in (1, 2):
                self._fail(4, f"version 1 or 2 expected, found {self.version}")
            if header[5:] != b"\0\0\0":
                self._fail(5, "reserved bytes are not zero")
            footer_start = self.file_size - FOOTER_SIZE
            file.seek(footer_start)
            magic, self.index_size = struct.unpack("<4sQ", file.read(FOOTER_SIZE))
            if magic != b"DESI":
                self._fail(footer_start, f"magic DESI expected, found {magic!r}")
            self.index_start = footer_start - self.index_size
            if self.index_size < 4 or self.index_start < HEADER_SIZE:
                self._fail(footer_start + 4, f"an index of {self.index_size} bytes does not fit")
            file.seek(self.index_start)
            self.entries = self._parse(file.read(self.index_size))

    def _fail(self, offset, message):
        raise ShardError(f"{self.path}: byte {offset}: {message}")

    def _parse(self, index):
        position = 0

        def take(count, what):
            nonlocal position
            if position + count > len(index):
                self._fail(self.index_start + position, f"{what} runs past the end of the index")
            piece = index[position:position + count]
            position += count
            return piece

        def number(form, what):
            return struct.unpack(form, take(struct.calcsize(form), what))[0]

        def text(count, what):
            start = self.index_start + position
            try:
                return take(count, what).decode("utf-8", "strict")
            except UnicodeDecodeError:
                self._fail(start, f"{what} is not UTF-8")

        entries = {}
        for _ in range(number("<I", "entry count")):
            start = self.index_start + position
            uid = text(number("<H", "uid length"), "uid")
            flags = number("<B", "flags") if self.version == 2 else 0
            if flags & ~BIG_FILE_FLAG:
                self._fail(start, f"unknown flags {flags} of {uid!r}")
            if flags & BIG_FILE_FLAG:
                fields = {"sha256": text(number("<H", "hash length"), "hash")}
                if len(fields["sha256"]) != 64 or set(fields["sha256"]) - set("0123456789abcdef"):
                    self._fail(start, f"{fields['sha256']!r} of {uid!r} is not a SHA-256 in lower-case hex")
                size = number("<Q", "size")
            else:
                offset, length, codec, stored, size = struct.unpack("<QQBQQ", take(33, "entry"))
                if codec not in CODECS:
                    self._fail(start, f"unknown codec {codec} of {uid!r}")
                if length != stored:
                    self._fail(start, f"length {length} of {uid!r} is not its stored size {stored}")
                if offset < HEADER_SIZE or offset + length > self.index_start:
                    self._fail(start, f"the payload of {uid!r} leaves the data part")
                if codec == 0 and stored != size:
                    self._fail(start, f"{uid!r} is not compressed, yet its sizes differ")
                fields = {"offset": offset, "codec": codec, "stored": stored}
            meta = {}
            if self.version == 2:
                raw = text(number("<I", "meta length"), "meta")
                try:
                    meta = json.loads(raw) if raw else {}
                except ValueError:
                    self._fail(start, f"the meta of {uid!r} is not JSON")
                if not isinstance(meta, dict):
                    self._fail(start, f"the meta of {uid!r} is not a JSON object")
            if uid in entries:
                self._fail(start, f"two entries with uid {uid!r}")
            entries[uid] = Entry(uid=uid, size=size, meta=meta, **fields)
        if position != len(index):
            self._fail(self.index_start + position, f"{len(index) - position} bytes left over in the index")
        return entries

    def read(self, uid):
        """The bytes of a file, inline or big, checked against size, CRC-32 and SHA-256 as far as they are recorded."""
        entry = self.entries[uid]
        if entry.is_big_file:
            self.sha256(uid)
            return (self.big_files / entry.sha256).read_bytes()
        with open(self.path, "rb") as file:
            file.seek(entry.offset)
            stored = file.read(entry.stored)
        if len(stored) != entry.stored:
            self._fail(entry.offset, f"the payload of {uid!r} is cut short")
        try:
            data = stored if entry.codec == 0 else _decoder(entry.codec).decode(stored, entry.size)
        except (ValueError, MemoryError, OverflowError) as problem:
            self._fail(entry.offset, f"{uid!r}: {problem!r}")
        if len(data) != entry.size:
            self._fail(entry.offset, f"{uid!r} decodes to {len(data)} bytes, not {entry.size}")
        recorded = entry.meta.get("crc32")
        if recorded is not None and recorded != f"{zlib.crc32(data):08x}":
            self._fail(entry.offset, f"{uid!r}: CRC-32 {zlib.crc32(data):08x}, recorded {recorded}")
        return data

    def sha256(self, uid):
        """SHA-256 of the file in hex. A big file is streamed, and has to agree with its name in the index."""
        entry = self.entries[uid]
        if not entry.is_big_file:
            return hashlib.sha256(self.read(uid)).hexdigest()
        path = self.big_files / entry.sha256
        hasher = hashlib.sha256()
        try:
            with open(path, "rb") as file:
                while piece := file.read(1 << 20):
                    hasher.update(piece)
                size = file.tell()
        except OSError as problem:
            raise ShardError(f"{self.path}: big file of {uid!r}: {problem}") from None
        digest = hasher.hexdigest()
        if size != entry.size or digest != entry.sha256:
            raise ShardError(f"{path}: big file of {uid!r} has {size} bytes, SHA-256 {digest}; expected {entry.size}")
        return digest


def compare(folder, expected_file):
    """Problems found when the shards of a folder are compared with a file of expected contents."""
    problems = []
    checked = 0
    for name, files in json.loads(expected_file.read_text(encoding="utf-8")).items():
        try:
            shard = Shard(folder / name)
            if set(shard.entries) != set(files):
                problems.append(f"{name}: entries {sorted(shard.entries)}, expected {sorted(files)}")
                continue
            for uid, expected in files.items():
                entry = shard.entries[uid]
                found = {"sha256": shard.sha256(uid), "size": len(shard.read(uid)), "meta": entry.meta}
                if "bigfile" in expected:
                    found["bigfile"] = entry.is_big_file
                if found != expected:
                    problems.append(f"{name}: {uid!r}: {found}, expected {expected}")
                checked += 1
        except (ShardError, OSError) as problem:
            problems.append(str(problem))
    return problems, checked


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--expected", type=pathlib.Path, metavar="FILE.json")
    parser.add_argument("places", type=pathlib.Path, nargs="+", metavar="SHARD")
    options = parser.parse_args()
    if options.expected:
        problems, checked = compare(options.places[0], options.expected)
        for problem in problems:
            print(problem, file=sys.stderr)
        print(f"{checked} entries as expected" if not problems else f"{len(problems)} problems")
        return 1 if problems else 0
    for path in options.places:
        try:
            shard = Shard(path)
            for uid, entry in shard.entries.items():
                kind = "big" if entry.is_big_file else CODECS[entry.codec]
                print(f"{uid}\t{entry.size}\t{entry.stored}\t{kind}\t{shard.sha256(uid)}")
        except (ShardError, OSError) as problem:
            print(problem, file=sys.stderr)
            return 3
    return 0


if __name__ == "__main__":
    sys.exit(main())
