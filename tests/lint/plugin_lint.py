#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The rules that Wireshark has for dissectors, over the sources of the plugin.

    plugin_lint.py PATH...     sources and folders; headers are read for constants
    plugin_lint.py --rules     explains every rule
    plugin_lint.py --self-test FILE    every rule finds what it is for: the examples in FILE
    plugin_lint.py --breaks FILE PATH...   and finds it in these sources, broken as FILE says

Exit codes: 0 clean; 1 findings; 2 usage.
"""
import collections
import os
import re
import sys

from csource import Source, literal

INTEGERS = {f"FT_{sign}INT{bits}": bits // 8 for sign in ("", "U")
            for bits in (8, 16, 24, 32, 40, 48, 56, 64)}
TIMES = {"FT_ABSOLUTE_TIME", "FT_RELATIVE_TIME"}
STRINGS = {"FT_STRING", "FT_STRINGZ", "FT_UINT_STRING", "FT_STRINGZPAD", "FT_STRINGZTRUNC"}
BYTES = {"FT_BYTES", "FT_UINT_BYTES"}
FIXED = {"FT_IPv4": 4, "FT_IPv6": 16, "FT_ETHER": 6, "FT_GUID": 16, "FT_EUI64": 8, "FT_FLOAT": 4,
         "FT_DOUBLE": 8}


def ints(sign, least, most):
    return {kind for kind, width in INTEGERS.items()
            if kind.startswith(f"FT_{sign}INT") and least <= width <= most}


# What a field must be for each function that adds one, by the end of the function's name.
ADDS = {
    "uint": ints("U", 1, 4) | {"FT_FRAMENUM", "FT_CHAR"}, "uint64": ints("U", 5, 8),
    "int": ints("", 1, 4), "int64": ints("", 5, 8), "boolean": {"FT_BOOLEAN"}, "string": STRINGS,
    "bytes": BYTES, "bytes_with_length": BYTES, "time": TIMES, "float": {"FT_FLOAT"},
    "double": {"FT_DOUBLE"}, "none_format": {"FT_NONE"}, "ipv4": {"FT_IPv4"}, "ether": {"FT_ETHER"},
    "item_ret_uint": ints("U", 1, 4) | {"FT_CHAR"}, "item_ret_uint64": ints("U", 5, 8),
    "item_ret_int": ints("", 1, 4), "item_ret_int64": ints("", 5, 8),
    "item_ret_boolean": {"FT_BOOLEAN"}, "item_ret_string": STRINGS, "item_ret_time_string": TIMES,
}
INTEGER_BASES = {"BASE_DEC", "BASE_HEX", "BASE_OCT", "BASE_DEC_HEX", "BASE_HEX_DEC", "BASE_CUSTOM",
                 "BASE_NONE", "BASE_PT_TCP", "BASE_PT_UDP"}
CHARSETS = ("ENC_ASCII", "ENC_UTF_8", "ENC_UTF_16", "ENC_ISO_8859_1", "ENC_UCS_2")

FORBIDDEN = {
    "ends the whole program": "abort exit assert g_assert g_assert_not_reached g_error _exit",
    "knows no end of its target": "gets strcpy strcat sprintf vsprintf stpcpy",
    "has no end, or one that is no end": "strncpy strncat strlen_s alloca",
    "keeps its place between calls, for all who call it": "strtok asctime ctime gmtime localtime",
    "writes to what may be no terminal: report_failure(), or an expert item": "printf puts putchar "
    "fprintf fputs perror vprintf vfprintf g_print g_printerr",
    "is Wireshark's snprintf() since 4.0 and prohibited there": "g_snprintf g_vsnprintf",
    "knows no names in UTF-8 on Windows; g_fopen() does": "fopen freopen",
    "is not wmem's nor GLib's": "malloc calloc realloc free strdup strndup",
    "takes no limits, and errors for 0": "atoi atol atof",
    "depends on the locale": "strcasecmp strncasecmp toupper tolower isalpha isdigit isprint isspace "
    "isupper islower isalnum isxdigit",
    "starts programs, or makes files": "system popen tmpnam tempnam mktemp",
    "is gone in 4.6, or takes other arguments there": "wmem_packet_scope val_to_str val_to_str_ext "
    "rval_to_str val_to_str_wmem dissector_try_uint_new tvb_uncompress",
    "is deprecated from 4.4 on": "tvb_get_guint8 tvb_get_guint16 tvb_get_guint24 tvb_get_guint32 "
    "tvb_get_guint64 tvb_get_gint8 tvb_find_guint8",
    "shows text that nobody can filter": "proto_tree_add_text proto_tree_add_text_internal",
    "hides how many bytes were captured": "tvb_length tvb_length_remaining tvb_ensure_length_remaining",
}
WHY_FORBIDDEN = {name: why for why, names in FORBIDDEN.items() for name in names.split()}

# What serves an option of tshark's command line ("-z") answers whoever gave it. Rule, file, and what the
# finding says begins so.
EXIT_CODE = "a tap cannot set tshark's exit code otherwise"
COMMAND_LINE = "plato-check reads what platocheck.so prints"
ALLOWED = {
    ("forbidden-call", "rows.c", "_exit()"): EXIT_CODE,
    ("forbidden-call", "run.c", "_exit()"): EXIT_CODE,
    ("forbidden-call", "run.c", "exit()"): EXIT_CODE,
    ("forbidden-call", "run.c", "printf()"): COMMAND_LINE,
    ("forbidden-call", "run.c", "fprintf()"): COMMAND_LINE,
    ("forbidden-call", "compat.h", "exit()"): "before 4.6 there is no other way to refuse a -z option",
    ("forbidden-call", "compat.h", "tvb_get_guint8()"): "4.0 has no other name for it",
    ("version", "compat.h", "asks"): "that is its job",
}

Row = collections.namedtuple("Row", "source offset where name abbrev kind base strings mask blurb")
RULES = {}


def rule(name, text):
    def register(function):
        RULES[name] = (text, function)
        return function
    return register


class World:
    """All sources together, and what is known of them before any rule is asked."""

    def __init__(self, sources):
        self.sources = sources
        self.constants = {}
        for source in sources:
            for name, value in re.findall(r"^#define (\w+) \(?(0x[0-9a-fA-F]+|\d+)[uUlL]*\)?\s*$",
                                          source.full, re.MULTILINE):
                self.constants[name] = int(value, 0)
        self.code = [s for s in sources if s.judged]
        self.macros = {name: macro for s in sources for name, macro in s.macros().items()}
        self.words = collections.Counter(word for s in sources for word in re.findall(r"\w+", s.code))
        self.fields = [Row(s, at, where, *cells) for s in self.code
                       for at, where, cells in self.rows(s, "HFILL") if len(cells) == 7]
        self.experts = [(s, at, where, cells) for s in self.code
                        for at, where, cells in self.rows(s, "EXPFILL")]
        self.protocols = {literal(arguments[2]): s for s in self.code
                          for _, _, arguments in s.calls("proto_register_protocol") if len(arguments) == 3}
        self.kinds = collections.defaultdict(set)  # (source, variable) -> types
        for row in self.fields:
            self.kinds[row.source, base_name(row.where)].add(row.kind)

    def rows(self, source, end):
        """Rows as they stand there, and those that macros make."""
        yield from source.rows(end)
        macros = {name: macro for name, macro in self.macros.items() if end in macro[1]}
        for offset, text in source.expanded(macros):
            for _, where, cells in Source(source.path, text).rows(end):
                yield offset, where, cells

    def number(self, text):
        """A constant, or None."""
        text = re.sub(r"^\(\w+\)\s*", "", text)
        if re.fullmatch(r"(0x[0-9a-fA-F]+|\d+)[uUlL]*", text):
            return int(re.sub("[uUlL]+$", "", text), 0)
        return self.constants.get(text)

    def kind_of(self, source, argument):
        """The one type of the field that an argument names; None if it names no field of the file."""
        kinds = self.kinds.get((source, base_name(argument)), set())
        return next(iter(kinds)) if len(kinds) == 1 else None

    def mentions(self, name):
        return self.words[name]


def base_name(expression):
    """hf_x of hf_x[type]; the member of a struct's member."""
    return re.split(r"\.|->", re.sub(r"\[.*\]|[()&\s]", "", expression))[-1]


