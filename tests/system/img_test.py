"""ferry-system img against qemu-img: each reads, checks and compares what the other makes."""
import json
import os
import unittest

import support

SIZE = 24 << 20
OPTIONS = ("cluster_size=512", "cluster_size=2M", "refcount_bits=1", "refcount_bits=64,cluster_size=512", "compat=0.10",
           "lazy_refcounts=on", "compression_type=zstd", "preallocation=metadata", "cluster_size=4k,refcount_bits=8")


class Img(support.ImageTest):
    def test_create(self):
        for options in OPTIONS:
            self.img("create", "-q", "-f", "qcow2", "-o", options, "ours", "200M")
            self.qemu("create", "-q", "-f", "qcow2", "-o", options, "theirs", "200M")
            for image in ("ours", "theirs"):
                self.assert_clean(image)
            ours, theirs = (json.loads(self.qemu("info", "--output=json", image)) for image in ("ours", "theirs"))
            for facts in (ours, theirs):
                del facts["filename"], facts["actual-size"]
            self.assertEqual(ours, theirs)

    def test_info_and_check_are_qemus(self):
        self.make_raw("raw", SIZE, 50)
        self.img("convert", "-c", "-O", "qcow2", "raw", "base")
        self.img("create", "-f", "qcow2", "-b", "base", "-F", "qcow2", "top")
        self.img("snapshot", "-c", "one", "top")
        for image in ("raw", "base", "top"):
            self.assertEqual(*(json.loads(tool("info", "--output=json", image)) for tool in (self.img, self.qemu)))
        ours, theirs = (json.loads(tool("check", "--output=json", "base")) for tool in (self.img, self.qemu))
        theirs.pop("fragmented-clusters", None)
        self.assertEqual(ours, theirs)
        # Their lists of snapshots have a column more.
        for image in ("raw", "base"):
            self.assertEqual(self.img("info", image), self.qemu("info", image))

    def test_convert(self):
        self.make_raw("raw", SIZE, 100)
        for options in ((), ("-c",), *(("-o", options) for options in OPTIONS), *(("-c", "-o", options) for options in OPTIONS[:-2])):
            self.img("convert", "-O", "qcow2", *options, "raw", "ours")
            self.qemu("convert", "-O", "qcow2", *options, "raw", "theirs")
            for image in ("ours", "theirs"):
                self.assert_clean(image)
                self.assert_same("raw", image)
                self.img("convert", image, "back")
                self.assert_same("raw", "back")
            self.img("convert", "-O", "qcow2", "theirs", "again")
            self.assert_clean("again")
            self.assert_same("raw", "again")

    def test_holes_stay(self):
        with open(self.path("raw"), "wb") as file:
            file.truncate(1 << 30)
            file.seek(300 << 20)
            file.write(b"x" * 100000)
        self.img("convert", "-O", "qcow2", "raw", "image")
        self.img("convert", "image", "back")
        self.assert_same("raw", "back")
        for name in ("raw", "image", "back"):
            self.assertLess(os.stat(self.path(name)).st_blocks * 512, 1 << 20, name)

    def test_backing_chain(self):
        self.make_raw("raw", SIZE, 60)
        self.img("create", "-f", "qcow2", "-b", "raw", "-F", "raw", "-o", "cluster_size=4k", "one")
        self.run_in_folder("qemu-io", "-c", "write -P 1 1M 3000", "-c", "write -z 2M 100k", "-c", "discard 5M 1M", "one")
        self.qemu("create", "-q", "-f", "qcow2", "-b", "one", "-F", "qcow2", "two", "40M")
        self.run_in_folder("qemu-io", "-c", "write -P 2 1100k 9000", "two")
        for image in ("one", "two"):
            self.assert_clean(image)
            for format in ("raw", "qcow2"):
                self.img("convert", "-O", format, image, "flat")
                self.assert_same(image, "flat")
        self.img("convert", "-O", "qcow2", "-B", "one", "-F", "qcow2", "two", "three")
        self.assert_clean("three")
        self.assert_same("two", "three")

    def test_snapshots(self):
        self.make_raw("first", SIZE, 60)
        for create, change in ((self.img, self.qemu), (self.qemu, self.img)):
            self.img("convert", "-O", "qcow2", "-o", "cluster_size=4k", "first", "image")
            create("snapshot", "-c", "one", "image")
            self.assert_clean("image")
            self.run_in_folder("qemu-io", "-c", "write -P 7 0 3M", "image")
            self.qemu("convert", "-O", "raw", "image", "second")
            create("snapshot", "-c", "two", "image")
            for name, content in (("one", "first"), ("two", "second"), ("1", "first")):
                change("snapshot", "-a", name, "image")
                self.assert_clean("image")
                self.assert_same("image", content)
            self.assertRegex(self.img("snapshot", "-l", "image"), r"(?m)^1 +one +0 B .*\n2 +two +0 B ")
            for name in ("two", "one"):
                change("snapshot", "-d", name, "image")
                self.assert_clean("image")
                self.assert_same("image", "first")

    def test_resize(self):
        self.make_raw("raw", SIZE, 60)
        self.img("convert", "-O", "qcow2", "-o", "cluster_size=512", "raw", "image")
        for size in ("+1G", "900M", "10M", "30M"):
            for image, format in (("raw", "raw"), ("image", "qcow2")):
                self.img("resize", "-q", "-f", format, "--shrink", image, size)
            self.assert_clean("image")
            self.assert_same("raw", "image")
        self.assertIn("--shrink", self.img("resize", "image", "1M", status=1))

    def test_check_says_what_is_wrong(self):
        self.img("create", "-q", "-f", "qcow2", "image", "1M")
        with open(self.path("image"), "r+b") as file:
            file.truncate(101 << 16)
            file.seek((2 << 16) + 2 * 100)
            file.write(b"\0\1")
        for tool in (self.img, self.qemu):
            tool("check", "-q", "image", status=3)
        self.img("check", "-r", "leaks", "image")
        with open(self.path("image"), "r+b") as file:
            file.seek(2 << 16)
            file.write(b"\0\0")
        for tool in (self.img, self.qemu):
            tool("check", "-q", "image", status=2)
        self.img("check", "-r", "all", "image")
        self.assert_clean("image")
        self.img("check", self.path("raw"), status=1)
        self.make_raw("raw", 1 << 20, 1)
        self.img("check", "raw", status=63)

    def test_mistakes_are_one_line(self):
        self.make_raw("raw", 1 << 20, 3)
        for words in (["create", "-f", "vdi", "x", "1M"], ["create", "x"], ["create", "x", "1Q"], ["create", "x", "-5"],
                      ["create", "-f", "qcow2", "-o", "cluster_size=1000", "x", "1M"], ["create", "-f", "qcow2", "-o", "foo=1", "x", "1M"],
                      ["create", "-f", "qcow2", "-b", "raw", "x"], ["create", "-f", "qcow2", "-b", "none", "-F", "raw", "x"],
                      ["create", "-f", "qcow2", "-o", "compat=0.10,refcount_bits=8", "x", "1M"], ["create", "no/folder", "1M"],
                      ["create", "-f", "qcow2", "-o", "cluster_size=512", "x", "10P"], ["convert", "-c", "raw", "x"], ["convert", "none", "x"],
                      ["convert", "raw", "."], ["info", "none"], ["info", "-f", "qcow2", "raw"], ["info", "."], ["snapshot", "-l", "raw"],
                      ["snapshot", "raw"], ["check"], ["frobnicate"], []):
            self.img(*words, status=1)
            self.assertFalse(os.path.exists(self.path("x")), words)

    def test_a_full_disk_keeps_the_old_content(self):
        os.mkdir(self.path("small"))
        if self.run_in_folder("mount", "-t", "tmpfs", "-o", "size=1M", "none", "small").returncode != 0:
            self.skipTest("may not mount a tmpfs")
        self.addCleanup(self.run_in_folder, "umount", "small")
        self.make_raw("raw", SIZE, 2000)
        self.img("create", "-q", "-f", "qcow2", "small/image", "1M")
        with open(self.path("small/image"), "rb") as file:
            before = file.read()
        for format in ("raw", "qcow2"):
            self.assertIn("No space left", self.img("convert", "-O", format, "raw", "small/image", status=1))
        with open(self.path("small/image"), "rb") as file:
            self.assertEqual(file.read(), before)
        self.assertEqual(os.listdir(self.path("small")), ["image"])

    def test_a_process_that_has_it_keeps_others_away(self):
        self.img("create", "-q", "-f", "qcow2", "image", "1M")
        holder = support.subprocess.Popen(["qemu-io", "image"], cwd=self.folder, stdin=support.subprocess.PIPE, stdout=support.subprocess.PIPE)
        self.addCleanup(holder.wait)
        self.addCleanup(holder.stdout.close)
        self.addCleanup(holder.stdin.close)
        holder.stdin.write(b"read 0 512\n")
        holder.stdin.flush()
        holder.stdout.readline()
        for words in (["snapshot", "-c", "one", "image"], ["info", "image"], ["create", "image", "1M"], ["convert", "image", "x"]):
            self.assertIn("in use", self.img(*words, status=1))
        self.img("info", "-U", "image")


if __name__ == "__main__":
    unittest.main()
