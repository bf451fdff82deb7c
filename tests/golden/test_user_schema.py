# SPDX-License-Identifier: GPL-2.0-or-later
"""Bodies that the user describes, by a descriptor set or .proto files."""
import json
import os
import random
import shutil
import struct
import subprocess
import tempfile
import unittest

import one_run
import pcap
import plato_bytes as plato
import wireshark
from plato_bytes import data, fixed64, number, varint

SHOP = """syntax = "proto3";
package my.shop;
enum State { NEW = 0; OPEN = 5; LOST = -2; }
message Order {
  message Item { string name = 1; sint32 price = 2; repeated Item parts = 3; }
  int64 amount = 1;
  State state = 2;
  repeated Item items = 3;
  map<string, uint32> stock = 4;
  repeated fixed32 marks = 5;
  repeated sint64 steps = 6;
  oneof pay { string card = 7; bytes cash = 8; }
  repeated string tags = 9;
  Empty nothing = 10;
}
message Empty {}
"""

SCALARS = """syntax = "proto3";
message Scalars {
  double f_double = 1; float f_float = 2; int64 f_int64 = 3; uint64 f_uint64 = 4; int32 f_int32 = 5;
  fixed64 f_fixed64 = 6; fixed32 f_fixed32 = 7; bool f_bool = 8; string f_string = 9;
  bytes f_bytes = 12; uint32 f_uint32 = 13; Small f_enum = 14; sfixed32 f_sfixed32 = 15;
  sfixed64 f_sfixed64 = 16; sint32 f_sint32 = 17; sint64 f_sint64 = 18;
}
enum Small { ZERO = 0; TOP = 2147483647; BOTTOM = -2147483648; }
"""

CLASHES = {
    "a.proto": 'syntax = "proto2"; package one; import "b.proto";\n'
               "message Order { optional int32 x = 1; optional two.Order other = 2; }\n"
               "message Only { required int32 Value = 1; optional string value = 2;\n"
               "  optional int32 VALUE = 3; }\n",
    "b.proto": 'syntax = "proto3"; package two; message Order { string x = 1; }\n',
}

folder = None


def protoc(name, files, *options):
    """Compiles the files of a folder of their own; returns the path of the descriptor set."""
    sources = os.path.join(folder, name)
    os.makedirs(sources, exist_ok=True)
    for file, text in files.items():
        with open(os.path.join(sources, file), "w") as out:
            out.write(text)
    path = os.path.join(folder, name + ".pb")
    subprocess.run(["protoc", f"--descriptor_set_out={path}", *options, f"-I{sources}",
                    next(iter(files))], check=True, cwd=sources)
    return path


def setUpModule():
    global folder
    folder = tempfile.mkdtemp()
    os.chmod(folder, 0o755)
    for name, files in (("shop", {"shop.proto": SHOP}), ("scalars", {"scalars.proto": SCALARS})):
        protoc(name, files)
    protoc("clashes", CLASHES, "--include_imports")
    protoc("alone", CLASHES)


def tearDownModule():
    shutil.rmtree(folder)


def uses(name, message, msg_type="UP"):
    return ("-o", f"plato.descriptor_set:{os.path.join(folder, name + '.pb')}",
            "-o", f'uat:plato_body_types:"{msg_type}","{message}"')


SHOP_ORDER = ("shop", "my.shop.Order")


def write_capture(payloads, name="case.pcap"):
    """One segment of a connection of its own for each payload."""
    capture = pcap.Capture()
    for index, payload in enumerate(payloads):
        pcap.Flow(capture, client_port=20000 + index, handshake=False).client(payload)
    path = os.path.join(folder, name)
    capture.write(path)
    return path


def decode_bodies(bodies, names, *options):
    """A row per body, the same in one pass and in two."""
    payloads = [plato.up(body=body) for body in bodies]
    rows = one_run.decode(payloads, names, *options)
    assert rows == one_run.decode(payloads, names, *options, "-2")
    return rows