# ---- registration ----

VARIABLE = re.compile(r"^(static )?(?:int|gint|expert_field)\s+((?:hf|ett|ei)_\w+)\s*(\[[^\]]*\])?\s*(=[^;]*)?;",
                      re.MULTILINE)


def variables(world, prefix):
    for source in world.code:
        for match in VARIABLE.finditer(source.code):
            if match[2].startswith(prefix):
                yield source, match


@rule("hf-registered", "Every hf_ variable stands in a table of fields.")
def hf_registered(world):
    for source, match in variables(world, "hf_"):
        if (source, match[2]) not in world.kinds:
            yield source, match.start(), f"{match[2]} is in no hf_register_info"


@rule("hf-used", "Every registered field is added to a tree somewhere.")
def hf_used(world):
    for row in world.fields:
        name = base_name(row.where)
        registered = sum(base_name(other.where) == name and other.source is row.source for other in world.fields)
        inside = len(re.findall(rf"\b{re.escape(name)}\b", row.source.code))
        # a member of a struct may be used in another file, a static variable may not
        known = inside if re.fullmatch(r"\w+(\[.*\])?", row.where) else world.mentions(name)
        if known <= registered + 1:
            yield row.source, row.offset, f"{name} is registered and never used"


@rule("ett-registered", "Every ett_ variable stands in an array that is registered, and is used.")
def ett_registered(world):
    for source, match in variables(world, "ett_"):
        name = match[2]
        arrays = re.findall(rf"int \*(?:const )?\w+\[\] = \{{[^}}]*&{name}\b", source.code)
        if not arrays or "proto_register_subtree_array" not in source.code:
            yield source, match.start(), f"{name} is never registered"
        elif len(re.findall(rf"\b{name}\b", source.code)) < 3:
            yield source, match.start(), f"{name} is registered and never used"


