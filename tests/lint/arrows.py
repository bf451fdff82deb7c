#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Which folder may include which: the C sources against a list of arrows.

    arrows.py [--summary] [--list FILE] TREE    checks a source tree (LIST: tests/lint/arrows.txt)
    arrows.py --self-test                       every rule finds what it is for, in made-up trees

A line of the list is one of
    FOLDER: FOLDER, FOLDER          files of the first may include headers of the others
    FOLDER/**: ...                  the same for all folders below it, which count as one
    never FOLDER, ...: NAME, ...    no file there includes a header whose name begins so
    generated FOLDER: NAME, ...     headers that the build makes count as this folder's
    cycle-allowed: MODULE, ... -- REASON    modules that may include each other in a circle
and # begins a comment. A module is NAME.c together with NAME.h; its name is FOLDER/NAME. The header of
a library that others include is a module by itself, FOLDER/include/NAME: the library's inner headers
may include it, though its functions are in a file that includes them.

Exit codes: 0 clean; 1 findings; 2 usage.
"""
import collections
import os
import re
import sys
import tempfile

from csource import TOKEN, blank

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include\b[ \t]*(?:"([^"\n]+)"|<([^>\n]+)>|(.*))', re.MULTILINE)
# <...> that name headers of the project; all others are of the system
OWN = ("plato/", "analysis/", "check/", "stream/")


class Arrows:
    """The list: what may include what."""

    def __init__(self, text):
        self.folders = {}      # folder -> the folders it may include
        self.whole = set()     # folders that take in all below them
        self.never = []        # (folders, beginnings of names)
        self.generated = []    # (folder, beginning of a name)
        self.cycles = []       # (modules, reason)
        self.complaints = []
        for number, line in enumerate(text.splitlines(), 1):
            line = line.split("#")[0].strip()
            if line:
                self.read(number, line)
        for folder, allowed in self.folders.items():
            for other in sorted(allowed - set(self.folders)):
                self.complaints.append(f"list: {folder} may include {other}, which has no line")

    def read(self, number, line):
        head, colon, rest = line.partition(":")
        names = [name.strip() for name in rest.split(",") if name.strip()]
        kind, _, of = head.strip().partition(" ")
        if not colon:
            self.complaints.append(f"list, line {number}: no colon in '{line}'")
        elif kind == "never":
            self.never.append(({name.strip() for name in of.split(",")}, tuple(names)))
        elif kind == "generated":
            self.generated += [(of.strip(), name) for name in names]
        elif kind == "cycle-allowed":
            modules, dashes, reason = rest.partition(" -- ")
            if not dashes or not reason.strip():
                self.complaints.append(f"list, line {number}: a cycle is allowed without a reason")
            self.cycles.append({name.strip() for name in modules.split(",")})
        else:
            folder = head.strip().removesuffix("/**")
            if head.strip().endswith("/**"):
                self.whole.add(folder)
            if folder in self.folders:
                self.complaints.append(f"list, line {number}: a second line for {folder}")
            self.folders[folder] = set(names)

    def folder_of(self, path):
        """The folder of a file as the list has it, or None."""
        folder = os.path.dirname(path)
        if folder in self.folders:
            return folder
        while folder:
            if folder in self.whole:
                return folder
            folder = os.path.dirname(folder)
        return None


class Tree:
    """The sources, and where their includes lead."""

    def __init__(self, root, arrows):
        self.arrows = arrows
        self.files = {}        # path -> [(line, name, quoted)]
        self.headers = collections.defaultdict(list)    # last part of the name -> paths
        self.findings = []
        self.modules = collections.defaultdict(set)     # module -> modules it includes
        self.folders = collections.defaultdict(set)
        for area in sorted({"/".join(folder.split("/")[:2 if folder.startswith("tools/") else 1])
                            for folder in arrows.folders}):
            for where, _, names in sorted(os.walk(os.path.join(root, area))):
                for name in sorted(names):
                    if name.endswith((".c", ".h")):
                        self.read(root, os.path.relpath(os.path.join(where, name), root))

    def read(self, root, path):
        with open(os.path.join(root, path), encoding="utf-8", errors="replace") as file:
            text = file.read()
        # what is commented out is no include
        text = TOKEN.sub(lambda m: blank(m[0]) if m[0].startswith("/") else m[0], text)
        found = []
        for match in INCLUDE.finditer(text):
            line = text.count("\n", 0, match.start()) + 1
            if match[3] is not None:
                self.findings.append(f"{path}:{line}: an include that names no header: {match[3]}")
            else:
                found.append((line, match[1] or match[2], match[1] is not None))
        self.files[path] = found
        if path.endswith(".h"):
            self.headers[os.path.basename(path)].append(path)

    def resolve(self, path, name):
        """The headers that an include may mean: beside it, in its own part of the tree, in the public
        folders of the libraries, anywhere; the first of these that has any."""
        beside = os.path.normpath(os.path.join(os.path.dirname(path), name))
        if beside in self.files:
            return [beside]
        found = [p for p in self.headers[os.path.basename(name)] if p.endswith("/" + name)]
        area = path.split("/")[0] + "/"
        for some in ([p for p in found if p.startswith(area)],
                     [p for p in found if "/include/" in p], found):
            if some:
                return some
        return []

    def module(self, path):
        inside = "/include/" if "/include/" in path else "/"
        return self.arrows.folder_of(path) + inside + os.path.splitext(os.path.basename(path))[0]

    def check_include(self, path, line, name, quoted):
        at, folder = f"{path}:{line}", self.arrows.folder_of(path)
        for folders, beginnings in self.arrows.never:
            if folder in folders and name.startswith(beginnings):
                self.findings.append(f"{at}: {folder} includes <{name}>, which is never for it")
        if not quoted and not name.startswith(OWN):
            return
        for owner, beginning in self.arrows.generated:
            if name.startswith(beginning):
                self.arrow(at, folder, owner, name)
                return
        targets = self.resolve(path, name)
        if len(targets) != 1:
            self.findings.append(f"{at}: {name} is {' or '.join(targets) or 'nowhere in the tree'}")
            return
        target = targets[0]
        owner = self.arrows.folder_of(target)
        if owner is None:
            return    # the file itself is a finding
        self.arrow(at, folder, owner, name)
        if owner != folder and "/include/" not in target and any(
                p.startswith(owner + "/include/") for p in self.files):
            self.findings.append(f"{at}: {name} is inside {owner}: others include what is in its include/")
        mine, other = self.module(path), self.module(target)
        if mine != other:
            self.modules[mine].add(other)

    def arrow(self, at, folder, owner, name):
        if owner == folder:
            return
        self.folders[folder].add(owner)
        if owner not in self.arrows.folders[folder]:
            self.findings.append(f"{at}: {folder} may not include {owner}: {name}")

    def check(self):
        """All findings, of the list and of the sources."""
        for path in self.files:
            if self.arrows.folder_of(path) is None:
                self.findings.append(f"{path}: the list has no line for {os.path.dirname(path)}")
        known = {path: includes for path, includes in self.files.items() if self.arrows.folder_of(path)}
        for path, includes in known.items():
            self.modules[self.module(path)]    # also those that include nothing
            for line, name, quoted in includes:
                self.check_include(path, line, name, quoted)
        for circle in cycles(self.arrows.folders):
            self.findings.append(f"list: these folders may include each other in a circle: {', '.join(circle)}")
        allowed = list(self.arrows.cycles)
        for circle in cycles(self.modules):
            if set(circle) in allowed:
                allowed.remove(set(circle))
            else:
                self.findings.append(f"a circle of {len(circle)} modules: {', '.join(circle)}")
        for circle in allowed:
            self.findings.append(f"list: no such circle any more: {', '.join(sorted(circle))}")
        return self.arrows.complaints + self.findings

    def summary(self):
        between = sum(len(others) for others in self.modules.values())
        rings, folder_rings = cycles(self.modules), cycles(self.folders)
        print(f"{len(self.files)} files, {len(self.modules)} modules, "
              f"{len({self.arrows.folder_of(p) for p in self.files} - {None})} folders")
        print(f"arrows: {between} between modules, "
              f"{sum(len(others) for others in self.folders.values())} between folders")
        for what, found in (("modules", rings), ("folders", folder_rings)):
            print(f"circles of {what}: {len(found)}")
            for ring in found:
                print(f"    {len(ring)}: {', '.join(ring)}")
        for folder in sorted(self.folders):
            print(f"{folder} -> {', '.join(sorted(self.folders[folder]))}")


def cycles(graph):
    """The strongly connected parts with more than one member, sorted: Tarjan's algorithm, without
    recursion."""
    index, low, stack, on_stack, found = {}, {}, [], set(), []
    for root in sorted(graph):
        if root in index:
            continue
        work = [(root, None)]
        while work:
            node, rest = work.pop()
            if rest is None:
                index[node] = low[node] = len(index)
                stack.append(node)
                on_stack.add(node)
                rest = iter(sorted(graph.get(node, ())))
            for other in rest:
                if other not in index:
                    work += [(node, rest), (other, None)]
                    break
                if other in on_stack:
                    low[node] = min(low[node], index[other])
            else:
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[node])
                if low[node] == index[node]:
                    at = stack.index(node)
                    part, stack[at:] = stack[at:], []
                    on_stack -= set(part)
                    if len(part) > 1:
                        found.append(sorted(part))
    return sorted(found)


# ---- self-test ----

LIST = """
proto:
codec/**: proto
lib/**: codec
app: codec, lib
app/deep: app
never codec: glib.h, glib/
never codec, lib: epan/
generated proto: plato/schema/
"""
GOOD = {
    "codec/include/plato/frame.h": '#include <stdint.h>\n#include "plato/schema/plato.pb-c.h"\n',
    "codec/src/frame.c": '#include "plato/frame.h"\n#include "inner.h"\n',
    # no circle: the public header is a module of its own
    "codec/src/inner.h": '#include "plato/frame.h"\n',
    "lib/include/lib/api.h": "#include <plato/frame.h>\n#include <glib.h>\n",
    "lib/src/api.c": '#include "lib/api.h"\n',
    "app/main.c": '#include "app.h"\n#include "lib/api.h"\n#include <epan/packet.h>\n',
    "app/app.h": '#include "plato/frame.h"\n/* commented out:\n#include "main.c"\n*/\n',
    "app/deep/leaf.c": '#include "app.h"\n#include "deep/leaf.h"\n',
    "app/deep/leaf.h": "",
}
# what is broken: (files that are put there instead, lines of the list, what the findings say)
BROKEN = {
    "an arrow up": ({"codec/src/frame.c": '#include "lib/api.h"\n'}, "",
                    ["codec/src/frame.c:1: codec may not include lib"]),
    "an arrow up in angle brackets": ({"codec/src/frame.c": '#include <stream/api.h>\n',
                                       "stream/include/stream/api.h": ""}, "stream/**:",
                                      ["codec/src/frame.c:1: codec may not include stream"]),
    "an arrow by a relative path": ({"lib/src/api.c": '\n#include "../../app/app.h"\n'}, "",
                                    ["lib/src/api.c:2: lib may not include app"]),
    "an arrow to generated headers": ({"lib/src/api.c": '#include "plato/schema/plato.pb-c.h"\n'}, "",
                                      ["lib/src/api.c:1: lib may not include proto"]),
    "a header that is private": ({"app/main.c": '#include "inner.h"\n'}, "",
                                 ["app/main.c:1: inner.h is inside codec"]),
    "epan below": ({"lib/src/api.c": "#  include <epan/tap.h>\n"}, "",
                   ["lib/src/api.c:1: lib includes <epan/tap.h>"]),
    "GLib in the codec": ({"codec/src/frame.c": "#include <glib.h>\n"}, "",
                          ["codec/src/frame.c:1: codec includes <glib.h>"]),
    "no such header": ({"app/main.c": '#include "gone.h"\n'}, "",
                       ["app/main.c:1: gone.h is nowhere in the tree"]),
    "two such headers": ({"app/main.c": '#include "z/two.h"\n', "app/x/z/two.h": "", "app/y/z/two.h": ""},
                         "app/x/z:\napp/y/z:", ["app/main.c:1: z/two.h is app/x/z/two.h or app/y/z/two.h"]),
    "an include by macro": ({"app/main.c": "#include HEADER\n"}, "",
                            ["app/main.c:1: an include that names no header: HEADER"]),
    "a folder without a line": ({"app/new/x.c": ""}, "", ["app/new/x.c: the list has no line for app/new"]),
    "a circle of folders": ({}, "app/a: app/b\napp/b: app/a", ["list: these folders may include each other"
                                                               " in a circle: app/a, app/b"]),
    "a circle of modules": ({"app/one.h": '#include "two.h"\n', "app/two.c": '#include "one.h"\n',
                             "app/two.h": ""}, "", ["a circle of 2 modules: app/one, app/two"]),
    "a circle through source and header": ({"app/app.c": '#include "main.h"\n',
                                            "app/main.h": '#include "app.h"\n'}, "",
                                           ["a circle of 2 modules: app/app, app/main"]),
    "a circle of public headers": ({"codec/include/plato/frame.h": '#include "plato/other.h"\n',
                                    "codec/include/plato/other.h": '#include "plato/frame.h"\n'}, "",
                                   ["a circle of 2 modules: codec/include/frame, codec/include/other"]),
    "a circle through folders": ({"app/app.h": '#include "deep/leaf.h"\n'}, "",
                                 ["app/app.h:1: app may not include app/deep",
                                  "a circle of 2 modules: app/app, app/deep/leaf"]),
    "a circle that is gone": ({}, "cycle-allowed: app/main, app/app -- will be mended",
                              ["list: no such circle any more: app/app, app/main"]),
    "a circle that has grown": ({"app/one.h": '#include "two.h"\n', "app/two.h": '#include "three.h"\n',
                                 "app/three.h": '#include "one.h"\n'},
                                "cycle-allowed: app/one, app/two -- will be mended",
                                ["a circle of 3 modules: app/one, app/three, app/two",
                                 "list: no such circle any more: app/one, app/two"]),
    "a circle without a reason": ({"app/one.h": '#include "two.h"\n', "app/two.h": '#include "one.h"\n'},
                                  "cycle-allowed: app/one, app/two", ["is allowed without a reason"]),
    "an arrow to nowhere": ({}, "app/a: app/gone", ["list: app/a may include app/gone, which has no line"]),
    "a line twice": ({}, "app: codec, lib", ["a second line for app"]),
    "a line without a colon": ({}, "app", ["no colon in 'app'"]),
}
# what is no break: the same without findings
KEPT = {
    "nothing": ({}, ""),
    "a circle that is allowed": ({"app/one.h": '#include "two.h"\n', "app/two.h": '#include "one.h"\n'},
                                 "cycle-allowed: app/one, app/two -- will be mended"),
    "two files of one module": ({"lib/include/lib/api.h": '#include "lib/types.h"\n',
                                 "lib/include/lib/types.h": ""}, ""),
}


