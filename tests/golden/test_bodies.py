# SPDX-License-Identifier: GPL-2.0-or-later
"""Bodies: a message, JSON, text or bytes, told apart by their bytes."""
import unittest

import one_run
import plato_bytes as plato
from plato_bytes import data, number

NAMES = ["plato.chat.sender_id", "plato.chat.sent_at_us", "plato.chat.content_type",
         "plato.chat.content", "plato.chat.text", "plato.body", "json.key", "plato.malformed",
         "plato.login.token", "plato.login.client_version", "plato.login.session_ids",
         "_ws.col.Protocol"]


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

    def test_long_text_is_cut_in_the_column_only(self):
        row = self.one(plato.chat("é" * 100))
        self.assertEqual(row["plato.chat.text"], ["é" * 100])
        self.assertIn('"' + "é" * 20 + '…"', row["_ws.col.Info"][0])


if __name__ == "__main__":
    unittest.main()