@rule("ei-registered", "Every ei_ variable stands in a table of expert items.")
def ei_registered(world):
    known = {(s, base_name(where)) for s, _, where, _ in world.experts}
    for source, match in variables(world, "ei_"):
        if (source, match[2]) not in known:
            yield source, match.start(), f"{match[2]} is in no ei_register_info"


@rule("ei-used", "Every registered expert item is added somewhere.")
def ei_used(world):
    for source, offset, where, _ in world.experts:
        index = re.search(r"\[(\w+)\]", where)
        name = index[1] if index else base_name(where)
        # declared and registered; what is beyond that is use
        if world.mentions(name) < 3:
            yield source, offset, f"{name} is registered and never used"


@rule("array-registered", "Every table of fields, expert items or subtrees is registered.")
def array_registered(world):
    registers = (("hf_register_info", "proto_register_field_array"),
                 ("ei_register_info", "expert_register_field_array"))
    for source in world.code:
        for kind, function in registers:
            given = {argument for _, _, arguments in source.calls(function) for argument in arguments}
            for name, offset, _ in source.tables(kind):
                if name not in given:
                    yield source, offset, f"the table {name} is not given to {function}"


@rule("minus-one", "hf_ and ett_ variables begin as -1: 4.0 ends at an ett_ that does not.")
def minus_one(world):
    for source, match in variables(world, ("hf_", "ett_")):
        if not match[3] and (match[4] or "").replace(" ", "") != "=-1":
            yield source, match.start(), f"{match[2]} does not begin as -1"


@rule("static", "hf_, ett_ and ei_ variables are static: what is shared goes through functions.")
def static(world):
    for source, match in variables(world, ("hf_", "ett_", "ei_")):
        if not match[1]:
            yield source, match.start(), f"{match[2]} is not static"


