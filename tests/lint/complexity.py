#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""No function is too long or too complex: clang-tidy, by .clang-tidy, over what a build compiles.

    complexity.py BUILD         BUILD: a build tree, for compile_commands.json and what it generates
    complexity.py --self-test   functions just within the limits and just beyond them

Exit codes: 0 clean; 1 findings, or a file cannot be read; 2 usage; 77 clang-tidy is not installed (1
where CI is set).
"""
import concurrent.futures
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
AT_ONCE = 8    # files for one clang-tidy


def run(root, commands):
    """What clang-tidy says of the files of these compile commands, without repeats."""
    with tempfile.TemporaryDirectory() as folder:
        with open(os.path.join(folder, "compile_commands.json"), "w", encoding="utf-8") as file:
            json.dump(commands, file)
        files = sorted(command["file"] for command in commands)
        # -w: gcc's warnings are not clang's, and every build has them as errors anyway
        tidy = ["clang-tidy", "-p", folder, "--quiet", "--extra-arg=-w", "--extra-arg=-Wno-unknown-warning-option",
                f"--header-filter=^{re.escape(root)}/"]
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            parts = pool.map(lambda some: subprocess.run(tidy + some, stdout=subprocess.PIPE, check=False,
                                                         stderr=subprocess.PIPE, text=True),
                             [files[at:at + AT_ONCE] for at in range(0, len(files), AT_ONCE)])
            found = set()
            for part in parts:
                lines = re.findall(r"^\S+:\d+:\d+: (?:warning|error): .*$", part.stdout, re.MULTILINE)
                # a clang-tidy that fails says why
                found |= set(lines) if lines or part.returncode == 0 else {part.stdout + part.stderr}
    return sorted(line.replace(root + "/", "", 1) for line in found)


def commands_of(build):
    """One compile command for each of the project's own files; what was generated is not ours."""
    with open(os.path.join(build, "compile_commands.json"), encoding="utf-8") as file:
        commands = json.load(file)
    build = os.path.realpath(build) + os.sep
    own = {}
    for command in commands:
        path = os.path.realpath(os.path.join(command["directory"], command["file"]))
        if path.startswith(ROOT + os.sep) and not path.startswith(build) and path.endswith(".c"):
            own[path] = dict(command, file=path)
    return list(own.values())


# ---- self-test ----

def lines(number):
    """A function whose body ends `number` lines after its opening brace."""
    return "int f(void)\n{\n" + "    g();\n" * (number - 2) + "    return 0;\n}\n"


def branches(number):
    """A body with this cognitive complexity, on one line."""
    return "int f(int n)\n{\n    " + "if (n++) g(); " * number + "return n;\n}\n"


ASSERTS = "    ck_assert(n);" * 40 + "\n"
CASES = {  # file: (its text, the finding, or None)
    "codec/within.c": (lines(50) + branches(24).replace(" f(", " h("), None),
    "codec/long.c": (lines(51), "function 'f' exceeds recommended size"),
    "codec/complex.c": (branches(25), "function 'f' has cognitive complexity of 25"),
    "codec/nested.c": ("int f(int n)\n{\n" + "if (n++) " * 7 + "return 0;\nreturn n;\n}\n",
                       "function 'f' has cognitive complexity of 28"),
    "codec/header.c": ('#include "inline.h"\n', "codec/inline.h:4:12: error: function 'inside'"),
    "codec/broken.c": ("int f(void) { return nobody; }\n", "undeclared identifier 'nobody'"),
    "tests/asserts.c": ("int f(int n)\n{\n" + ASSERTS + "    return n;\n}\n", None),
    "tests/named.c": ("#define START_TEST(name) static void name##_fn(int n)\nSTART_TEST(test)\n{\n    " +
                      "if (n++) g(); " * 25 + ASSERTS + "}\n", "has cognitive complexity of 25"),
}
BEFORE = "void g(void);\n#define ck_assert(x) do { if (!(x)) g(); } while (0)\n"


def self_test():
    with tempfile.TemporaryDirectory() as root:
        root = os.path.realpath(root)
        for folder in ("codec", "tests"):
            os.mkdir(os.path.join(root, folder))
        for path in (".clang-tidy", "tests/.clang-tidy"):
            shutil.copy(os.path.join(ROOT, path), os.path.join(root, path))
        texts = {path: BEFORE + text for path, (text, _) in CASES.items()}
        texts["codec/inline.h"] = "/* one\n   two\n */\nstatic int " + branches(25).split(" ", 1)[1].replace(
            "f(int n)\n", "inside(int n)\n")
        for path, text in texts.items():
            with open(os.path.join(root, path), "w", encoding="utf-8") as file:
                file.write(text)
        found = run(root, [{"directory": root, "file": os.path.join(root, path), "command": f"cc -c {root}/{path}"}
                           for path in CASES])
    wanted = [(path, text) for path, (_, text) in CASES.items() if text is not None]
    missing = [(path, text) for path, text in wanted
               if not any(text in line and (path in line or path == "codec/header.c") for line in found)]
    if missing or len(found) != len(wanted):
        print(f"self-test: not found: {missing}; found:", *found, sep="\n    ")
        return 1
    return 0


def main(arguments):
    if arguments in (["--help"], ["-h"]):
        print(__doc__.strip())
        return 0
    if len(arguments) != 1 or arguments[0].startswith("-") and arguments[0] != "--self-test":
        print("complexity.py: which build tree? see --help", file=sys.stderr)
        return 2
    if shutil.which("clang-tidy") is None:
        print("complexity.py: clang-tidy is not installed (tools/install-packages check)", file=sys.stderr)
        return 1 if os.environ.get("CI") else 77
    if arguments == ["--self-test"]:
        return self_test()
    found = run(ROOT, commands_of(arguments[0]))
    for line in found:
        print(line)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