def complaints(*arguments):
    """What tshark says on standard error, and its exit code."""
    done = subprocess.run([wireshark.RUNNER, *arguments], capture_output=True, text=True,
                          timeout=wireshark.TIMEOUT, env=wireshark.environment_of_a_run())
    return done.stderr, done.returncode


def reload_in_sharkd(capture, calls):
    with wireshark.ignoring_leaks():
        return wireshark.sharkd(capture, calls)


def signed(field, value):
    return number(field, value & (1 << 64) - 1)


def zigzag(value):
    return value << 1 if value >= 0 else (-value << 1) - 1


def tagged(field, wire_type, content):
    return varint(field << 3 | wire_type) + content


ORDER = (signed(1, -7) + number(2, 5) + data(3, data(1, "nut") + number(2, zigzag(-2)) +
                                            data(3, data(1, "hole"))) +
         data(4, data(1, "bolt") + number(2, 9)) + data(5, struct.pack("<2I", 1, 0xFFFFFFFF)))


class Scalars(unittest.TestCase):
    # field, low and high: how it is written, and what is shown
    CASES = [
        ("f_double", 1, 1, struct.pack("<d", -1.5), "-1.5", struct.pack("<d", 1e300), "1e+300"),
        ("f_float", 2, 5, struct.pack("<f", -0.25), "-0.25", struct.pack("<f", 1024), "1024"),
        ("f_int64", 3, 0, varint(1 << 63), str(-(1 << 63)), varint((1 << 63) - 1),
         str((1 << 63) - 1)),
        ("f_uint64", 4, 0, varint(0), "0", varint((1 << 64) - 1), str((1 << 64) - 1)),
        ("f_int32", 5, 0, varint((1 << 64) - (1 << 31)), str(-(1 << 31)), varint((1 << 31) - 1),
         str((1 << 31) - 1)),
        ("f_fixed64", 6, 1, bytes(8), "0", b"\xff" * 8, str((1 << 64) - 1)),
        ("f_fixed32", 7, 5, bytes(4), "0", b"\xff" * 4, str((1 << 32) - 1)),
        ("f_bool", 8, 0, b"\0", ("0", "False"), b"\1", ("1", "True")),
        ("f_string", 9, 2, b"\0", "", b"\4\xf0\x9f\x98\x80", "\U0001f600"),
        ("f_bytes", 12, 2, b"\0", ("", "<MISSING>"), b"\2\x00\xff", "00ff"),
        ("f_uint32", 13, 0, varint(0), "0", varint((1 << 32) - 1), str((1 << 32) - 1)),
        ("f_enum", 14, 0, varint((1 << 64) - (1 << 31)), str(-(1 << 31)), varint((1 << 31) - 1),
         str((1 << 31) - 1)),
        ("f_sfixed32", 15, 5, b"\0\0\0\x80", str(-(1 << 31)), b"\xff\xff\xff\x7f",
         str((1 << 31) - 1)),
        ("f_sfixed64", 16, 1, bytes(7) + b"\x80", str(-(1 << 63)), b"\xff" * 7 + b"\x7f",
         str((1 << 63) - 1)),
        ("f_sint32", 17, 0, varint((1 << 32) - 1), str(-(1 << 31)), varint((1 << 32) - 2),
         str((1 << 31) - 1)),
        ("f_sint64", 18, 0, varint((1 << 64) - 1), str(-(1 << 63)), varint((1 << 64) - 2),
         str((1 << 63) - 1)),
    ]
    NAMES = [f"plato.user.scalars.{case[0]}" for case in CASES]

    def test_extremes(self):
        bodies = [b"".join(tagged(case[1], case[2], case[which]) for case in self.CASES)
                  for which in (3, 5)]
        rows = decode_bodies(bodies, self.NAMES + ["plato.user.mismatch"],
                             *uses("scalars", "Scalars"))
        for row, which in zip(rows, (4, 6)):
            for case in self.CASES:
                shown = row.get(f"plato.user.scalars.{case[0]}", [""])[0]
                expected = case[which]
                self.assertIn(shown, expected if isinstance(expected, tuple) else (expected,),
                              case[0])
            self.assertNotIn("plato.user.mismatch", row)

    def test_each_item_covers_its_own_bytes(self):
        body = b"".join(tagged(case[1], case[2], case[5]) for case in self.CASES)
        path = write_capture([plato.up(body=body)])
        tree, = wireshark.plato_trees(path, *uses("scalars", "Scalars"))[0]
        shown = tree.find(".//field[@name='plato.body']")
        at = int(shown.get("pos"))
        for item, case in zip(shown, self.CASES):
            self.assertEqual(item.get("name"), f"plato.user.scalars.{case[0]}")
            length = len(tagged(case[1], case[2], case[5]))
            self.assertEqual((int(item.get("pos")), int(item.get("size"))), (at, length))
            at += length
        self.assertEqual(at, int(shown.get("pos")) + len(body))

    def test_names_of_enum_values_filter(self):
        path = write_capture([plato.up(body=number(14, n)) for n in ((1 << 31) - 1, 7)])
        out = wireshark.run("-r", path, *uses("scalars", "Scalars"), "-Y",
                            'plato.user.scalars.f_enum == "TOP"')
        self.assertEqual(len(out.splitlines()), 1)

    def test_names_of_enum_values_are_shown(self):
        path = write_capture([plato.up(body=signed(14, -(1 << 31)) + number(14, 7))])
        out = wireshark.run("-r", path, *uses("scalars", "Scalars"), "-V")
        self.assertIn("f_enum: BOTTOM (-2147483648)", out)
        self.assertIn("f_enum: Unknown (7)", out)