def findings_of(files, lines):
    with tempfile.TemporaryDirectory() as root:
        for path, text in {**GOOD, **files}.items():
            os.makedirs(os.path.join(root, os.path.dirname(path)), exist_ok=True)
            with open(os.path.join(root, path), "w", encoding="utf-8") as file:
                file.write(text)
        return Tree(root, Arrows(LIST + lines)).check()


def self_test():
    failed = 0
    cases = [(name, files, lines, []) for name, (files, lines) in KEPT.items()]
    cases += [(name, *case) for name, case in BROKEN.items()]
    for name, files, lines, wanted in cases:
        found = findings_of(files, lines)
        if len(found) != len(wanted) or not all(any(w in f for f in found) for w in wanted):
            failed += 1
            print(f"self-test, {name}: wanted {wanted}, found {found}")
    return 1 if failed else 0


def main(arguments):
    if arguments in (["--help"], ["-h"]):
        print(__doc__.strip())
        return 0
    if arguments == ["--self-test"]:
        return self_test()
    summary = "--summary" in arguments
    arguments = [a for a in arguments if a != "--summary"]
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "arrows.txt")
    if len(arguments) == 3 and arguments[0] == "--list":
        path, arguments = arguments[1], arguments[2:]
    if len(arguments) != 1 or arguments[0].startswith("-"):
        print("arrows.py: which tree? see --help", file=sys.stderr)
        return 2
    with open(path, encoding="utf-8") as file:
        tree = Tree(arguments[0], Arrows(file.read()))
    findings = tree.check()
    for finding in findings:
        print(finding)
    if summary:
        tree.summary()
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
