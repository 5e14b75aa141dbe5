"""The documents as pages: their headings, links, tables and blocks."""

import pathlib
import re

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
README = REPOSITORY / "README.md"
CONFIGURATION = REPOSITORY / "docs/configuration.md"
ARCHITECTURE = REPOSITORY / "docs/architecture.md"
OPERATIONS = REPOSITORY / "docs/operations.md"
problems = []
"""What is wrong, as it is told at the end."""


def problem(path, message):
    problems.append(f"{path.relative_to(REPOSITORY)}: {message}")


class Block:
    """A fenced block: its line, the words after the fence, and its text."""

    def __init__(self, line, words, text):
        self.line, self.language, self.marks, self.text = line, (words or [""])[0], words[1:], text


class Document:
    """A page of Markdown, read once."""

    def __init__(self, path):
        self.path = path
        self.text = path.read_text(encoding="utf-8")
        self.lines = self.text.splitlines()
        self.blocks, self.prose = [], []
        fence = None
        for number, line in enumerate(self.lines, 1):
            if line.startswith("```"):
                if fence is None:
                    fence = (number, line[3:].split(), [])
                else:
                    self.blocks.append(Block(fence[0], fence[1], "\n".join(fence[2]) + "\n"))
                    fence = None
            elif fence is not None:
                fence[2].append(line)
            else:
                self.prose.append((number, line))
        if fence is not None:
            problem(path, f"line {fence[0]} begins a block that does not end")

    def anchors(self):
        """What GitHub calls the headings."""
        found = {}
        for _, line in self.prose:
            if match := re.match(r"#{1,6} (.*)", line):
                text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", match[1]).replace("`", "").strip().lower()
                slug = re.sub(r"[^\w\- ]", "", text).replace(" ", "-")
                count = found.get(slug, -1) + 1
                found[slug] = count
                if count:
                    found[f"{slug}-{count}"] = 0
        return set(found)

    def links(self):
        """Line and target of each link outside of blocks."""
        for number, line in self.prose:
            for match in re.finditer(r"\]\(([^()\s]+)\)", re.sub(r"`[^`]*`", "``", line)):
                yield number, match[1]

    def tables(self):
        """Line and first cell of each row of a table."""
        for number, line in self.prose:
            if line.startswith("|"):
                yield number, line.split("|")[1]

    @property
    def before(self):
        match = re.search(r"<!-- after: (\S+) -->", self.text)
        return match and (self.path.parent / match[1]).resolve()


def load():
    paths = [README, *sorted(REPOSITORY.glob("*.md")), *sorted((REPOSITORY / "docs").rglob("*.md"))]
    paths += sorted((REPOSITORY / "Sources").rglob("*.docc/*.md"))
    return {path: Document(path) for path in dict.fromkeys(paths)}