class Messages(unittest.TestCase):
    NAMES = ["plato.user.order." + name for name in (
        "amount", "state", "item.name", "item.price", "stockentry.key", "stockentry.value", "marks",
        "steps", "card", "cash", "tags", "nothing")] + [
        "plato.user.mismatch", "plato.malformed", "plato.unknown_field.number", "plato.chat.text",
        "plato.utf8.bad"]

    def decode(self, *bodies):
        rows = decode_bodies(bodies, self.NAMES, *uses(*SHOP_ORDER))
        return rows[0] if len(rows) == 1 else rows

    def test_nested_repeated_and_maps(self):
        row = self.decode(ORDER)
        prefix = "plato.user.order."
        self.assertEqual(row[prefix + "amount"], ["-7"])
        self.assertEqual(row[prefix + "state"], ["5"])
        self.assertEqual(row[prefix + "item.name"], ["nut", "hole"])
        self.assertEqual(row[prefix + "item.price"], ["-2"])
        self.assertEqual(row[prefix + "stockentry.key"], ["bolt"])
        self.assertEqual(row[prefix + "stockentry.value"], ["9"])
        self.assertEqual(row[prefix + "marks"], ["1", "4294967295"])
        self.assertNotIn("plato.user.mismatch", row)
        self.assertEqual(row["_ws.col.Info"], [f"UP sess=42 client=1 ({len(ORDER)} bytes)"])

    def test_repeated_numbers_packed_and_not(self):
        packed = data(6, b"".join(varint(zigzag(n)) for n in (-1, 0, 300)))
        single = b"".join(number(6, zigzag(n)) for n in (5, -5))
        fixed = data(5, struct.pack("<I", 7)) + tagged(5, 5, struct.pack("<I", 8)) + data(5, b"")
        row = self.decode(packed + single + fixed)
        self.assertEqual(row["plato.user.order.steps"], ["-1", "0", "300", "5", "-5"])
        self.assertEqual(row["plato.user.order.marks"], ["7", "8"])
        self.assertNotIn("plato.user.mismatch", row)

    def test_packed_items_tile_their_field(self):
        body = data(6, varint(2) + varint(600)) + number(1, 1)
        tree, = wireshark.plato_trees(write_capture([plato.up(body=body)]), *uses(*SHOP_ORDER))[0]
        shown = tree.find(".//field[@name='plato.body']")
        start = int(shown.get("pos"))
        self.assertEqual([(int(i.get("pos")) - start, int(i.get("size"))) for i in shown],
                         [(0, 3), (3, 2), (5, 2)])

    def test_empty_things(self):
        row = self.decode(data(10, b"") + data(7, b"") + data(8, b"") + data(3, b""))
        self.assertNotIn("plato.user.mismatch", row)

    def test_unknown_fields(self):
        row = self.decode(number(99, 1) + number(1, 3) + fixed64(100, 2) + data(101, "x"))
        self.assertEqual(row["plato.unknown_field.number"], ["99", "100", "101"])
        self.assertEqual(row["plato.user.order.amount"], ["3"])
        self.assertNotIn("plato.user.mismatch", row)

    def test_text_that_is_not_utf8(self):
        row = self.decode(data(9, b"\xff\xfe"))
        self.assertIn("plato.utf8.bad", row)

    def test_what_does_not_fit_is_shown_up_to_there(self):
        cut, wrong_type, nested, half_packed, zero = self.decode(
            number(1, 3) + b"\x3a\x05abc", data(1, "abc") + number(2, 5),
            data(3, data(1, "nut") + b"\x10") + number(1, 4),
            data(5, struct.pack("<I", 7) + b"\1\2") + number(1, 4), number(1, 3) + b"\x00\x01")
        for row in (cut, wrong_type, nested, half_packed, zero):
            self.assertEqual(len(row["plato.user.mismatch"]), 1, row)
            self.assertIn("Not a my.shop.Order", row["_ws.expert.message"][0])
            self.assertNotIn("plato.malformed", row)
            self.assertNotIn("_ws.malformed", row)
        self.assertEqual(cut["plato.user.order.amount"], ["3"])
        self.assertIn("at byte 3 ", cut["_ws.expert.message"][0])
        self.assertIn("field 1 (amount) has another wire type (at byte 0 ",
                      wrong_type["_ws.expert.message"][0])
        self.assertEqual(wrong_type["plato.unknown_field.number"], ["1"])
        self.assertEqual(wrong_type["plato.user.order.state"], ["5"])
        self.assertEqual(nested["plato.user.order.item.name"], ["nut"])
        self.assertIn("my.shop.Order.Item", nested["_ws.expert.message"][0])
        self.assertEqual(nested["plato.user.order.amount"], ["4"])
        self.assertIn("at byte 8 ", nested["_ws.expert.message"][0])
        self.assertEqual(half_packed["plato.user.order.marks"], ["7"])
        self.assertEqual(half_packed["plato.user.order.amount"], ["4"])

    def test_the_next_frame_is_not_touched(self):
        payload = plato.up(1, body=b"\x0a\x7f") + plato.up(2, body=number(1, 8))
        row, = one_run.decode([payload], self.NAMES + ["plato.up.client_id"], *uses(*SHOP_ORDER))
        self.assertEqual(row["plato.user.order.amount"], ["8"])
        self.assertEqual(row["plato.up.client_id"], ["1", "2"])
        self.assertEqual(len(row["plato.user.mismatch"]), 1)

    def test_messages_in_messages_are_bounded(self):
        def deep(levels):
            body = data(1, "core")
            for _ in range(levels):
                body = data(3, body)
            return body
        fits, too_deep, far_too_deep = self.decode(deep(16), deep(17), deep(5000))
        self.assertEqual(fits["plato.user.order.item.name"], ["core"])
        self.assertNotIn("plato.user.mismatch", fits)
        for row in (too_deep, far_too_deep):
            self.assertNotIn("plato.user.order.item.name", row)
            self.assertEqual(len(row["plato.user.mismatch"]), 1)

    def test_the_number_of_items_is_bounded(self):
        many = data(6, bytes(70000))
        unknown = number(99, 1) * 70000
        def build(flow):
            for body in (many, unknown):
                payload = plato.up(body=body)
                for at in range(0, len(payload), 32000):
                    flow.client(payload[at:at + 32000])
        rows = one_run.decode_flow(build, ["plato.user.order.steps", "plato.user.mismatch",
                                           "plato.unknown_field.number"], *uses(*SHOP_ORDER))
        shown = [row for row in rows if "plato.user.mismatch" in row]
        self.assertEqual(len(shown), 2)
        self.assertEqual(len(shown[0]["plato.user.order.steps"]), 65535)
        self.assertEqual(len(shown[1]["plato.unknown_field.number"]), 65536)

    def test_random_bodies(self):
        pick = random.Random(7)
        bodies = []
        for _ in range(400):
            body = bytearray(ORDER)
            for _ in range(pick.randrange(1, 6)):
                body[pick.randrange(len(body))] = pick.randrange(256)
            bodies.append(bytes(body[:pick.randrange(1, len(body) + 1)]))
        rows = decode_bodies(bodies, self.NAMES, *uses(*SHOP_ORDER))
        self.assertTrue(all("plato.malformed" not in row for row in rows))
        self.assertGreater(sum("plato.user.mismatch" in row for row in rows), 100)

    def test_push_login_and_the_variant(self):
        names = ["plato.user.order.amount", "plato.login.token", "plato.malformed"]
        options = uses(*SHOP_ORDER, "push") + ("-o", 'uat:plato_body_types:"0","my.shop.Order"')
        body = signed(1, 12)
        push = number(1, 5) + data(2, number(1, 9) + data(3, body))
        rows = one_run.decode(
            [plato.frame(plato.PUSH, number(1, 1), body), plato.login(body=body),
             struct.pack(">I", len(push)) + push, plato.up(body=body)], names, *options)
        for row in rows[:3]:
            self.assertEqual(row["plato.user.order.amount"], ["12"])
            self.assertNotIn("plato.malformed", row)
            self.assertNotIn("[malformed]", row["_ws.col.Info"][0])
        self.assertNotIn("plato.user.order.amount", rows[3])  # UP has no row in the table

    def test_filters_and_fields_in_one_run(self):
        path = write_capture([plato.up(body=signed(1, n)) for n in (4, 5)])
        out = wireshark.run("-r", path, *uses(*SHOP_ORDER), "-Y", "plato.user.order.amount==5",
                            "-T", "fields", "-e", "plato.user.order.amount")
        self.assertEqual(out, "5\n")

    def test_a_body_that_was_cut_is_bytes(self):
        capture = pcap.Capture()
        flow = pcap.Flow(capture, handshake=False)
        payload = plato.up(body=ORDER)
        flow.client(payload, captured=len(payload) - 4)
        path = os.path.join(folder, "cut.pcap")
        capture.write(path)
        row, = wireshark.fields(path, ["plato.body", "plato.user.mismatch"], *uses(*SHOP_ORDER))
        self.assertEqual(list(row), ["plato.body"])


