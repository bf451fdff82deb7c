#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Words that are out, in comments and pages.

    words.py [--count] GLOSSARY TREE    --count: how many findings each folder has, too
    words.py --self-test

GLOSSARY is a Markdown page with a table `| out | say |`; a word there is a whole word, or several
that stand side by side, in any case. It reads the comments of C, Python, bash and CMake files, the
docstrings of Python, and the prose of README, INSTALL, CONTRIBUTING and docs/*.md. Text between
`backticks`, in a code block, or on a line with the words "lint: quoted" (in Markdown in a comment)
is a quotation; what is part of a name (world.c, guest->x, behind_it, give-up) is no word.

Exit codes: 0 clean; 1 findings; 2 usage.
"""
import collections
import os
import re
import sys

MARK = "lint: quoted"
CODE = "\1"    # stands for what is no prose, so that no word goes across it


def hide(text):
    return re.sub(r"\S", CODE, text)


# ---- the prose of a file, as long as the file: everything else is hidden ----

C_TOKEN = re.compile(r"""(/\*.*?\*/ | //[^\n]*) | "(?:\\.|[^"\\\n])*" | '(?:\\.|[^'\\\n])*'""",
                     re.VERBOSE | re.DOTALL)
PYTHON_TOKEN = re.compile(r'''(^[ ]*(?:\"""(?:\\.|[^\\])*?\""") | \#[^\n]*)
    | \"""(?:\\.|[^\\])*?\""" | \'\'\'(?:\\.|[^\\])*?\'\'\'
    | "(?:\\.|[^"\\\n])*" | '(?:\\.|[^'\\\n])*\'''', re.VERBOSE | re.DOTALL | re.MULTILINE)
HASH = re.compile(r"""^[ \t]*(\#(?!!)[^\n]*) | (?<=[ \t])(\#[ ][^\n]*)""", re.VERBOSE | re.MULTILINE)


def kept(text, spans):
    parts, end = [], 0
    for start, stop in spans:
        parts += [hide(text[end:start]), text[start:stop]]
        end = stop
    return "".join(parts + [hide(text[end:])])


def unmarked(prose, marks):
    """Without what marks a comment, so that its lines are read on."""
    return re.sub(marks, lambda m: " " * len(m[0]), prose, flags=re.MULTILINE)


def c_prose(text):
    found = kept(text, [m.span(1) for m in C_TOKEN.finditer(text) if m[1]])
    return unmarked(found, r"/\*\*?|\*/|//|^ *\*")


def python_prose(text):
    return unmarked(kept(text, [m.span(1) for m in PYTHON_TOKEN.finditer(text) if m[1]]), r"#+")


def hash_prose(text):
    """Of bash and CMake: a # inside quotes that are open on its line begins no comment."""
    spans = []
    for match in HASH.finditer(text):
        start, stop = match.span(1 if match[1] else 2)
        before = text[text.rfind("\n", 0, start) + 1:start]
        if before.count('"') % 2 == 0 and before.count("'") % 2 == 0:
            spans.append((start, stop))
    return unmarked(kept(text, spans), r"#+")


def markdown_prose(text):
    """Without code blocks, quotations in backticks, targets of links, and the table of words."""
    found, fenced, code, after_blank, table = [], False, False, True, False
    for line in text.splitlines(keepends=True):
        fence = re.match(r" *(```|~~~)", line)
        # a blank line inside a block of code does not end it
        code = line.startswith("    ") and (code or after_blank) or code and not line.strip()
        table = table and line.startswith("|") or re.match(r"\| *out *\| *say *\|", line) is not None
        found.append(hide(line) if fence or fenced or code or table else line)
        fenced ^= bool(fence)
        after_blank = not line.strip()
    return re.sub(r"\]\([^)\n]*\)|<!--.*?-->", lambda m: hide(m[0]), "".join(found), flags=re.DOTALL)


def prose_of(path, text):
    """The prose of a file, or None for a file that has none of ours."""
    name = os.path.basename(path)
    if name.endswith((".c", ".h", ".h.in")):
        prose = c_prose(text)
    elif name.endswith(".py"):
        prose = python_prose(text)
    elif name.endswith(".md"):
        prose = markdown_prose(text)
    elif name == "CMakeLists.txt" or name.endswith((".cmake", ".cmake.in", ".sh", ".bash")) or re.match(
            r"#![^\n]*\b(bash|sh)\b", text):
        prose = hash_prose(text)
    elif re.match(r"#![^\n]*\bpython", text):
        prose = python_prose(text)
    else:
        return None
    return re.sub(r"`[^`\n]*`", lambda m: hide(m[0]), prose)


# ---- words ----

def read_words(text):
    """out -> say, of the table in a glossary."""
    rows, inside = {}, False
    for line in text.splitlines():
        cells = [cell.strip().strip("`") for cell in line.strip().strip("|").split("|")]
        if cells == ["out", "say"]:
            inside = True
        elif not line.startswith("|"):
            inside = False
        elif inside and len(cells) == 2 and set(cells[0]) - set("-: "):
            rows[cells[0].lower()] = cells[1]
    return rows


def pattern(words):
    """All words at once; the longest of those that begin alike."""
    either = "|".join(re.escape(word).replace(r"\ ", r"(?:[ \t]*\n[ \t]*|[ \t]+)") for word in sorted(words, key=len, reverse=True))
    return re.compile(rf"(?<![\w./>-])(?:{either})(?![\w/(-]|\.\w|->)", re.IGNORECASE)


# Rows there repeat texts of the programs, which users' reports and filters hold.
QUOTED_TABLES = ("docs/check.md", "docs/filters.md")


