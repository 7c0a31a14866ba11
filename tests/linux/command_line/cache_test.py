"""The persistent code cache: programs do the same with it, whatever is in it, and `ferry cache` looks after it."""
import glob
import os
import random
import re
import signal
import subprocess
import unittest

import support

SYSROOT = os.environ["SYSROOT_ARM64"]
PYTHON = SYSROOT + "/usr/bin/python3"

# Imports, loops that get hot, text, numbers.
SCRIPT = """
import hashlib, json, re
total = 0
for i in range(20000): total = (total * 31 + i * i) % 1000003
words = re.findall(r"[a-z]+", json.dumps({str(i): "text" * (i % 7) for i in range(300)}))
print(total, len(words), hashlib.sha256(" ".join(words).encode()).hexdigest(), sum(1 / (i + 1) for i in range(5000)))
"""


@unittest.skipUnless(os.access(PYTHON, os.X_OK), "no Debian root: ./dev sysroot arm64")
class CacheOfPython(support.FerryTest):
    """Programs of a Debian root."""

    def setUp(self):
        super().setUp()
        self.cache = self.path("cache")

    def python(self, *options, directory=None):
        result = self.ferry("-L", SYSROOT, "--cache-dir=" + (directory or self.cache), *options, "/usr/bin/python3", "-c", SCRIPT,
                            env={"LC_ALL": "C"})
        self.assertEqual(result.returncode, 0, result.stderr)
        return result

    def expected(self):
        return self.python("--no-cache").stdout

    def files(self):
        return sorted(glob.glob(self.cache + "/*"))

    def assert_valid(self):
        result = self.ferry("cache", "verify", "--cache-dir", self.cache)
        self.assertEqual((result.returncode, result.stderr), (0, ""), result.stdout)
        self.assertRegex(result.stdout, r"^0 of \d+ files are damaged\n$")

    def test_a_warm_start_translates_next_to_nothing(self):
        expected = self.expected()
        self.assertFalse(os.path.exists(self.cache))
        cold, warm = self.python("--stats"), self.python("--stats")
        self.assertEqual([cold.stdout, warm.stdout], [expected] * 2)
        translated = [int(re.search(r"baseline: +(\d+) blocks", run.stderr)[1]) for run in (cold, warm)]
        stored = [int(re.search(r"stored: +(\d+) blocks", run.stderr)[1]) for run in (cold, warm)]
        self.assertEqual(stored[0], 0)
        self.assertLess(translated[1], translated[0] / 20)
        self.assertGreater(stored[1], translated[0] / 2)
        self.assertEqual(os.stat(self.cache).st_mode & 0o777, 0o700)
        self.assert_valid()

    def test_no_cache_leaves_the_directory_alone(self):
        self.python()
        before = [(path, os.stat(path).st_size, os.stat(path).st_mtime_ns, os.stat(path).st_atime_ns) for path in self.files()]
        self.python("--no-cache", "--block-insts=7")
        self.assertEqual(before, [(path, os.stat(path).st_size, os.stat(path).st_mtime_ns, os.stat(path).st_atime_ns) for path in self.files()])

    def test_directories_that_cannot_be_used(self):
        expected = self.expected()
        self.write("file", b"of somebody")
        os.mkdir(self.path("target"), 0o700)
        os.symlink(self.path("target"), self.path("link"))
        os.mkdir(self.path("open"))
        os.chmod(self.path("open"), 0o777)
        for name in ("file", "link", "open"):
            self.assertEqual(self.python(directory=self.path(name)).stdout, expected, name)
            for verb in ("stats", "clear", "verify"):
                self.assert_refused(self.ferry("cache", verb, "--cache-dir", self.path(name)), 1, self.path(name))
        self.assertEqual(os.listdir(self.path("target")) + os.listdir(self.path("open")), [])
        with open(self.path("file"), "rb") as file:
            self.assertEqual(file.read(), b"of somebody")

    @unittest.skipIf(os.geteuid() == 0, "root may write everywhere")
    def test_a_directory_that_cannot_be_written(self):
        os.mkdir(self.cache, 0o500)
        self.assertEqual(self.python().stdout, self.expected())
        self.assertEqual(self.files(), [])

    def test_damaged_files(self):
        expected = self.python().stdout
        intact = {}
        for path in self.files():
            with open(path, "rb") as file:
                intact[path] = file.read()
        self.assertGreater(len(intact), 1)
        rng = random.Random(1)

        def flipped(content):
            content = bytearray(content)
            for _ in range(200):
                content[rng.randrange(len(content))] ^= rng.randrange(1, 256)
            return bytes(content)

        damages = {
            "half": lambda content: content[:len(content) // 2],
            "flipped": flipped,
            "zero": lambda content: bytes(len(content)),
            "random": lambda content: rng.randbytes(len(content)),
        }
        for name, damage in damages.items():
            with self.subTest(name):
                for path, content in intact.items():
                    with open(path, "wb") as file:
                        file.write(damage(content))
                result = self.ferry("cache", "verify", "--cache-dir", self.cache)
                # Zeros are what is there until a segment's header is.
                self.assertEqual(result.returncode, 0 if name == "zero" else 1, result.stdout)
                self.assertEqual(result.stdout.count("\n"), 1 if name == "zero" else len(intact) + 1)
                self.assertEqual(self.python().stdout, expected)
                self.ferry("cache", "verify", "--repair", "--cache-dir", self.cache)
                self.assert_valid()
                self.assertEqual(self.python().stdout, expected)

    def test_many_processes_at_once(self):
        expected = self.expected()
        command = [support.FERRY, "-L", SYSROOT, "--cache-dir", self.cache, "/usr/bin/python3", "-c", SCRIPT]
        for _ in range(2):
            runs = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={"LC_ALL": "C"}) for _ in range(10)]
            self.assertEqual([run.communicate()[0] for run in runs], [expected] * len(runs))
            self.assertEqual([run.returncode for run in runs], [0] * len(runs))
            self.assert_valid()

    def test_killed_processes(self):
        expected = self.expected()
        endless = SCRIPT + "import os, sys; sys.stdout.flush()\nwhile True: total += len(os.popen('true').read())"
        for _ in range(3):
            run = subprocess.Popen([support.FERRY, "-L", SYSROOT, "--cache-dir", self.cache, "/usr/bin/python3", "-c", endless],
                                   stdout=subprocess.PIPE, text=True, env={"LC_ALL": "C", "PATH": "/usr/bin"}, start_new_session=True)
            self.assertEqual(run.stdout.readline(), expected)
            os.killpg(run.pid, signal.SIGKILL)
            run.communicate()
            self.assert_valid()
            self.assertEqual(self.python().stdout, expected)
            self.assert_valid()