# ---- what a field is ----

@rule("filter-name", "Names of filters begin with the protocol's and are lower-case words with points between.")
def filter_name(world):
    names = [(row.source, row.offset, row.abbrev) for row in world.fields]
    names += [(source, offset, cells[0]) for source, offset, _, cells in world.experts]
    for source, offset, cell in names:
        text = literal(cell)
        if text is None:  # put together: its parts are looked at where they are written
            continue
        own = [name for name, where in world.protocols.items() if where is source]
        wanted = own or list(world.protocols)
        if not re.fullmatch(r"[a-z0-9_]+(\.[a-z0-9_-]+)+", text):
            yield source, offset, f"'{text}' is no lower-case words with points between"
        elif wanted and text.split(".")[0] not in wanted:
            yield source, offset, f"'{text}' does not begin with {' or '.join(wanted)}"


@rule("filter-once", "A name of a filter stands for one kind of field, and for fields or expert items, not both.")
def filter_once(world):
    first = {}
    for row in world.fields:
        text = literal(row.abbrev)
        if text is None:
            continue
        before = first.setdefault(text, row)
        # one field may have several labels, which are made at run time
        names = {before.name, row.name} - {"NULL"}
        if before.kind != row.kind or len(names) > 1:
            yield row.source, row.offset, f"'{text}' stands for another field too"
    seen = set()
    for source, offset, _, cells in world.experts:
        text = literal(cells[0])
        if text is None:
            continue
        if text in first or text in seen:
            yield source, offset, f"'{text}' is there already"
        seen.add(text)


@rule("field-text", "A field has a name without a colon or blanks at its ends, and a description that says more.")
def field_text(world):
    for row in world.fields:
        name, blurb = literal(row.name), literal(row.blurb)
        if name is not None and (not name or name != name.strip() or name.endswith(":")):
            yield row.source, row.offset, f"'{name}' is no name for a field"
        if blurb is not None and blurb in ("", name):
            yield row.source, row.offset, f"the description of '{name}' says nothing: NULL"


@rule("field-base", "Base, strings and mask fit the type.")
def field_base(world):
    for row in world.fields:
        bases = {word.strip() for word in row.base.split("|")}
        if row.kind in INTEGERS:
            wrong = not bases & INTEGER_BASES or ("BASE_NONE" in bases and row.strings == "NULL")
        elif row.kind == "FT_ABSOLUTE_TIME":
            wrong = not row.base.startswith("ABSOLUTE_TIME_")
        elif row.kind in ("FT_CHAR", "FT_IPv4", "FT_BOOLEAN") or row.kind in BYTES or row.kind in STRINGS:
            wrong = bool(bases & {"BASE_DEC", "BASE_DEC_HEX", "BASE_HEX_DEC"})
        elif row.kind in TIMES | {"FT_NONE", "FT_FRAMENUM", "FT_FLOAT", "FT_DOUBLE"}:
            wrong = row.base not in ("BASE_NONE", "0")
        else:
            continue
        if wrong:
            yield row.source, row.offset, f"{row.kind} with {row.base}"
        if "VALS" in row.strings and row.kind not in INTEGERS and row.kind != "FT_CHAR":
            yield row.source, row.offset, f"{row.kind} with strings for numbers"
        if "TFS" in row.strings and row.kind != "FT_BOOLEAN":
            yield row.source, row.offset, f"{row.kind} with strings for true and false"
        mask = world.number(row.mask)
        width = INTEGERS.get(row.kind, 8 if row.kind == "FT_BOOLEAN" else 0)
        if mask is None or mask >> 8 * width:
            yield row.source, row.offset, f"{row.kind} with the mask {row.mask}"


