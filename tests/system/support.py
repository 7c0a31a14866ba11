"""What the tests of ferry-system share."""
import os
import random
import shutil
import subprocess
import tempfile
import unittest

FERRY_SYSTEM = os.environ["FERRY_SYSTEM"]


class ImageTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="ferry-img-")
        self.addCleanup(shutil.rmtree, self.folder)

    def path(self, name):
        return os.path.join(self.folder, name)

    def run_in_folder(self, *words, **options):
        return subprocess.run(words, cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)

    def img(self, *words, status=0, **options):
        """ferry-system img …, which must end with this status; a failure says one line."""
        result = self.run_in_folder(FERRY_SYSTEM, "img", *words, **options)
        self.assertEqual(result.returncode, status, (words, result.stdout, result.stderr))
        self.assertEqual(len(result.stderr.splitlines()), 1 if status in (1, 63) else 0, result.stderr)
        return result.stderr if status in (1, 63) else result.stdout

    def qemu(self, *words, status=0):
        """qemu-img …"""
        result = self.run_in_folder("qemu-img", *words)
        self.assertEqual(result.returncode, status, (words, result.stdout, result.stderr))
        return result.stdout

    def assert_clean(self, image):
        """To both."""
        self.qemu("check", "-q", image)
        self.img("check", "-q", image)

    def assert_same(self, one, other):
        self.qemu("compare", "-q", one, other)

    def make_raw(self, name, size, pieces, seed=1):
        """A sparse file: data, data that compresses, and holes."""
        rng = random.Random(seed)
        with open(self.path(name), "wb") as file:
            file.truncate(size)
            for _ in range(pieces):
                data = rng.randbytes(rng.randrange(1, 3000)) * rng.choice((1, 1, 20))
                file.seek(rng.randrange(0, size - len(data)))
                file.write(data)
