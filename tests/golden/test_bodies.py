# SPDX-License-Identifier: GPL-2.0-or-later
"""Bodies: a message, JSON, text or bytes, distinguished by their bytes."""
import unittest

import one_run
import plato_bytes as plato
from plato_bytes import data, number

NAMES = ["plato.chat.sender_id", "plato.chat.sent_at_us", "plato.chat.content_type",
         "plato.chat.content", "plato.chat.text", "plato.body", "json.key", "plato.malformed",
         "plato.login.token", "plato.login.client_version", "plato.login.session_ids"]


class Bodies(unittest.TestCase):
    def one(self, body, msg_type=plato.UP):
        return one_run.decode([plato.frame(msg_type, number(1, 1), body)], NAMES)[0]

    def test_chat_text(self):
        row = self.one(plato.chat("grüß dich"))
        self.assertEqual(row["plato.chat.sender_id"], ["1001"])
        self.assertEqual(row["plato.chat.sent_at_us"], ["Nov 14, 2023 22:13:20.123456000 UTC"])
        self.assertEqual(row["plato.chat.text"], ["grüß dich"])
        self.assertEqual(row["plato.chat.content"], ["grüß dich".encode().hex()])
        self.assertIn('"grüß dich"', row["_ws.col.Info"][0])

    def test_chat_json(self):
        row = self.one(plato.chat('{"price":1}', content_type=1))
        self.assertEqual(row["plato.chat.content_type"], ["1"])
        self.assertEqual(row["json.key"], ["price"])
        self.assertNotIn("plato.chat.text", row)
        self.assertIn('{"price":1}', row["_ws.col.Info"][0].replace("\\", ""))

    def test_chat_binary(self):
        row = self.one(plato.chat(b"\x00\x01\x02", content_type=2))
        self.assertEqual(row["plato.chat.content"], ["000102"])
        self.assertNotIn("plato.chat.text", row)
        self.assertIn("(3 bytes)", row["_ws.col.Info"][0])

    def test_json_body(self):
        row = self.one(b'{"Type":"text","Content":"hi"}')
        self.assertEqual(row["json.key"], ["Type", "Content"])
        self.assertEqual(row["_ws.col.Protocol"], ["Plato"])
        self.assertNotIn("plato.malformed", row)

    def test_broken_json_is_text(self):
        row = self.one(b'{"Type":"text",')
        self.assertNotIn("json.key", row)
        self.assertEqual(row["plato.chat.text"], ['{"Type":"text",'])

    def test_plain_text(self):
        row = self.one("line one\n\tline two".encode())
        self.assertEqual(len(row["plato.chat.text"]), 1)
        self.assertTrue(row["plato.chat.text"][0].startswith("line one"))

    def test_bytes(self):
        row = self.one(b"\xff\x00\x01")
        self.assertEqual(row["plato.body"], ["ff0001"])
        self.assertNotIn("plato.chat.text", row)
        self.assertNotIn("plato.malformed", row)

    def test_a_message_of_another_schema_is_not_called_malformed(self):
        row = self.one(number(1, 5) + b"\x0a\x7f")
        self.assertNotIn("plato.malformed", row)
        self.assertNotIn("plato.chat.sender_id", row)

    def test_login_body(self):
        body = data(1, "secret") + data(2, "1.2") + data(3, b"\x01\x2a") + number(3, 300)
        row = self.one(body, plato.LOGIN)
        self.assertEqual(row["plato.login.token"], ["secret"])
        self.assertEqual(row["plato.login.client_version"], ["1.2"])
        self.assertEqual(row["plato.login.session_ids"], ["1", "42", "300"])

    def test_a_packed_field_without_end(self):
        # more values than Wireshark bears items, and the next frame is shown all the same
        many = plato.frame(plato.LOGIN, number(1, 1), data(3, b"\x01" * 1100000))
        rows = one_run.decode_flow(lambda flow: [flow.client((many + plato.up(client_id=9))
                                                             [at:at + 50000])
                                                 for at in range(0, len(many) + 22, 50000)],
                                   ["plato.login.session_ids", "plato.up.client_id"])
        self.assertEqual([len(r["plato.login.session_ids"]) for r in rows
                          if "plato.login.session_ids" in r], [4096])
        self.assertEqual([r["plato.up.client_id"] for r in rows if "plato.up.client_id" in r],
                         [["9"]])

    def test_an_empty_packed_field(self):
        row = self.one(number(1, 1) + data(3, b""), plato.LOGIN)
        self.assertNotIn("plato.login.session_ids", row)

    def test_nul_is_utf8(self):
        row = one_run.decode([plato.frame(plato.ACK, data(2, b"a\0b"))],
                             ["plato.ack.msg", "plato.utf8.bad"])[0]
        self.assertNotIn("plato.utf8.bad", row)
        self.assertIn("plato.ack.msg", row)

    def test_a_login_body_that_is_cut_short(self):
        row = self.one(b"\x0a\x20secret-token", plato.LOGIN)
        self.assertIn("plato.malformed", row)
        self.assertNotIn("plato.malformed", self.one(b"secret-token", plato.LOGIN))

    def test_joined_emoji_are_text(self):
        family = "\U0001F468\u200D\U0001F469\u200D\U0001F467 \u200Fשלום"
        self.assertEqual(self.one(family.encode())["plato.chat.text"], [family])

    def test_long_text_is_cut_in_the_column_only(self):
        row = self.one(plato.chat("é" * 100))
        self.assertEqual(row["plato.chat.text"], ["é" * 100])
        self.assertIn('"' + "é" * 20 + '…"', row["_ws.col.Info"][0])


if __name__ == "__main__":
    unittest.main()