@rule("vals-end", "Tables of strings end with a row of nothing.")
def vals_end(world):
    for source in world.code:
        for kind in ("value_string", "range_string", "val64_string", "enum_val_t", "string_string"):
            for name, offset, rows in source.tables(kind):
                if not rows or not re.fullmatch(r"\{\s*(0|NULL)\s*,.*\bNULL\b.*\}", rows[-1], re.DOTALL):
                    yield source, offset, f"{name} does not end with {{0, NULL}}"


# ---- calls ----

def adds(world):
    """(source, offset, end of the function's name, arguments) of each proto_tree_add_ with a field."""
    for source in world.code:
        for name, offset, arguments in source.calls(r"proto_tree_add_\w+"):
            if len(arguments) >= 4:
                yield source, offset, name[len("proto_tree_add_"):], arguments


@rule("item-type", "The function that adds a field is the one for the field's type.")
def item_type(world):
    for source, offset, name, arguments in adds(world):
        kind = world.kind_of(source, arguments[1])
        wanted = ADDS.get(re.sub(r"_format(_value)?$", "", name) if name != "none_format" else name)
        if kind and wanted and kind not in wanted:
            yield source, offset, f"proto_tree_add_{name}() with {arguments[1]}, which is {kind}"


@rule("item-width", "The length of an item is not more than its field's type holds; of what is read from "
      "the packet, it is that of the type.")
def item_width(world):
    for source, offset, name, arguments in adds(world):
        kind = world.kind_of(source, arguments[1])
        length = world.number(arguments[4]) if len(arguments) > 4 else None
        width = INTEGERS.get(kind) or FIXED.get(kind)
        if length is None or width is None:
            continue
        if name.startswith("item"):
            wrong = length != width
        else:
            # a value that was worked out may stand for more bytes, never a header's number
            wrong = 0 < length < width and kind in FIXED
        if wrong:
            yield source, offset, f"{arguments[1]} is {kind}, and the item has {length} bytes"


@rule("encoding", "The encoding is written out, and is one for the type: never TRUE, FALSE or a number.")
def encoding(world):
    calls = [(s, at, name, a, a[5] if len(a) > 5 else "", world.kind_of(s, a[1]))
             for s, at, name, a in adds(world) if name.startswith("item")]
    for source in world.code:
        for name, offset, a in source.calls(r"tvb_get_u?int(?:16|24|32|40|48|56|64)|tvb_get_string_enc"):
            kind = "FT_STRING" if name.endswith("enc") else "FT_UINT32"
            calls.append((source, offset, name, a, a[-1] if a else "", kind))
    for source, offset, name, _, given, kind in calls:
        if "ENC_" not in given:
            # handed on by who knows it: a variable, never a number
            wrong = given in ("TRUE", "FALSE", "true", "false") or world.number(given) is not None
        elif INTEGERS.get(kind, 1) > 1:
            wrong = not re.search("ENC_(BIG|LITTLE|HOST)_ENDIAN", given)
        elif kind in STRINGS:
            wrong = not any(charset in given for charset in CHARSETS)
        elif kind in BYTES | {"FT_NONE"}:
            wrong = given != "ENC_NA"
        else:
            wrong = False
        if wrong:
            yield source, offset, f"{name}() of {kind or 'a field'} with the encoding {given or 'left out'}"


@rule("forbidden-call", "No call of what ends the program, overruns, prints, or is gone in other versions.")
def forbidden_call(world):
    for source in world.code:
        for match in re.finditer(r"(?<![.>\w])(\w+)\s*\(", source.code):
            if match[1] in WHY_FORBIDDEN:
                yield source, match.start(), f"{match[1]}() {WHY_FORBIDDEN[match[1]]}"


@rule("packet-memory", "What is made while a packet is dissected is made by wmem, not by g_malloc() and the like.")
def packet_memory(world):
    makers = re.compile(r"\b(g_(?:try_)?(?:malloc|realloc)\w*|g_new0?|g_strdup\w*|g_strconcat|g_string_new)\s*\(")
    for source in world.code:
        for name, parameters, start, end in source.functions():
            if not re.search(r"\bpacket_info\s*\*", parameters) or not re.search(r"\bproto_tree\s*\*", parameters):
                continue
            for match in makers.finditer(source.code, start, end):
                yield source, match.start(), f"{name}() dissects, and calls {match[1]}()"


