#!/usr/bin/env python3
"""Saves files anew while a migration goes on: each line of standard input is a path, a way and the new content in hex.

`replace` writes another file and renames it, `in-place` writes over the bytes; both sync as a careful program does. Under
record_writes.c it notes when a content began to be saved and when it is durable.
"""

import ctypes
import hashlib
import os
import sys
import time

PAUSE = 0.002


def note(text):
    record = getattr(ctypes.CDLL(None), "record_note", None)
    if record:
        record(os.fsencode(text))


def synchronize(path):
    descriptor = os.open(path, os.O_RDONLY)
    os.fsync(descriptor)
    os.close(descriptor)


def save(path, way, content):
    digest = hashlib.sha256(content).hexdigest()
    if way == "in-place":
        # Never made anew: what DES has deleted meanwhile stays deleted.
        descriptor = os.open(path, os.O_WRONLY)
        note(f"begun {way} {digest} {path}")
        os.pwrite(descriptor, content, 0)
        os.fsync(descriptor)
        os.close(descriptor)
    else:
        new = f"{path}.new"
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
        os.write(descriptor, content)
        os.fsync(descriptor)
        os.close(descriptor)
        note(f"begun {way} {digest} {path}")
        os.rename(new, path)
        synchronize(os.path.dirname(path))
    note(f"saved {way} {digest} {path}")


def main():
    for line in sys.stdin:
        path, way, content = line.rstrip("\n").split("\t")
        try:
            save(path, way, bytes.fromhex(content))
        except FileNotFoundError:
            continue
        time.sleep(PAUSE)


if __name__ == "__main__":
    main()
