# SPDX-License-Identifier: GPL-2.0-or-later
"""What users see and click: the real Wireshark with the plugin and the profile "Plato". Run by
tools/check-window, which makes a screen. Each test that passes has also seen Wireshark quit with 0
and nothing to say on the console."""
import csv
import glob
import os
import time
import unittest

import wireshark_window
from desktop import Table, wait_for, xdotool
from wireshark_window import ROOT, Wireshark

import wireshark  # of tests/golden: tshark, for what Wireshark should show

PROFILE = os.path.join(ROOT, "plugin", "profile", "Plato")
PICTURES = os.environ.get("PLATO_PICTURES")
OURS = " || ".join(wireshark.PROTOCOLS)


def picture(window, name, node=None):
    if PICTURES:
        window.picture(os.path.join(PICTURES, name + ".png"), node or window.main)


def base(capture):
    return os.path.join(ROOT, "captures", capture)


def count(capture, display_filter, *options):
    """How many packets tshark shows with this filter, in two passes, as Wireshark has made them when
    it filters."""
    rows = wireshark.fields(base(capture) + ".pcapng", ["frame.number"], "-2", "-Y", display_filter,
                            *wireshark_window.golden.options_of(base(capture)), *options)
    return len(rows)


def buttons():
    """Name and filter of the profile's buttons."""
    with open(os.path.join(PROFILE, "dfilter_buttons"), encoding="utf-8") as file:
        return [row[1:3] for row in csv.reader(file) if row and not row[0].startswith("#")]


class Case(unittest.TestCase):
    longMessage = True

    def window(self, window, name, *path, size=(1100, 500)):
        """Opens the window, has its picture taken; the caller closes it."""
        node = window.open(name, *path, size=size)
        picture(window, f"{self.id().rsplit('.', 1)[1]}-{path[-1]}".replace("/", ""), node)
        return node


class Quick(Case):
    def test_start_and_two_captures(self):
        """The profile is there, a capture is opened after the first one, a statistic too."""
        with Wireshark("trouble") as window:
            self.assertEqual(window.status["Profile"], "Plato")
            self.assertEqual(window.status["Packets"], 35)
            self.assertEqual(window.packets.titles[4:6], ["Stream", "Type"])
            there = [node.name for node in window.main.all("push button")]
            self.assertEqual([name for name, _ in buttons() if name not in there], [])
            self.assertIn("PUSH sess=42 msg=7", window.packets.row(26)[-1])
            node = window.open("Messages", "Statistics", "Plato", "Messages")
            self.assertIn("Conflict", Table(node.one("tree")).column())
            window.close(node)
            window.load("first-chat")
            self.assertEqual(window.status["Packets"], 166)


class Captures(Case):
    def test_every_capture(self):
        """Each of captures/ is shown, one after the other, with the tree of its last frame of ours."""
        names = sorted(os.path.basename(path)[:-len(".pcapng")]
                       for path in glob.glob(os.path.join(ROOT, "captures", "*.pcapng")))
        with_options = [name for name in names if os.path.exists(base(name) + ".options")]
        plain = [name for name in names if name not in with_options]
        with Wireshark(plain[0]) as window:
            for name in plain:
                with self.subTest(capture=name):
                    window.load(name)
                    self.check(window, name)
        for name in with_options:
            with self.subTest(capture=name), Wireshark(name) as window:
                self.check(window, name)

    def check(self, window, name):
        window.filter(OURS)
        self.assertEqual(window.status["Displayed"], count(name, OURS))
        packets = window.packets
        details = window.go_to(int(packets.cell(len(packets) - 1, 0).name))
        text = "\n".join(details.column())
        self.assertNotIn("Dissector bug", text)
        picture(window, "capture-" + name)
        window.filter("")