def findings(path, text, words, search):
    if not search.search(re.sub(r"[\n*#/]", " ", text)):
        return
    prose = prose_of(path, text)
    if prose is None:
        return
    lines = text.split("\n")
    for match in search.finditer(prose):
        line = text.count("\n", 0, match.start())
        quoted = path in QUOTED_TABLES and lines[line].startswith("| `")
        if MARK not in lines[line] and not quoted:
            word = " ".join(match[0].lower().split())
            yield line + 1, f"'{word}' is out; say: {words[word]}"


def sources(root):
    pages = ("README.md", "INSTALL.md", "CONTRIBUTING.md")
    for where, folders, names in os.walk(root):
        folders[:] = sorted(f for f in folders if f not in ("build", ".git", ".cache", "__pycache__", "captures")
                            and not f.startswith("build-"))
        for name in sorted(names):
            path = os.path.relpath(os.path.join(where, name), root)
            if name.endswith(".md") and not path.startswith("docs" + os.sep) and path not in pages:
                continue
            # scripts have no ending
            if "." not in name or name.endswith((".c", ".h", ".in", ".py", ".md", ".txt", ".cmake", ".sh", ".bash")):
                yield path


def read(path):
    with open(path, "rb") as file:
        start = file.read(2)
        # neither text with an ending nor a script
        if "." not in os.path.basename(path) and start != b"#!":
            return ""
        return (start + file.read()).decode("utf-8", "replace")


# ---- self-test ----

TABLE = """| term | here |
|---|---|
| world | no row of the table below |

| out | say |
|---|---|
| `behind` | after |
| in front of | before |
| `world` | capture model |
| `so much` | that much |

| world | x |
"""
EXAMPLES = [  # name, text, (line, word) of each finding
    ("a.c", "/* The byte behind it */\nint a;\n", [(1, "behind")]),
    ("a.c", "// Behind.\nint a; // the byte in front\n// of it\n", [(1, "behind"), (2, "in front of")]),
    ("a.c", "/** one\n * in front\n * of it, so\n   much */\n", [(2, "in front of"), (3, "so much")]),
    ("a.c", 'f("behind", \'b\'); int behind; /* "x" */ g("/* behind */");\n', []),
    ("a.c", "int a; // so\nint b; // much\n// so\n\n// much\n", []),
    ("a.c", "int a; // so\n       // much\n", [(1, "so much")]),
    ("a.c", "// world.c, world->x, the_world, a/world, world(), no-world, worldly, `behind`\n", []),
    ("a.c", '// prints: it is behind (lint: quoted)\n// behind\n', [(2, "behind")]),
    ("a.h", "/* worlds, the world. The World! */\n", [(1, "world"), (1, "world")]),
    ("a.py", 'x = "behind"\ny = """behind"""  # world\n', [(2, "world")]),
    ("a.py", '"""What is in front\nof it.\n"""\n# so\n# much\n', [(1, "in front of"), (4, "so much")]),
    ("CMakeLists.txt", "# behind\nset(x behind) # world\nset(y \"# world\")\n", [(1, "behind"), (2, "world")]),
    ("run", "#!/usr/bin/env bash\n# behind\necho behind '# world' $# behind ${#x} # so much\n",
     [(2, "behind"), (3, "so much")]),
    ("run", "#!/usr/bin/python3\nx = 'behind' # behind\n", [(2, "behind")]),
    ("data", "# behind\n", []),
    ("docs/a.md", "It is in front\nof [behind](behind.md) the `world`.\n", [(1, "in front of"), (2, "behind")]),
    ("docs/a.md", "Text:\n\n    behind\n\n    world\n\nbehind\n```\nworld\n```\nworld\n", [(7, "behind"), (11, "world")]),
    ("docs/a.md", "- a list\n    behind, in its item\n", [(2, "behind")]),
    ("docs/a.md", "It prints: behind <!-- lint: quoted -->\n<!-- behind -->\n", []),
    ("docs/check.md", "| `a_rule` | behind |\n| a row | behind |\n", [(2, "behind")]),
    ("docs/a.md", TABLE, [(3, "world"), (12, "world")]),
]


def self_test():
    words = read_words(TABLE)
    failed = set(words) != {"behind", "in front of", "world", "so much"}
    if failed:
        print(f"self-test: the table holds {sorted(words)}")
    search = pattern(words)
    for path, text, wanted in EXAMPLES:
        found = [(line, said.split("'")[1]) for line, said in findings(path, text, words, search)]
        if found != wanted:
            failed = True
            print(f"self-test, {path}: wanted {wanted}, found {found} in\n{text}")
    return 1 if failed else 0


def main(arguments):
    if arguments in (["--help"], ["-h"]):
        print(__doc__.strip())
        return 0
    if arguments == ["--self-test"]:
        return self_test()
    count = "--count" in arguments
    arguments = [a for a in arguments if a != "--count"]
    if len(arguments) != 2 or arguments[0].startswith("-"):
        print("words.py: which glossary, and which tree? see --help", file=sys.stderr)
        return 2
    words = read_words(read(arguments[0]))
    if not words:
        print(f"words.py: {arguments[0]} has no table | out | say |", file=sys.stderr)
        return 2
    search, counts, bad = pattern(words), collections.Counter(), False
    for path in sources(arguments[1]):
        for line, said in findings(path, read(os.path.join(arguments[1], path)), words, search):
            print(f"{path}:{line}: {said}")
            counts["/".join(path.split("/")[:2])] += 1
            bad = True
    if count:
        for folder, number in sorted(counts.items()):
            print(f"{number:5} {folder}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