class Names(unittest.TestCase):
    def decode(self, body, names, *options):
        return decode_bodies([body], names, *options)[0]

    def test_the_package_tells_messages_of_one_name_apart(self):
        names = ["plato.user.one.order.x", "plato.user.two.order.x"]
        body = number(1, 3) + data(2, data(1, "y"))
        row = self.decode(body, names, *uses("clashes", "one.Order"))
        self.assertEqual([row[name] for name in names], [["3"], ["y"]])

    def test_the_type_tells_fields_of_one_name_apart(self):
        names = ["plato.user.only.value", "plato.user.only.value_string"]
        body = number(1, 3) + data(2, "y") + number(3, 4)
        row = self.decode(body, names, *uses("clashes", "one.Only"))
        self.assertEqual([row[name] for name in names], [["3", "4"], ["y"]])

    def test_a_set_without_its_imports(self):
        names = ["plato.user.order.x", "plato.user.order.other", "plato.user.mismatch"]
        row = self.decode(number(1, 3) + data(2, data(1, "y")), names, *uses("alone", "one.Order"))
        self.assertEqual(row["plato.user.order.x"], ["3"])
        self.assertEqual(row["plato.user.order.other"], ["0a0179"])
        self.assertNotIn("plato.user.mismatch", row)

    def test_two_sets_one_behind_the_other(self):
        with open(os.path.join(folder, "both.pb"), "wb") as out:
            for name in ("shop", "clashes", "shop"):
                with open(os.path.join(folder, name + ".pb"), "rb") as part:
                    out.write(part.read())
        row = self.decode(number(1, 3), ["plato.user.my.shop.order.amount"],
                          *uses("both", "my.shop.Order"))
        self.assertEqual(row["plato.user.my.shop.order.amount"], ["3"])


