# SPDX-License-Identifier: GPL-2.0-or-later
"""JSON bodies: what goes to Wireshark's json dissector, of whatever length, and what does not."""
import json
import unittest

import one_run
import plato_bytes as plato


class Json(unittest.TestCase):
    def kinds(self, *bodies):
        rows = one_run.decode([plato.up(body=body) for body in bodies], ["frame.protocols"])
        return ["json" in row["frame.protocols"][0].split(":") for row in rows]

    def test_long_lists(self):
        lists = [json.dumps(list(range(n))).encode() for n in (1000, 1100, 5000)]
        objects = json.dumps({f"key{n}": n for n in range(2000)}).encode()
        self.assertEqual(self.kinds(*lists, objects), [True] * 4)

    def test_what_is_json(self):
        self.assertEqual(self.kinds(
            b'{}', b'[]', b'{"a":[1,-2.5e+3,true,false,null,"\\u00e9\\n"],"b":{}}\r\n',
            b' [1]'.strip(), b'{ "a" : 1 , "b" : [ ] }', '["grüß"]'.encode(), b'[0.5E-2,0]'),
            [True] * 7)

    def test_what_is_not(self):
        wrong = [b'{', b'[1,]', b'{"a"}', b'{a:1}', b'{"a":1,}', b'[1] x', b'[01]', b'[1.]',
                 b'[+1]', b'["\\x"]', b'["\\u12g4"]', b'["a', b'[1}', b'{"a":1]', b'[tru]',
                 b'["\n"]', b'[1 2]', b'{"a":1 "b":2}', b'[,1]', b'[-]', b'[1e]', b']', b'[[]', b' [1]']
        self.assertEqual(self.kinds(*wrong), [False] * len(wrong))

    def test_depth(self):
        self.assertEqual(self.kinds(b"[" * 256 + b"]" * 256, b"[" * 257 + b"]" * 257,
                                    b"[" * 30000), [True, False, False])


if __name__ == "__main__":
    unittest.main()
