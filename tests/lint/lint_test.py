#!/usr/bin/env python3
"""The checks of lint.py find what they are for, in a tree made for it."""

import os
import shutil
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
import lint

HERE = os.path.dirname(os.path.abspath(__file__))


class LintTest(unittest.TestCase):
    def setUp(self):
        self.root = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.root)
        os.makedirs(os.path.join(self.root, "tests/lint"))
        shutil.copy(os.path.join(HERE, "layers.txt"), os.path.join(self.root, "tests/lint"))

    def write(self, path, text):
        full = os.path.join(self.root, path)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full, "w", encoding="utf-8") as file:
            file.write(text)

    def findings(self, check):
        return [line.split(": ")[0] for line in lint.CHECKS[check](self.root)]

    def test_includes(self):
        self.write("backend/llvm/a.cpp", '#include <llvm/IR/Module.h>\n#include "ir/function.h"\n#include <vector>\n')
        self.write("backend/x64/b.cpp", '#include <xbyak/xbyak.h>\n#include <llvm/IR/Module.h>\n')
        self.write("ir/c.cpp", '#include "ir/support/bits.h"\n#include "frontend/registry.h"\n')
        self.write("ir/support/d.h", '#include "ir/types.h"\n')
        self.write("frontend/arm64/e.cpp", '#include "frontend/x86/state.h"\n#include "frontend/common/b.h"\n')
        self.write("linux-user/f.cpp", '#include "frontend/arm64/state.h"\n#include "frontend/arm64/decode.h"\n')
        self.assertEqual(sorted(self.findings("includes")),
                         ["backend/x64/b.cpp:2", "frontend/arm64/e.cpp:1", "ir/c.cpp:2", "ir/support/d.h:1",
                          "linux-user/f.cpp:2"])

    def test_sources(self):
        self.write("ir/long.cpp", "\n" * 1001)
        self.write("ir/fits.cpp", "\n" * 1000)
        self.write("ir/bare.h", "int x;\n")
        self.write("ir/mark.cpp", "// TO" "DO: later\n")
        self.write("ir/blank.cpp", "int y; \n")
        self.write("ir/end.cpp", "int z;")
        self.assertEqual(sorted(self.findings("sources")),
                         ["ir/bare.h:1", "ir/blank.cpp:1", "ir/end.cpp:1", "ir/long.cpp:1001", "ir/mark.cpp:1"])

    def test_format(self):
        self.write(".clang-format", "BasedOnStyle: Google\n")
        self.write("ir/fine.cpp", "int x;\n")
        self.write("ir/ugly.cpp", "int   x ;\n")
        self.assertEqual([finding.split(":")[0] for finding in self.findings("format")], ["ir/ugly.cpp"])

    def test_links(self):
        self.write("docs/a.md", "[b](b.md) [c](missing.md#part) [d](https://example.org/x)\n")
        self.write("docs/b.md", "```\n[x](not-a-link)\n```\n[up](../docs/a.md)\n")
        self.assertEqual(self.findings("links"), ["docs/a.md:1"])


if __name__ == "__main__":
    unittest.main()
