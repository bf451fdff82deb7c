# SPDX-License-Identifier: GPL-2.0-or-later
"""C sources as far as plugin_lint.py has to understand them: text without comments, calls with their
arguments, initialisers in braces. It is no compiler: macros stay what they are."""
import re

OPEN, CLOSE = "([{", ")]}"


def blank(text):
    """As many spaces, and the same line ends."""
    return re.sub(r"[^\n]", " ", text)


TOKEN = re.compile(r"""/\*.*?\*/ | //[^\n]* | "(?:\\.|[^"\\\n])*" | '(?:\\.|[^'\\\n])*'""",
                   re.VERBOSE | re.DOTALL)


DEFINE = re.compile(r"^#define (\w+)(?:\(([^)]*)\))?((?:.*\\\n)*.*)$", re.MULTILINE)


class Source:
    """`full` has its comments blanked, `code` its strings' insides too; both as long as the file."""

    def __init__(self, path, text):
        self.path = path
        self.text = text
        self.full = TOKEN.sub(lambda m: blank(m[0]) if m[0].startswith("/") else m[0], text)
        self.defines = [m.span() for m in DEFINE.finditer(self.full)]
        self.code = TOKEN.sub(lambda m: m[0][0] + blank(m[0][1:-1]) + m[0][-1], self.full)

    def line(self, offset):
        return self.text.count("\n", 0, offset) + 1

    def span(self, start):
        """Of what is in the brackets that open at `start`: (first offset, offset of the end)."""
        depth = 0
        for at in range(start, len(self.code)):
            if self.code[at] in OPEN:
                depth += 1
            elif self.code[at] in CLOSE:
                depth -= 1
                if depth == 0:
                    return start + 1, at
        return start + 1, len(self.code)

    def parts(self, start, end):
        """What stands between commas, with its offset; commas inside brackets do not count."""
        depth, begin, found = 0, start, []
        for at in range(start, end):
            letter = self.code[at]
            if letter in OPEN:
                depth += 1
            elif letter in CLOSE:
                depth -= 1
            elif letter == "," and depth == 0:
                found.append((begin, self.full[begin:at].strip()))
                begin = at + 1
        last = self.full[begin:end].strip()
        return found + [(begin, last)] if last else found

    def calls(self, name):
        """(name, offset, arguments) of each call of a function whose whole name matches."""
        for match in re.finditer(rf"\b({name})\s*\(", self.code):
            yield match[1], match.start(), [text for _, text in self.parts(*self.span(match.end() - 1))]

    def macros(self):
        """name -> (parameters, body) of each macro with parameters."""
        found = {}
        for match in DEFINE.finditer(self.full):
            if match[2] is not None:
                found[match[1]] = ([p.strip() for p in match[2].split(",")],
                                   match[3].replace("\\\n", " \n"))
        return found

    def expanded(self, macros):
        """(offset, text) of each use of these macros, written out."""
        for name, (parameters, body) in macros.items():
            for _, offset, arguments in self.calls(name):
                if self.in_macro(offset) or len(arguments) != len(parameters):
                    continue
                text = body
                for parameter, argument in zip(parameters, arguments):
                    text = re.sub(rf"\b{parameter}\b", lambda _, a=argument: a, text)
                yield offset, text

    def in_macro(self, offset):
        return any(start <= offset < end for start, end in self.defines)

    def rows(self, end):
        """The rows {&WHERE, {..., END}} of tables to register: (offset, WHERE, cells)."""
        for match in re.finditer(r"\{\s*&", self.code):
            if self.in_macro(match.start()):
                continue
            cells = self.parts(*self.span(match.start()))
            if len(cells) != 2 or not cells[1][1].startswith("{"):
                continue
            brace = self.code.index("{", cells[1][0])
            inner = [text for _, text in self.parts(*self.span(brace))]
            if inner and inner[-1] == end:
                yield match.start(), cells[0][1].lstrip("&"), inner[:-1]

    def tables(self, kind):
        """(name, offset, rows) of each `KIND name[] = {...}`."""
        for match in re.finditer(rf"\b{kind}\s+(\w+)\s*\[\s*\]\s*=\s*(?=\{{)", self.code):
            yield match[1], match.start(), [text for _, text in self.parts(*self.span(match.end()))]

    def functions(self):
        """(name, parameters, offset of the body, its end) of each function that is defined here."""
        for match in re.finditer(r"^\w[\w *]*?\b(\w+)\(", self.code, re.MULTILINE):
            start, end = self.span(match.end() - 1)
            body = re.match(r"\)\s*\{", self.code[end:end + 40])
            if body:
                opened = end + body.end() - 1
                yield match[1], self.full[start:end], opened, self.span(opened)[1]


def literal(cell):
    """The text of string literals side by side; None where anything else is among them."""
    if not re.fullmatch(r'(?:"(?:\\.|[^"\\])*"\s*)+', cell):
        return None
    return "".join(re.findall(r'"((?:\\.|[^"\\])*)"', cell))