class CacheCommand(support.FerryTest):
    def setUp(self):
        super().setUp()
        self.cache = self.path("cache")
        self.where = {"FERRY_CACHE_DIR": self.cache}

    def command(self, *words):
        return self.ferry("cache", *words, env=self.where)

    def build(self, constant):
        support.compile_guest(f'#include <stdio.h>\nint main(void) {{ printf("%d\\n", {constant}); return 0; }}', self.path("program"), "-static")

    def test_a_changed_program(self):
        for constant in (1234, 1234, 4321, 1234):
            self.build(constant)
            for _ in range(2):
                self.assertEqual(self.ferry(self.path("program"), env=self.where).stdout, f"{constant}\n")
        self.assertEqual(self.command("verify").returncode, 0)

    def test_an_empty_cache(self):
        self.assertRegex(self.command("stats").stdout, r"all: +0 files, 0 bytes, 0 blocks, 0 regions\n")
        self.assertEqual(self.command("clear").stdout, "0 files removed\n")
        self.assertEqual(self.command("verify").stdout, "0 of 0 files are damaged\n")
        self.assertFalse(os.path.exists(self.cache))

    def test_stats(self):
        self.build(1)
        self.ferry(self.path("program"), env=self.where)
        self.assertRegex(self.command("stats").stdout, r"all: +1 files, \d+ bytes, [1-9]\d* blocks, \d+ regions\nof other ferries: +0 files")
        self.ferry("--block-insts=8", self.path("program"), env=self.where)
        size = sum(os.path.getsize(path) for path in glob.glob(self.cache + "/*"))
        self.assertRegex(self.command("stats").stdout,
                         rf"^directory: +{self.cache}\nall: +2 files, {size} bytes, .*\nof other ferries: +1 files, [1-9]\d* bytes")
        # The same from the other's view; the option comes before the variable.
        result = self.ferry("cache", "stats", "--cache-dir=" + self.cache, env={"FERRY_BLOCK_INSTS": "8", "FERRY_CACHE_DIR": "/nowhere"})
        self.assertRegex(result.stdout, r"of other ferries: +1 files, [1-9]")

    def test_clear_removes_only_what_is_the_caches(self):
        self.build(1)
        self.ferry(self.path("program"), env=self.where)
        name = os.path.basename(glob.glob(self.cache + "/*")[0])
        others = ["notes", name[:-1], name + "0", name + ".", name + ".x", name.upper(), name + ".12x", "x" + name[1:]]
        for other in others:
            self.write("cache/" + other, b"mine")
        self.write("cache/" + name + ".123", b"")
        self.assertEqual(self.command("clear").stdout, "2 files removed\n")
        self.assertEqual(sorted(os.listdir(self.cache)), sorted(others))

    def test_verify_and_repair(self):
        for constant in (1, 2):
            self.build(constant)
            self.ferry(self.path("program"), env=self.where)
        first, second = sorted(glob.glob(self.cache + "/*"))
        with open(first, "r+b") as file:
            file.seek(os.path.getsize(first) - 40)
            file.write(b"damaged?")
        damaged = first + ": damaged records"
        result = self.command("verify")
        self.assertEqual((result.stdout, result.returncode), (damaged + "\n1 of 2 files are damaged\n", 1))
        result = self.command("verify", "--repair")
        self.assertEqual((result.stdout, result.returncode), (damaged + "; removed\n1 of 2 files are damaged\n", 0))
        self.assertEqual(os.listdir(self.cache), [os.path.basename(second)])
        os.symlink(second, first)
        os.chmod(second, 0o666)
        self.assertEqual(self.command("verify").stdout.count(": not a file that"), 2)

    def test_bad_usage(self):
        for words in ((), ("what",), ("stats", "clear"), ("clear", "--repair"), ("verify", "--what"), ("stats", "--cache-dir")):
            self.assert_refused(self.command(*words), 1, "ferry: cache: ")
        self.assert_refused(self.ferry("cache", "clear"), 1, "HOME")


if __name__ == "__main__":
    unittest.main()
