"""The man page names the options that --help names."""
import os
import re
import subprocess
import unittest

import support

COMMANDS = ("create", "info", "check", "convert", "resize", "snapshot")


class Man(unittest.TestCase):
    def page_sections(self):
        with open(os.path.join(os.environ["ROOT"], "docs/man/ferry-system.1"), encoding="utf-8") as page:
            text = re.sub(r"\\f.", "", page.read()).replace("\\-", "-")
        parts = re.split(r'(?m)^\.SS "?img (\w+)', text)[1:]
        return {name: body.split("\n.SH ")[0] for name, body in zip(parts[::2], parts[1::2])}

    def test_options(self):
        sections = self.page_sections()
        self.assertEqual(sorted(sections), sorted(COMMANDS))
        for command in COMMANDS:
            text = subprocess.run([support.FERRY_SYSTEM, "img", command, "--help"], stdout=subprocess.PIPE, text=True, check=True).stdout
            in_help = {word for line in re.findall(r"(?m)^ {2,4}(-[-\w,]+)", text) for word in line.split(",")} - {"-h", "--help"}
            in_page = {word for line in re.findall(r"(?m)^\.B[RI]* (-[-\w]+(?:, -[-\w]+)*)", sections[command]) for word in line.split(", ")}
            self.assertEqual(in_page, in_help, command)
            self.assertGreater(len(in_help), 1)


if __name__ == "__main__":
    unittest.main()
