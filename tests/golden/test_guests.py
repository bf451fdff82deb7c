# SPDX-License-Identifier: GPL-2.0-or-later
"""Dissectors of others that are given bodies, through the table plato.msg_type."""
import os
import tempfile
import unittest

import one_run
import plato_bytes as plato
from plato_bytes import number

LUA = """
local p = Proto("shopping", "Shopping")
local what = ProtoField.string("shopping.what", "What")
p.fields = { what }
function p.dissector(buffer, pinfo, tree)
  if buffer(0, 1):uint() == 0x2e then return 0 end
  if buffer(0, 1):uint() == 0x21 then return buffer(1000, 1):uint() end
  pinfo.cols.protocol = "SHOP"
  pinfo.cols.info = "mine"
  tree:add(p, buffer()):add(what, buffer())
  return buffer:len()
end
DissectorTable.get("plato.msg_type"):add(4, p)
DissectorTable.get("plato.msg_type"):add(0, p)
"""


class Guests(unittest.TestCase):
    def decode(self, payloads, names, *options):
        with tempfile.TemporaryDirectory() as folder:
            os.chmod(folder, 0o755)
            script = os.path.join(folder, "shopping.lua")
            with open(script, "w") as out:
                out.write(LUA)
            return one_run.decode(payloads, names, "-X", "lua_script:" + script, *options)

    def test_a_dissector_of_ones_own(self):
        names = ["shopping.what", "plato.chat.text", "plato.user.mismatch", "plato.malformed",
                 "plato.login.token"]
        takes, leaves, fails, login, push = self.decode(
            [plato.up(body=b"milk"), plato.up(body=b".milk"),
             plato.up(body=b"!milk") + plato.up(2, body=b"bread"), plato.login(body=b"\xffx"),
             plato.frame(plato.PUSH, number(1, 1), b"milk")], names)
        self.assertEqual(takes["shopping.what"], ["milk"])
        self.assertNotIn("plato.chat.text", takes)
        self.assertEqual(takes["_ws.col.Protocol"], ["Plato"])
        self.assertEqual(takes["_ws.col.Info"], ['UP sess=42 client=1 "milk"'])
        self.assertEqual(leaves["plato.chat.text"], [".milk"])
        self.assertNotIn("shopping.what", leaves)
        self.assertEqual(fails["shopping.what"], ["bread"])
        self.assertEqual(fails["_ws.col.Info"],
                         ['UP sess=42 client=1 "!milk" | UP sess=42 client=2 "bread"'])
        self.assertIn("shopping.what", login)
        self.assertNotIn("plato.malformed", login)
        self.assertNotIn("[malformed]", login["_ws.col.Info"][0])
        self.assertEqual(push["plato.chat.text"], ["milk"])
        self.assertNotIn("shopping.what", push)

    def test_it_goes_before_the_table_of_body_types(self):
        takes, leaves = self.decode([plato.up(body=b"milk"), plato.up(body=b".milk")],
                                    ["shopping.what", "frame.protocols"],
                                    "-o", 'uat:plato_body_types:"UP","a.B"')
        self.assertIn("shopping.what", takes)
        self.assertNotIn("protobuf", takes["frame.protocols"][0])
        self.assertNotIn("shopping.what", leaves)
        self.assertIn("protobuf", leaves["frame.protocols"][0])


if __name__ == "__main__":
    unittest.main()
