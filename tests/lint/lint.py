#!/usr/bin/env python3
"""Checks on the source tree that no compiler makes: lint.py CHECK ROOT, each finding a line `path:line: text`, status 1."""

import fnmatch
import os
import re
import subprocess
import sys

MAX_LINES = 1000
SKIPPED_FOLDERS = {".git", "build", ".cache"}
CXX = (".h", ".cpp")
SOURCES = CXX + (".c", ".S", ".def", ".py", ".sh", ".cmake", ".txt", ".md")


def files(root, suffixes):
    """Paths below root, relative to it, that end in one of the suffixes."""
    for folder, subfolders, names in os.walk(root):
        subfolders[:] = sorted(name for name in subfolders if name not in SKIPPED_FOLDERS)
        for name in sorted(names):
            if name.endswith(suffixes):
                yield os.path.relpath(os.path.join(folder, name), root)


def lines(root, path):
    """The numbered lines of a file."""
    with open(os.path.join(root, path), encoding="utf-8", errors="replace") as text:
        return list(enumerate(text.read().split("\n"), 1))


def read_layers(path):
    """layers.txt as (folder -> allowed patterns, guarded library patterns)."""
    rows = {}
    with open(path, encoding="utf-8") as table:
        for line in table:
            line = line.split("#")[0].strip()
            if line:
                folder, patterns = line.split(":")
                rows[folder.strip()] = patterns.split()
    return rows, rows.pop("guarded")


def matches(name, patterns):
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)


def check_includes(root):
    """Every #include obeys layers.txt."""
    rows, guarded = read_layers(os.path.join(root, "tests/lint/layers.txt"))
    for path in files(root, CXX + (".c", ".S", ".def")):
        holders = [folder for folder in rows if path.startswith(folder + "/")]
        if not holders:
            continue
        folder = max(holders, key=len)
        allowed = rows[folder]
        for number, line in lines(root, path):
            found = re.match(r'\s*#\s*include\s*(?:"([^"]+)"|(<[^>]+>))', line)
            if not found:
                continue
            ours, library = found.groups()
            if ours:
                local = os.path.exists(os.path.join(root, os.path.dirname(path), ours))
                fine = local or ours.startswith(folder + "/") or matches(ours, allowed)
            else:
                fine = not matches(library, guarded) or matches(library, allowed)
            if not fine:
                yield f"{path}:{number}: {folder} may not include {ours or library} (tests/lint/layers.txt)"


def check_sources(root):
    """Length, header guards, left-over marks, trailing blanks, the final newline."""
    marks = re.compile(r"\b(TO" r"DO|FIX" r"ME|X" r"XX)\b")
    for path in files(root, SOURCES):
        content = lines(root, path)
        if len(content) - 1 > MAX_LINES:
            yield f"{path}:{MAX_LINES + 1}: {len(content) - 1} lines; at most {MAX_LINES}, split it by family"
        if path.endswith(".h") and not any(line == "#pragma once" for _, line in content):
            yield f"{path}:1: a header starts with #pragma once"
        if content[-1][1]:
            yield f"{path}:{content[-1][0]}: no newline at the end"
        for number, line in content:
            if marks.search(line):
                yield f"{path}:{number}: a mark for later; do it, or open an issue"
            if line != line.rstrip() and not path.endswith(".md"):
                yield f"{path}:{number}: blanks at the end of the line"


def check_format(root):
    """clang-format-19 has nothing to change."""
    paths = [path for path in files(root, CXX)]
    run = subprocess.run(["clang-format-19", "--dry-run", "--ferror-limit=1"] + paths,
                         cwd=root, stderr=subprocess.PIPE, text=True, check=True)
    for line in run.stderr.splitlines():
        if "[-Wclang-format-violations]" in line:
            yield line.replace("code should be clang-formatted", "run ./dev format")


def check_links(root):
    """Relative links in Markdown lead to files that exist."""
    for path in files(root, (".md",)):
        fenced = False
        for number, line in lines(root, path):
            fenced ^= line.lstrip().startswith("```")
            if fenced:
                continue
            for target in re.findall(r"\]\(([^)\s]+)\)", line):
                file = target.split("#")[0]
                if file and "://" not in file and not file.startswith("mailto:"):
                    if not os.path.exists(os.path.join(root, os.path.dirname(path), file)):
                        yield f"{path}:{number}: {target} does not exist"


CHECKS = {"includes": check_includes, "sources": check_sources, "format": check_format, "links": check_links}


def main():
    if len(sys.argv) != 3 or sys.argv[1] not in CHECKS:
        sys.exit(f"usage: lint.py {'|'.join(CHECKS)} ROOT")
    findings = list(CHECKS[sys.argv[1]](sys.argv[2]))
    print("\n".join(findings))
    sys.exit(1 if findings else 0)


if __name__ == "__main__":
    main()