class Statistics(Case):
    # Path in the menus: capture, name of the window, a row's beginning.
    WINDOWS = {
        ("Statistics", "Plato", "Messages"): ("trouble", "Messages", "Conflict"),
        ("Statistics", "Plato", "Latency"): ("latency-trouble", "Latency", "Type"),
        ("Statistics", "Plato", "Text commands"): ("textcmd-trouble", "Text commands", "Type"),
        ("Statistics", "Plato", "Binary commands"): ("bincmd-trouble", "Binary commands", "Type"),
        ("Statistics", "Plato Sessions"): ("trouble", "Plato Sessions", "42"),
        ("Statistics", "Plato Connections"): ("trouble", "Plato Connections", "2"),
        ("Statistics", "Plato Delivery Times"): ("trouble", "Plato Delivery Times", "all"),
        ("Statistics", "Latency Round Trips"): ("latency-udp", "Latency Round Trips", "all"),
        ("Statistics", "Service Response Time", "Plato"): ("trouble", "Plato Service", "0"),
    }
    WORDS = ("plato", "latency", "command")

    def test_none_is_missing_here(self):
        """The table above has all entries of the menu that are the plugin's."""
        with Wireshark("trouble") as window:
            menu = window.main.one("menu bar").one("menu item", "Statistics")
            names = {node.name for node in menu.walk(hidden=True) if node.role == "menu item"}
        ours = {name for name in names if any(word in name.lower() for word in self.WORDS)}
        known = {name for path in self.WINDOWS for name in path[1:]}
        self.assertEqual(ours - known, set())

    def test_every_statistic(self):
        by_capture = {}
        for path, (capture, name, row) in self.WINDOWS.items():
            by_capture.setdefault(capture, []).append((path, name, row))
        for capture, windows in by_capture.items():
            with Wireshark(capture) as window:
                for path, name, row in windows:
                    with self.subTest(path=path):
                        node = self.window(window, name, *path)
                        table = Table(node.one("tree"))
                        table.find(row)
                        if name == "Latency Round Trips":  # sorted by text, which is their order
                            names = [cell.strip() for cell in table.column()]
                            self.assertEqual((names[0], names[1], names[-1]),
                                             ("all", "under 0.1 ms", "over 4 s"))
                        self.apply_filter(node)
                        window.close(node)

    def apply_filter(self, node):
        """A display filter that nothing passes: the window counts again."""
        field = node.one("text", "Display filter entry")
        field.click()
        xdotool("type", "frame.number == 0")
        node.one("push button", "Apply").click()
        time.sleep(0.5)

    def test_conversations_and_endpoints(self):
        with Wireshark("first-chat") as window:
            for name, tabs in (("Conversations", "Plato · 3"), ("Endpoints", "Plato · 4")):
                node = window.open(name, "Statistics", name, size=(1200, 400))
                node.one("page tab", tabs).click()
                picture(window, name, node)
                table = next(Table(tree) for tree in node.all("tree")
                             if "Port A" in Table(tree).titles or "Port" in Table(tree).titles)
                self.assertEqual(len(table), int(tabs[-1]))
                window.close(node)

    def test_graphs(self):
        """All of the profile, each of them ticked."""
        with Wireshark("trouble") as window:
            node = self.window(window, "I/O Graphs", "Statistics", "I/O Graphs", size=(1200, 1000))
            table = Table(node.one("tree"))
            self.assertEqual(len(table), 15)
            self.assertEqual(table.titles[:3], ["Enabled", "Graph Name", "Display Filter"])
            window.close(node)

    def test_others(self):
        """Windows of Wireshark itself, with what the plugin gives them."""
        with Wireshark("trouble") as window:
            node = self.window(window, "Protocol Hierarchy", "Statistics", "Protocol Hierarchy")
            self.assertEqual(Table(node.one("tree")).column()[-1], "Plato Instant Messaging Protocol")
            window.close(node)
            node = self.window(window, "Flow", "Statistics", "Flow Graph", size=(1200, 800))
            window.close(node)
            node = self.window(window, "Expert Information", "Analyze", "Expert Information")
            table = Table(node.one("tree"))
            self.assertIn(["Warning", "The sender skipped ids", "Sequence", "Plato", "3"],
                          [row[:5] for row in table.rows()])
            window.close(node)
            node = self.window(window, "object list", "File", "Export Objects", "Plato")
            Table(node.one("tree")).find("session-42-frame-000011-0-up-1.txt", 4)
            window.close(node)


class Looking(Case):
    def test_every_button(self):
        """Each of the profile's buttons shows what tshark shows with its filter."""
        with Wireshark("trouble") as window:
            for name, display_filter in buttons():
                with self.subTest(button=name):
                    window.main.one("push button", name).click()
                    expected = count("trouble", display_filter)
                    wait_for(f"{expected} packets, for {name}",
                             lambda: window.status["Displayed"] == expected, 10)
                    picture(window, "button-" + name)

    def test_links(self):
        """From a frame that closes a gap to the first one after it, and from a request to its
        response, by double clicks."""
        with Wireshark("trouble") as window:
            for start, text, end in ((27, "[Gap reported in: 26]", 26), (22, "[Repeat of: 17]", 17),
                                     (11, "[Response in: 12]", 12)):
                window.follow_link(start, text, end)
                picture(window, f"link-{start}-{end}")

    def test_follow(self):
        with Wireshark("first-chat") as window:
            window.go_to(22)
            kinds = ["TCP Stream"]
            if wireshark_window.VERSION >= (4, 2):  # before, the menu is a fixed list
                kinds.append("Plato Stream")
            for kind in kinds:
                window.menu("Analyze", "Follow", kind)
                node = window.program.window("Follow")
                window.resize(node, (1000, 700))
                picture(window, "follow-" + kind, node)
                self.assertIn("Hello, everyone.", node.all("text")[0].text)
                window.close(node)
                window.filter("")


