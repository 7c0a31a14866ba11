"""What the tests of ferry's command line share: a temporary folder, a guest program in it, and running ferry."""
import os
import shutil
import subprocess
import tempfile
import unittest

FERRY = os.environ["FERRY"]
CC = os.environ["CC_AARCH64"]

# Prints its arguments, one a line, then the variables named on standard input, then ends with the number of its arguments.
SHOW = r"""
#include <stdio.h>
#include <stdlib.h>
int main(int argc, char** argv) {
  for (int i = 0; i < argc; i++) printf("%s\n", argv[i]);
  const char* name = getenv("SHOW");
  if (name) printf("%s=%s\n", name, getenv(name) ? getenv(name) : "(none)");
  return argc;
}
"""


def compile_guest(source, path, *flags):
    subprocess.run([CC, "-x", "c", "-O1", "-o", path, *flags, "-"], input=source.encode(), check=True)


def cross_root():
    """The root with the cross compiler's libraries."""
    libc = subprocess.run([CC, "-print-file-name=libc.so.6"], capture_output=True, text=True, check=True).stdout.strip()
    return os.path.dirname(os.path.dirname(os.path.realpath(libc)))


class FerryTest(unittest.TestCase):
    def setUp(self):
        # Not below /tmp, which a sysroot never covers.
        self.folder = os.path.realpath(tempfile.mkdtemp(prefix="ferry-test-", dir="/var/cache"))
        self.addCleanup(shutil.rmtree, self.folder)

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def write(self, name, content, mode=0o755):
        os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
        with open(self.path(name), "wb") as file:
            file.write(content)
        os.chmod(self.path(name), mode)
        return self.path(name)

    def show(self, name="show"):
        os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
        compile_guest(SHOW, self.path(name), "-static")
        return self.path(name)

    def ferry(self, *arguments, env=None, seconds=60, **keywords):
        environment = {"PATH": os.environ["PATH"]}
        environment.update(env or {})
        return subprocess.run([FERRY, *arguments], capture_output=True, text=True, env=environment, timeout=seconds, **keywords)

    def assert_refused(self, result, status, message):
        """One line on standard error that says so, nothing on standard output."""
        self.assertEqual(result.returncode, status, result.stderr)
        self.assertEqual(result.stdout, "")
        self.assertTrue(result.stderr.startswith("ferry: "), result.stderr)
        self.assertEqual(result.stderr.count("\n"), 1, result.stderr)
        self.assertIn(message, result.stderr)
