"""Real files of this machine, chosen by a fixed rule, so that two runs on one machine work on the same ones."""

import hashlib
import os
import shutil
import stat
import sys

KIB = 1024


def roots():
    """Folders that hold many small real files: documentation, libraries, the Python and Swift trees."""
    found = ["/usr/share", "/usr/lib", os.path.join(sys.prefix, "lib")]
    swift = shutil.which("swift")
    if swift:
        found.append(os.path.dirname(os.path.dirname(os.path.realpath(swift))))
    kept = []
    for root in sorted({os.path.realpath(root) for root in found if os.path.isdir(root)}):
        if not any(root.startswith(parent + os.sep) for parent in kept):
            kept.append(root)
    return kept


def candidates(largest):
    """(path, size) of every readable regular file of 1…`largest` bytes, in the order of the SHA-1 of the path."""
    found = []
    for root in roots():
        for folder, _, names in os.walk(root):
            for name in names:
                path = os.path.join(folder, name)
                try:
                    path.encode("utf-8")
                    status = os.lstat(path)
                except (OSError, UnicodeEncodeError):
                    continue
                if stat.S_ISREG(status.st_mode) and 0 < status.st_size <= largest and os.access(path, os.R_OK):
                    found.append((path, status.st_size))
    found.sort(key=lambda file: hashlib.sha1(file[0].encode("utf-8")).digest())
    return found


def distinct(files):
    """Those of `files` whose content was not seen before, as (path, content); unreadable ones are left out."""
    seen = set()
    for path, _ in files:
        try:
            with open(path, "rb") as file:
                content = file.read()
        except OSError:
            continue
        digest = hashlib.sha256(content).digest()
        if content and digest not in seen:
            seen.add(digest)
            yield path, content
