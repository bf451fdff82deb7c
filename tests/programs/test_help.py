# SPDX-License-Identifier: GPL-2.0-or-later
"""All programs answer alike: --help, --version, wrong options; and the manual page of each says what
its --help says."""
import re
import unittest

import installed

HERE = None
CHOICES = ("text", "pcapng", "error,")  # where the text begins with the values
FIELDS = ("device_id", "session_id", "client_id")  # or with what the protocol calls it


def setUpModule():
    global HERE
    HERE = installed.Installation()


def tearDownModule():
    HERE.remove()


def sections(page):
    return dict(re.findall(r"^\.SH ([A-Z ]+)\n(.*?)(?=^\.SH |\Z)", page, re.MULTILINE | re.DOTALL))


def plain(roff):
    """Text without what roff adds to it."""
    text = re.sub(r"^\.(?:[BI]{1,2}|R[BI]|[BI]R) ", "", roff, flags=re.MULTILINE)
    text = text.replace("\\-", "-").replace('"', "").replace("\\|", "").replace("\\(aq", "'")
    return re.sub(r"\s+", " ", text)


def options_of_page(page):
    """(letter, name, value) of each paragraph with a tag in OPTIONS."""
    tags = re.findall(r"^\.TP\n\.(?:B|BI|BR) (.*)$", sections(page)["OPTIONS"], re.MULTILINE)
    found = [installed.OPTION.match(" " + plain(tag)) for tag in tags]
    return sorted((m.group(1) or "", m.group(2), m.group(3) or "") for m in found)


def each_program(test):
    def run(self):
        for program in installed.EXPECTED:
            with self.subTest(program):
                test(self, program)
    return run


class Programs(unittest.TestCase):
    def test_those_that_are_wanted_are_installed(self):
        self.assertEqual(HERE.programs(), installed.EXPECTED)

    @each_program
    def test_version(self, program):
        done = HERE.run(program, "--version")
        self.assertEqual((done.returncode, done.stdout, done.stderr),
                         (0, f"{program} {installed.version()}\n", ""))

    @each_program
    def test_help(self, program):
        done = HERE.run(program, "--help")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertRegex(done.stdout, rf"\AUsage:\n  {program} \S.* - \S")
        self.assertRegex(done.stdout, r"(?m)^  --version +Print the version and exit\b")
        self.assertRegex(done.stdout, r"(?m)^  (-h, )?--help +Show help options\b")
        names = {name for _, name, *_ in installed.OPTION.findall(done.stdout)}
        self.assertLessEqual({"--help", "--version"}, names)
        if program != "plato-tshark":  # there it is tshark's own
            self.assertEqual(HERE.run(program, "-h").stdout, done.stdout)

    @each_program
    def test_options_stand_alike_in_help(self, program):
        """A value after "=", the text in one column, with a capital or what may be chosen."""
        said = HERE.help(program)
        options = re.findall(r"^ +(?:-\w, )?--[a-z-]+(\S*)( +)(\S+)", said, re.MULTILINE)
        columns = {len(row) for row in re.findall(r"^(  (?:-\w, )?--[a-z-]+\S* +)\S", said,
                                                  re.MULTILINE)}
        self.assertEqual(len(columns), 1)
        for value, blanks, word in options:
            self.assertRegex(value, r"\A(=[A-Z]+)?\Z")
            self.assertGreaterEqual(len(blanks), 2)
            self.assertTrue(word[0].isupper() or word[0].isdigit() or word in CHOICES + FIELDS, word)

    @each_program
    def test_exit_codes_are_those_of_the_page(self, program):
        (codes,) = re.findall(r"^Exit codes.*:\n((?:  .+\n?)+)\Z", HERE.help(program), re.MULTILINE)
        codes = set(re.findall(r"^  (\d+) +\S", codes, re.MULTILINE))
        self.assertIn("2", codes)  # wrong usage
        section = sections(HERE.page(program))["EXIT STATUS"]
        self.assertEqual(set(re.findall(r"^\.TP\n\.B (\d+)$", section, re.MULTILINE)), codes)

    @each_program
    def test_wrong_usage(self, program):
        # all that is not its own plato-tshark leaves to tshark
        wrong = "--program" if program == "plato-tshark" else "--no-such-option"
        done = HERE.run(program, wrong)
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertRegex(done.stderr, rf"\A{program}: .*{wrong}.*--help\n\Z")


class Pages(unittest.TestCase):
    @each_program
    def test_sections(self, program):
        page = HERE.page(program)
        self.assertIn(f".TH {program.upper()} 1 ", page)
        self.assertIn(f".SH NAME\n{program} \\- ", page)
        self.assertLessEqual({"SYNOPSIS", "DESCRIPTION", "OPTIONS", "EXIT STATUS", "EXAMPLES",
                              "SEE ALSO"}, set(sections(page)))

    @each_program
    def test_options_are_those_of_help(self, program):
        said = sorted(row[:3] for row in installed.OPTION.findall(HERE.help(program)))
        self.assertEqual(options_of_page(HERE.page(program)), said)

    @each_program
    def test_defaults_are_those_of_help(self, program):
        options = plain(sections(HERE.page(program))["OPTIONS"])
        for default in re.findall(r"\(default (\d[^;:)]*)", HERE.help(program)):
            self.assertIn(f"(default {default}", options)

    @each_program
    def test_pages_named_are_there(self, program):
        named = re.findall(r"plato-[a-z]+(?= ?\(1\))", plain(HERE.page(program)))
        self.assertTrue(named)
        for name in named:
            HERE.page(name)


if __name__ == "__main__":
    unittest.main()
