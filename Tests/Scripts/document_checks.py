"""What is checked of the documents against the source and the files of the repository, without running anything."""

import re
import subprocess

from document_pages import ARCHITECTURE, CONFIGURATION, OPERATIONS, README, REPOSITORY, problem

README_LINES = 150
OTHERS_MESSAGES = ("No space left on device", "database is locked")
"""What the system and SQLite say."""


def check(documents):
    """All of them."""
    check_links(documents)
    check_names(documents)
    check_key_names(documents[CONFIGURATION])
    check_variables(documents)
    check_texts(documents)
    check_architecture(documents[ARCHITECTURE])


def check_links(documents):
    seen = {README}
    for path, document in documents.items():
        for number, link in document.links():
            if re.match(r"[a-z]+:", link):
                continue
            name, _, anchor = link.partition("#")
            target = (path.parent / name).resolve() if name else path
            if not target.exists():
                problem(path, f"line {number}: {link} leads nowhere")
                continue
            seen.add(target)
            if anchor and (target not in documents or anchor not in documents[target].anchors()):
                problem(path, f"line {number}: {link}: there is no such heading")
    for path in documents:
        if path.parent == REPOSITORY / "docs" and path not in seen:
            problem(path, "no document leads to it")


def check_names(documents):
    makefile = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z][a-z0-9-]*):", makefile, re.MULTILINE))
    lines = len(documents[README].lines)
    if lines > README_LINES:
        problem(README, f"has {lines} lines; at most {README_LINES} are meant")
    for path, document in documents.items():
        code = "\n".join(re.findall(r"`([^`\n]+)`", document.text) + [block.text for block in document.blocks])
        for target in sorted(set(re.findall(r"\bmake ([a-z][a-z0-9-]*)", code)) - targets):
            problem(path, f"make {target} is no target of the Makefile")
        for block in document.blocks:
            if block.language == "sh":
                answer = subprocess.run(["bash", "-n"], input=block.text, capture_output=True, text=True)
                if answer.returncode != 0:
                    problem(path, f"line {block.line}: {answer.stderr.strip()}")
            for mark in block.marks:
                if block.language == "sh" and not re.fullmatch(r"exit=\d+|library", mark):
                    problem(path, f"line {block.line}: nobody knows the mark {mark}")


def documented_keys(document):
    return {
        key for _, cell in document.tables() for key in re.findall(r"`([a-z0-9_]+(?:\.[a-z0-9_]+(?:\[\])?)+)`", cell)}


def check_key_names(document):
    """Against the source, by name alone: that the sections are right too only the program knows."""
    read = set()
    for source in (REPOSITORY / "Sources/DESConfiguration/Migration").glob("*.swift"):
        text = source.read_text(encoding="utf-8")
        read.update(re.findall(r'\(\s*(?:section,\s*)?"([a-z][a-z0-9_]*)"\s*[,)]', text))
        read.update(re.findall(r'\blet key = "([a-z][a-z0-9_]*)"', text))
    named = {part.removesuffix("[]") for key in documented_keys(document) for part in key.split(".")}
    for key in sorted(read - named):
        problem(document.path, f"the source reads {key}, and no table has it")
    for key in sorted(named - read):
        problem(document.path, f"has {key}, and the source does not read it")


def check_variables(documents):
    asked = set()
    for source in (REPOSITORY / "Sources").rglob("*.swift"):
        # Names of other programs' variables, which are only recognised.
        text = re.sub(r"othersVariables: Set<String> = \[[^\]]*\]", "", source.read_text(encoding="utf-8"))
        asked.update(re.findall(r'"(DES_[A-Z0-9_]+)"', text))
    named = {}
    for path, document in documents.items():
        for _, cell in document.tables():
            named.update(dict.fromkeys(re.findall(r"`(DES_[A-Z0-9_]+)`", cell), path))
    for variable in sorted(asked - set(named)):
        problem(CONFIGURATION, f"the source asks for {variable}, and no table of a document has it")
    for variable in sorted(set(named) - asked):
        problem(named[variable], f"has {variable}, and the source does not ask for it")


def check_texts(documents):
    """Messages and names are found as they stand."""
    source = "\n".join(path.read_text(encoding="utf-8") for path in sorted((REPOSITORY / "Sources").rglob("*.swift")))
    for number, cell in documents[OPERATIONS].tables():
        for span in re.findall(r"`([^`]+)`", cell):
            for piece in re.split(r"\.\.\.", re.sub(r"\{[^}]*\}", "", span)):
                if len(piece) > 7 and piece not in OTHERS_MESSAGES and piece.strip() not in source:
                    problem(OPERATIONS, f"line {number}: the source does not say {piece.strip()!r}")
    for path, document in documents.items():
        for name in sorted(set(re.findall(r"`(des_[a-z0-9_]+)", document.text))):
            if name not in source:
                problem(path, f"the source has no {name}")


FOREIGN_TYPES = {"AsyncStream", "Codable", "String"}
"""Types that the architecture names and that are not ours."""


def check_architecture(document):
    declared = set(FOREIGN_TYPES)
    for folder in ("Sources", "Tests"):
        for source in (REPOSITORY / folder).rglob("*.swift"):
            declared.update(
                re.findall(r"\b(?:struct|class|actor|enum|protocol|typealias) (\w+)", source.read_text(encoding="utf-8")))
    package = (REPOSITORY / "Package.swift").read_text(encoding="utf-8")
    targets = set(re.findall(r'(?:\bmodule\(\s*|program\(|systemLibrary\(name: )"([^"]+)"', package))
    spans = set(re.findall(r"`([^`\n]+)`", document.text))
    for target in sorted(targets - spans):
        problem(document.path, f"does not name the target {target}")
    for span in sorted(spans):
        if re.fullmatch(r"(?:DES[A-Z]\w+|C[A-Z]\w+|Tests)(?:/[\w.-]+)*/?", span):
            folder = REPOSITORY / span if span.startswith("Tests") else REPOSITORY / "Sources" / span
            if not folder.exists() and span not in declared:
                problem(document.path, f"names {span}, which is no folder of Sources and no type")
        elif re.fullmatch(r"[A-Z][A-Za-z0-9]*[a-z][A-Za-z0-9]*", span) and span not in declared and span != "Makefile":
            problem(document.path, f"names {span}, and no type is called that")