class BadFiles(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.capture = write_capture([plato.up(body=plato.chat("hi"))], "bad.pcap")
        with open(os.path.join(folder, "shop.pb"), "rb") as shop:
            cls.good = shop.read()

    def complaint(self, content, name="bad.pb"):
        """The one complaint about a file; tshark goes on in any case."""
        path = os.path.join(folder, name)
        if content is not None:
            with open(path, "wb") as out:
                out.write(content)
        text, code = complaints("-r", self.capture, "-o", f"plato.descriptor_set:{path}", "-2")
        self.assertEqual(code, 0, text)
        self.assertEqual(text.count("plato.descriptor_set"), 1, text)
        self.assertIn(path, text)
        return text

    def test_files_that_are_none(self):
        self.assertIn("No such file", self.complaint(None, "absent.pb"))
        self.assertIn("not a regular file", self.complaint(None, "shop"))
        self.assertIn("holds no message", self.complaint(b""))
        self.assertIn("at byte", self.complaint(SHOP.encode()))

    def test_a_file_that_is_too_large(self):
        path = os.path.join(folder, "large.pb")
        with open(path, "wb") as out:
            out.truncate(16 * 1024 * 1024 + 1)
        self.assertIn("larger than 16 MiB", self.complaint(None, "large.pb"))

    def test_a_file_that_was_cut(self):
        text = self.complaint(self.good[:-1])
        self.assertIn("reaches past the end", text)
        self.assertIn("(at byte 1)", text)

    def test_names_and_limits(self):
        def file(*messages):
            return data(1, data(1, "x.proto") + b"".join(data(4, m) for m in messages))
        def field(name="a", field_number=1, field_type=5):
            return data(2, data(1, name) + number(3, field_number) + number(5, field_type))
        nested = data(1, "M")
        for _ in range(40):
            nested = data(1, "M") + data(3, nested)
        many = data(1, "M") + b"".join(field("a", n) for n in range(1, 100002))
        cases = [
            (file(data(1, "")), "not an identifier"),
            (file(data(1, "é")), "not an identifier"),
            (file(data(1, "a.b")), "not an identifier"),
            (file(data(1, "x" * 256)), "not an identifier"),
            (file(b""), "has no name"),
            (file(data(1, "M"), data(1, "M")), "declared twice"),
            (file(data(1, "M") + field("ü")), "not an identifier"),
            (file(data(1, "M") + field(field_number=1 << 29)), "no possible number"),
            (file(data(1, "M") + field() + data(2, data(6, ".\u00ff"))), "by its full name"),
            (file(data(1, "M") + field(field_type=19)), "no possible number or type"),
            (file(data(1, "M") + field() + field("b")), "two fields of one number"),
            (file(nested), "nested too deeply"),
            (file(many), "too many fields"),
            (data(1, data(2, "a..b") + data(4, data(1, "M"))), "not made of identifiers"),
            (file(*(data(1, f"M{n}") for n in range(20001))), "too many messages"),
        ]
        for content, expected in cases:
            self.assertIn(expected, self.complaint(content))

    def test_enums_that_multiply(self):
        values = b"".join(data(2, data(1, "V") + number(2, n)) for n in range(10000))
        self.assertIn("too many enum values (", self.complaint(
            data(1, data(5, data(1, "E") + values + data(2, data(1, "W"))))))
        fields = b"".join(data(2, data(1, "f") + number(3, n) + number(5, 14) + data(6, ".E"))
                          for n in range(1, 60))
        self.assertIn("too many enum values over all fields", self.complaint(
            data(1, data(5, data(1, "E") + values) + data(4, data(1, "M") + fields))))

    def test_damaged_files(self):
        """One process takes them all, so that old fields are taken away each time as well."""
        pick = random.Random(11)
        capture = write_capture([plato.up(body=ORDER)], "damaged.pcap")
        calls = [("setconf", {"name": "uat:plato_body_types", "value": '"UP","my.shop.Order"'})]
        good = os.path.join(folder, "shop.pb")
        def take(path):
            calls.append(("setconf", {"name": "plato.descriptor_set", "value": path}))
            calls.append(("load", {"file": capture}))
            calls.append(("frame", {"frame": 1, "proto": True}))
        for index in range(150):
            content = bytearray(self.good)
            for _ in range(pick.randrange(1, 5)):
                content[pick.randrange(len(content))] = pick.randrange(256)
            if index % 3 == 0:
                del content[pick.randrange(len(content)):]
            path = os.path.join(folder, f"damaged{index}.pb")
            with open(path, "wb") as out:
                out.write(content)
            take(path)
            if index % 10 == 0:
                take(good)
        take(good)
        results = reload_in_sharkd(capture, calls)
        self.assertIn("amount: -7", json.dumps(results[-1]))

    def test_another_file_at_run_time(self):
        capture = write_capture([plato.up(body=number(1, 3))], "switch.pcap")
        def setting(name, value):
            return [("setconf", {"name": name, "value": value}), ("load", {"file": capture})]
        def filtered(text):
            return [("frames", {"filter": text})]
        results = reload_in_sharkd(
            capture,
            setting("uat:plato_body_types", '"UP","my.shop.Order"') +
            setting("plato.descriptor_set", os.path.join(folder, "shop.pb")) +
            filtered("plato.user.order.amount == 3") +
            setting("plato.descriptor_set", os.path.join(folder, "clashes.pb")) +
            filtered("!plato.user.one.order.x") +
            setting("plato.descriptor_set", os.path.join(folder, "shop.pb")) +
            filtered("plato.user.order.amount == 0x3"))
        found = [result for result in results if isinstance(result, list)]
        self.assertEqual([len(rows) for rows in found], [1, 1, 1])


class Tables(unittest.TestCase):
    def test_rows_that_cannot_be(self):
        capture = write_capture([plato.up()], "rows.pcap")
        for row, expected in (('"UPS","a.B"', '"UPS" is no message type of Plato: LOGIN, '),
                              ('"256","a.B"', "number from 0 to 255"),
                              ('"4x","a.B"', "number from 0 to 255"),
                              ('"","a.B"', "number from 0 to 255"),
                              ('"UP",""', "not the full name"),
                              ('"UP","a..B"', "not the full name"),
                              ('"UP",".a.B"', "not the full name"),
                              ('"UP","a,b"', "not the full name"),
                              ('"UP","1a"', "not the full name")):
            text, code = complaints("-r", capture, "-o", "uat:plato_body_types:" + row)
            self.assertNotEqual(code, 0)
            self.assertIn(expected, text)

    def test_the_first_row_of_a_type_counts(self):
        row, = decode_bodies([number(1, 3)], ["plato.user.order.amount"], *uses(*SHOP_ORDER),
                             "-o", 'uat:plato_body_types:"4","my.shop.Empty"')
        self.assertEqual(row["plato.user.order.amount"], ["3"])

    def test_wireshark_reads_the_proto_files(self):
        options = ("-o", 'uat:plato_body_types:"0x04","my.shop.Order"',
                   "-o", f'uat:protobuf_search_paths:"{os.path.join(folder, "shop")}","TRUE"',
                   "-o", "protobuf.preload_protos:TRUE", "-o", "protobuf.pbf_as_hf:TRUE")
        rows = decode_bodies([ORDER, b"\x0a\x7f"], ["pbf.my.shop.Order.amount", "plato.malformed",
                                                   "plato.user.mismatch"], *options)
        self.assertEqual(rows[0]["pbf.my.shop.Order.amount"], ["-7"])
        for row, body in zip(rows, (ORDER, b"\x0a\x7f")):
            self.assertEqual(row["_ws.col.Protocol"], ["Plato"])
            self.assertEqual(row["_ws.col.Info"], [f"UP sess=42 client=1 ({len(body)} bytes)"])
            self.assertNotIn("plato.malformed", row)


if __name__ == "__main__":
    unittest.main()
