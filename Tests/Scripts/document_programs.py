"""What the programs themselves are asked of the documents: keys, options, pieces of configurations."""

import os
import re
import subprocess

from document_checks import documented_keys
from document_pages import CONFIGURATION, problem, problems

SUBCOMMANDS = ("migrate", "http", "pack", "stats", "reconcile", "ls", "stat", "cat", "extract", "verify", "locate")
COMMANDS = ("des-migrate", "des-http", "des-pack", "des-stats", *(f"des {name}" for name in SUBCOMMANDS))
SECTIONS = (
    "", "database", "migration", "packer", "packer.compression", "packer.s3_source", "storage", "storage.zones[]",
    "storage.zones[].range", "storage.zones[].s3", "pipeline", "logging", "metrics", "workers")


def check(binaries, folder, documents):
    """All of it; the folder is for configurations."""
    check_options(binaries, documents)
    check_keys(binaries, folder, documents[CONFIGURATION])
    check_pieces(binaries, folder, documents)


def environment(folder):
    """The variables of the caller without those that change what the programs do."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("DES_", "AWS_", "PG"))}
    direct = ",".join(filter(None, (kept.get("no_proxy"), "localhost", "127.0.0.1")))
    return {**kept, "TMPDIR": str(folder), "no_proxy": direct, "NO_PROXY": direct, "LC_ALL": "C.UTF-8"}


def check_configuration(binaries, folder, text):
    """What des-migrate says to a configuration."""
    file = folder / "documents.yaml"
    file.write_text(text, encoding="utf-8")
    variables = {name: "1" for name in re.findall(r"\$\{([A-Z0-9_]+)\}", text)}
    return subprocess.run(
        [binaries / "des-migrate", "--config", file, "--check-config"], env={**environment(folder), **variables},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def check_options(binaries, documents):
    """Options in the commands of the documents, run or not, and those that stand alone."""
    options = {}
    for command in COMMANDS:
        program, *subcommand = command.split()
        answer = subprocess.run([binaries / program, *subcommand, "--help"], capture_output=True, text=True)
        options[command] = set(re.findall(r"(--[a-z][a-z-]*)", answer.stdout))
        if answer.returncode != 0 or not options[command]:
            problems.append(f"{command} --help tells no options")
    names = "|".join(sorted(map(re.escape, COMMANDS), key=len, reverse=True))
    for path, document in documents.items():
        spans = re.findall(r"`([^`\n]+)`", "\n".join(line for _, line in document.prose))
        lines = spans + [line for block in document.blocks for line in block.text.splitlines()]
        for line in lines:
            for command, rest in re.findall(rf"(?<![\w./-])({names})(?![\w-])([^|&;#]*)", line):
                for option in re.findall(r"(?<!\S)(--[a-z][a-z-]*)", rest):
                    if option not in options[command]:
                        problem(path, f"{command} has no option {option}")
        for option in re.findall(r"^(--[a-z][a-z-]*)", "\n".join(spans), re.MULTILINE):
            if not any(option in known for known in options.values()):
                problem(path, f"no program has the option {option}")


def mapping(section, keys):
    """A configuration in which the section has these keys, each without a value."""
    text = "{" + ", ".join(f"{key}: null" for key in keys) + "}"
    for name in reversed(section.split(".") if section else []):
        text = f"{{{name[:-2]}: [{text}]}}" if name.endswith("[]") else f"{{{name}: {text}}}"
    return text + "\n"


def check_keys(binaries, folder, document):
    """The program itself says which keys it does not know, and, of a key like no other, which it knows."""
    named = documented_keys(document)
    by_section = {section: [] for section in SECTIONS}
    for path in named:
        section, _, key = path.rpartition(".")
        if section not in by_section:
            problem(document.path, f"has {path}, and this check does not know such a section")
        else:
            by_section[section].append(key)
    # A section counts as documented by its keys.
    groups = {section.removesuffix("[]") for section in SECTIONS if section}
    for section, keys in by_section.items():
        said = check_configuration(binaries, folder, mapping(section, [*sorted(keys), "qqqqqqqqqqqq"])).stdout
        place = re.escape(section).replace(r"\[\]", r"\[0\]") + r"\." if section else ""
        for key in re.findall(rf": {place}([a-z0-9_]+): unknown key", said):
            if key != "qqqqqqqqqqqq":
                problem(document.path, f"has {section}.{key}, and des-migrate does not know it")
        known = re.search(r"qqqqqqqqqqqq: unknown key; known [^:]*: (.*)", said)
        if not known:
            problem(document.path, f"des-migrate does not tell the keys of the section {section or 'at the top'}: {said.strip()}")
            continue
        for key in known[1].split(", "):
            path = f"{section}.{key}".lstrip(".")
            if path not in named and path not in groups:
                problem(document.path, f"des-migrate knows {path}, and no table has it")


def check_pieces(binaries, folder, documents):
    """Pieces of configurations; other YAML is left out."""
    for path, document in documents.items():
        for block in document.blocks:
            keys = re.findall(r"^([a-z_]+):", block.text, re.MULTILINE)
            if block.language != "yaml" or not set(keys) <= set(SECTIONS):
                continue
            text = block.text if "database" in keys else block.text + "database: {url: 'sqlite:///catalog.db'}\n"
            answer = check_configuration(binaries, folder, text)
            if answer.returncode != 0:
                problem(path, f"line {block.line}: {answer.stdout.strip()}")
