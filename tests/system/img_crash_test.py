"""A process that writes an image is killed: nothing flushed is lost, and at worst clusters leak."""
import os
import random
import struct
import subprocess
import time
import unittest

import support

BLOCK = 4096
WRITER = os.environ["BLOCK_WRITER"]


class Kill(support.ImageTest):
    def run_and_kill(self, image, seed, seconds):
        writer = subprocess.Popen([WRITER, image, str(seed)], cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        time.sleep(seconds)
        self.assertIsNone(writer.poll(), "it writes until it is killed")
        writer.kill()
        output, errors = writer.communicate()
        self.assertEqual(errors, b"")
        return [line.split() for line in output.decode().split("\n")[:-1]]

    def check_content(self, image, log, before):
        """Each block holds what was flushed last, or what was written to it after that. Answers what they hold."""
        last_flush = max((i for i, words in enumerate(log) if words == ["f"]), default=-1)
        allowed = {block: {value} for block, value in before.items()}
        for i, words in enumerate(log):
            if words[0] != "w":
                continue
            block, value = int(words[1]), int(words[2])
            if i < last_flush:
                allowed[block] = {value}
            else:
                allowed.setdefault(block, {0}).add(value)
        self.qemu("convert", "-O", "raw", image, "content.raw")
        content = {}
        with open(self.path("content.raw"), "rb") as file:
            for block, values in allowed.items():
                file.seek(block * BLOCK)
                words = set(struct.unpack(f"{BLOCK // 8}Q", file.read(BLOCK)))
                self.assertLessEqual(words, values, f"block {block}")
                content[block] = words.pop() if len(words) == 1 else None
        return {block: value for block, value in content.items() if value is not None}, last_flush

    def kill_often(self, *options):
        self.img("create", "-f", "qcow2", *options, "disk.qcow2", "24M")
        content, flushes = {}, 0
        rng = random.Random(3)
        for seed in range(12):
            log = self.run_and_kill("disk.qcow2", seed, rng.uniform(0.1, 0.5))
            status = self.run_in_folder("qemu-img", "check", "-q", "disk.qcow2").returncode
            self.assertIn(status, (0, 3), "nothing but leaks")
            self.img("check", "-q", "disk.qcow2", status=status)
            self.qemu("check", "-q", "-r", "leaks", "disk.qcow2")
            self.assert_clean("disk.qcow2")
            content, last_flush = self.check_content("disk.qcow2", log, content)
            flushes += last_flush >= 0
            if seed % 4 == 3:
                self.img("snapshot", "-c", f"s{seed}", "disk.qcow2")
        self.assertGreater(flushes, 6)

    def test_plain(self):
        self.kill_often()

    def test_small_clusters(self):
        self.kill_often("-o", "cluster_size=512")

    def test_lazy_refcounts(self):
        self.kill_often("-o", "cluster_size=4k,lazy_refcounts=on")

    def test_version_2(self):
        self.kill_often("-o", "compat=0.10")


if __name__ == "__main__":
    unittest.main()