@rule("wmem-freed", "What wmem gave is not given back to anybody else.")
def wmem_freed(world):
    for source in world.code:
        for name, _, start, end in source.functions():
            body = source.code[start:end]
            for variable in re.findall(r"\b(\w+)\s*=\s*(?:\([^)]*\)\s*)?wmem_(?:alloc|new|strdup|memdup|strconcat)\w*\s*\(", body):
                freed = re.search(rf"\b(?:g_free|free|g_clear_pointer)\s*\(\s*&?{variable}\b", body)
                if freed:
                    yield source, start + freed.start(), f"{name}() frees {variable}, which is wmem's"


@rule("tvb-pointer", "tvb_get_ptr() is asked for a length that is known, and never taken for a text with an end.")
def tvb_pointer(world):
    for source in world.code:
        for _, offset, arguments in source.calls("tvb_get_ptr"):
            if len(arguments) == 3 and arguments[2].startswith("-"):
                yield source, offset, "tvb_get_ptr() with a length that is not known"
        for name, _, start, end in source.functions():
            body = source.code[start:end]
            for variable in re.findall(r"\b(\w+)\s*=\s*(?:\([^)]*\)\s*)?tvb_get_ptr\s*\(", body):
                text = re.search(rf"\b(strlen|strcmp|strstr|strchr|g_strdup|wmem_strdup|col_add_str|strtoul?l?)\s*\("
                                 rf"(?:[^;]*,)?\s*(?:\([^)]*\)\s*)?{variable}\b\s*[,)]", body)
                if text:
                    yield source, start + text.start(), f"{name}() takes {variable} for a text with an end"


@rule("tree-gate", "Nothing depends on whether there is a tree: columns, expert items, taps and state do not.")
def tree_gate(world):
    for source in world.code:
        for match in re.finditer(r"\bif\s*\(\s*(?:!\s*\w*tree\b|\w*tree\s*(?:\)|&&|[!=]=\s*NULL))", source.code):
            if not re.search(r"\b\w+->", match[0]):
                yield source, match.start(), "depends on whether there is a tree"


@rule("version", "Only compat.h asks for Wireshark's version.")
def version(world):
    for source in world.code:
        for match in re.finditer(r"^#\s*(?:el)?if.*\b(WIRESHARK_VERSION_\w+|WS_AT_LEAST|VERSION_M\w+)\b", source.code, re.MULTILINE):
            yield source, match.start(), f"asks for {match[1]}"


@rule("space", "No tabs, no blanks at the ends of lines, a line end at the end, ASCII or UTF-8.")
def space(world):
    for source in world.code:
        for match in re.finditer(r"\t|[ \r]+$|\ufffd", source.text, re.MULTILINE):
            yield source, match.start(), "a tab, a blank at the end of a line, or bytes that are no text"
        if source.text and not source.text.endswith("\n"):
            yield source, len(source.text), "no line end at the end of the file"


# ---- running them ----

def judge(sources):
    """(rule, path, line, text) of every finding, in order."""
    world = World(sources)
    found = set()
    for name, (_, function) in RULES.items():
        for source, offset, text in function(world):
            if (name, os.path.basename(source.path), text.split()[0]) not in ALLOWED:
                found.add((source.path, source.line(offset), name, text))
    return sorted(found)


def judged_source(path, text, judged=True):
    source = Source(path, text)
    source.judged = judged
    return source


def read(path, judged=True):
    with open(path, encoding="utf-8", errors="replace", newline="") as file:
        return judged_source(path, file.read(), judged)


def collect(paths):
    sources = []
    for path in paths:
        if os.path.isfile(path):
            sources.append(read(path))
            continue
        for folder, _, names in sorted(os.walk(path)):
            # of a folder include/, only the constants are of interest
            judged = f"{os.sep}include" not in folder + os.sep
            sources += [read(os.path.join(folder, name), judged) for name in sorted(names)
                        if name.endswith((".c", ".h"))]
    return sources