class Settings(Case):
    def test_decode_as(self):
        """All four protocols are in the list; the last one chosen decodes the port."""
        with Wireshark("mixed-ports", "--disable-heuristic", "plato_tcp") as window:
            window.filter("plato && tcp.port == 40123")
            self.assertEqual(window.status["Displayed"], 0)
            window.filter("tcp.srcport == 40123")
            window.go_to(int(window.packets.cell(0, 0).name))
            node = window.open("Decode As", "Analyze", "Decode As", size=(900, 400))
            node.all("push button")[0].click()  # the one with a plus
            table = Table(node.one("tree"))
            for name in ("TextCmd", "BinCmd", "Latency", "Plato"):
                table.click(0, 4, times=2)
                time.sleep(0.3)
                xdotool("type", "--delay", 50, name)
                xdotool("key", "Return")
                table.click(0)  # elsewhere: the list closes
                self.assertEqual(table.row(0)[:2] + table.row(0)[4:], ["TCP port", "40123", name])
            picture(window, "decode-as", node)
            node.one("push button", "OK").click()
            window.filter("plato && tcp.port == 40123")
            expected = count("mixed-ports", "plato && tcp.port == 40123")
            wait_for(f"{expected} packets", lambda: window.status["Displayed"] == expected, 10)

    # Protocol, as its page in the preferences is called: what stands on it.
    PAGES = {
        "Plato": ["Plato Instant Messaging Protocol", "Framing", "What the CRC covers",
                  "CRC polynomial", "Longest variable header (bytes)", "Longest body (bytes)",
                  "Slow response (ms)", "Heartbeat interval (s)", "Body types", "Descriptor set",
                  "TCP port(s)", "TLS Port(s)"],
        "Latency": ["Latency Echo Protocol", "UDP port(s)", "TCP port(s)", "TLS Port(s)"],
        "TextCmd": ["Text Command Protocol", "TCP port(s)", "TLS Port(s)"],
        "BinCmd": ["Binary Command Protocol", "Magics", "TCP port(s)", "TLS Port(s)"],
    }

    def test_preferences(self):
        with Wireshark("trouble") as window:
            node = window.open("Preferences", "Edit", "Preferences", size=(1000, 560))
            table = Table(node.one("tree"))
            table.click(table.find("Protocols"))
            xdotool("key", "Right")
            wait_for("the protocols", lambda: len(table) > 100)
            for name, expected in self.PAGES.items():
                # Newer versions call the ports "Plato TCP port(s)".
                def shown():
                    labels = {label.name for label in node.all("label")}
                    return all({text, f"{name} {text}"} & labels for text in expected)
                for _ in range(4):  # what is typed too slowly is taken for two names
                    time.sleep(1)
                    xdotool("type", "--delay", 20, name)
                    time.sleep(1)
                    if shown():
                        break
                self.assertTrue(shown(), name)
                picture(window, "preferences-" + name, node)
            window.close(node)

    def test_enabled_protocols(self):
        rows = []
        with Wireshark("trouble") as window:
            node = window.open("Enabled Protocols", "Analyze", "Enabled Protocols", size=(900, 400))
            for word in ("plato", "latency", "commands"):
                node.all("text")[0].click(times=3)
                xdotool("type", word)
                time.sleep(1)
                picture(window, "enabled-" + word, node)
                rows += Table(node.one("tree")).rows()
            window.close(node)
        for row in (["Plato", "Plato Instant Messaging Protocol"], ["plato_tls", "Plato over TLS"],
                    ["Latency", "Latency Echo Protocol"],
                    ["textcmd_tcp", "Text commands over TCP"],
                    ["bincmd_tls", "Binary commands over TLS"]):
            self.assertIn(row, rows)

    def test_coloring_rules(self):
        """Wireshark takes each of the profile's, and marks none as wrong."""
        with open(os.path.join(PROFILE, "colorfilters"), encoding="utf-8") as file:
            rules = [line.split("@")[1:3] for line in file if not line.startswith("#")]
        with Wireshark("trouble") as window:
            node = window.open("Coloring Rules", "View", "Coloring Rules", size=(1000, 500))
            picture(window, "coloring-rules", node)
            self.assertEqual(Table(node.one("tree")).rows(), rules)
            window.close(node)


if __name__ == "__main__":
    unittest.main()