def self_test(path):
    """FILE holds `=== RULE` and an example that breaks this rule and no other, and `=== good`."""
    with open(path, encoding="utf-8", newline="") as file:
        parts = re.split(r"^=== (\S+)\n", file.read(), flags=re.MULTILINE)[1:]
    failed, covered = False, set()
    for name, text in zip(parts[::2], parts[1::2]):
        # \t, \s and \n stand for what editors and git would not keep
        text = re.sub(r"<(TAB|BLANK)>", lambda m: {"TAB": "\t", "BLANK": " "}[m[1]], text)
        source = judged_source(f"example.{'h' if name == 'header' else 'c'}", text.replace("<CUT>\n", ""))
        found = {finding[2] for finding in judge([source])}
        wanted = set() if name == "good" else {name}
        covered |= wanted
        if found != wanted:
            failed = True
            print(f"{path}: the example of {name} breaks {sorted(found) or 'nothing'}")
            for finding in judge([source]):
                print("   ", *finding[1:])
    for name in sorted(set(RULES) - covered):
        failed = True
        print(f"{path}: there is no example that breaks {name}")
    for name in sorted(covered - set(RULES)):
        failed = True
        print(f"{path}: there is no rule {name}")
    return 1 if failed else 0


def read_breaks(path):
    """rule, file, what the finding says, old text, new text: of each break in FILE."""
    with open(path, encoding="utf-8", newline="") as file:
        parts = re.split(r"^=== (\S+) (\S+) (.*)\n", file.read(), flags=re.MULTILINE)[1:]
    for rule_name, name, text, change in zip(*[iter(parts)] * 4):
        old, new = re.split(r"^---\n", change, flags=re.MULTILINE)
        yield rule_name, name, text, old.removesuffix("\n"), new.removesuffix("\n")


def find_breaks(path, sources):
    """All breaks of FILE are made together; each has to be found, and nothing else."""
    complaints, wanted = [], []
    for rule_name, name, text, old, new in read_breaks(path):
        places = [i for i, source in enumerate(sources)
                  if source.judged and os.path.basename(source.path) == name and old in source.text]
        if len(places) != 1 or sources[places[0]].text.count(old) != 1:
            complaints.append(f"{name} does not hold, once: {old}")
            continue
        sources[places[0]] = judged_source(sources[places[0]].path, sources[places[0]].text.replace(old, new))
        wanted.append((rule_name, name, text))
    for where, line, rule_name, text in judge(sources):
        found = [w for w in wanted if w[:2] == (rule_name, os.path.basename(where)) and w[2] in text]
        if found:
            wanted.remove(found[0])
        else:
            complaints.append(f"found, and no break: {where}:{line}: [{rule_name}] {text}")
    complaints += [f"not found: [{w[0]}] {w[1]}: {w[2]}" for w in wanted]
    untried = set(RULES) - {rule_name for rule_name, *_ in read_breaks(path)}
    complaints += [f"there is no break of {name}" for name in sorted(untried)]
    for complaint in complaints:
        print(f"{path}: {complaint}")
    return 1 if complaints else 0


def main(arguments):
    if arguments in (["--help"], ["-h"]):
        print(__doc__.strip())
        return 0
    if arguments == ["--rules"]:
        for name, (text, _) in RULES.items():
            print(f"{name}\n    {text}")
        return 0
    if len(arguments) == 2 and arguments[0] == "--self-test":
        return self_test(arguments[1])
    if len(arguments) > 2 and arguments[0] == "--breaks":
        return find_breaks(arguments[1], collect(arguments[2:]))
    if not arguments or arguments[0].startswith("-"):
        print("plugin_lint.py: which sources? see --help", file=sys.stderr)
        return 2
    findings = judge(collect(arguments))
    for path, line, name, text in findings:
        print(f"{path}:{line}: [{name}] {text}")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
