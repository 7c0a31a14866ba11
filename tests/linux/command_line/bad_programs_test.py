"""Files that cannot be run: one line that says what and what to do, and the shell's exit status."""
import os
import struct
import subprocess
import unittest

import support


class BadPrograms(support.FerryTest):
    def test_missing(self):
        self.assert_refused(self.ferry(self.path("nothing")), 127, "does not exist")
        self.assert_refused(self.ferry("ls"), 127, "does not search PATH")
        self.assert_refused(self.ferry(self.write("file", b"x") + "/x"), 127, "not a directory")

    def test_no_program_at_all(self):
        self.assert_refused(self.ferry(), 125, "wants a program")

    def test_directory(self):
        self.assert_refused(self.ferry(self.folder), 126, "is a directory")

    def test_device(self):
        self.assert_refused(self.ferry("/dev/null"), 126, "is not a regular file")

    def test_not_executable(self):
        self.assert_refused(self.ferry(self.write("plain", b"x", 0o644)), 126, "chmod +x")

    @unittest.skipIf(os.geteuid() == 0, "root may read everything")
    def test_not_readable(self):
        self.assert_refused(self.ferry(self.write("secret", b"x", 0o111)), 126, "must be able to read")

    def test_empty(self):
        self.assert_refused(self.ferry(self.write("empty", b"")), 126, "is empty")

    def test_text(self):
        self.assert_refused(self.ferry(self.write("text", b"echo hello\n")), 126, "neither ELF nor a script")

    def test_other_machine(self):
        self.assert_refused(self.ferry("/bin/true"), 126, "is an x86-64 program; this ferry runs AArch64 programs")

    def test_truncated(self):
        with open(self.show(), "rb") as file:
            whole = file.read()
        for size in (1, 5, 17, 63, 64, 100, 500, 4096, len(whole) // 2):
            result = self.ferry(self.write("cut", whole[:size]))
            self.assertEqual(result.returncode, 126, f"{size} bytes: {result.stderr}")
            self.assertEqual(result.stderr.count("\n"), 1, result.stderr)

    def test_headers_with_single_bytes_changed(self):
        # None of these may make ferry itself fail. The guest may do anything: end by a signal, or never.
        with open(self.show(), "rb") as file:
            whole = bytearray(file.read())
        for at in range(16, 64 + 56 * 2):
            changed = bytearray(whole)
            changed[at] = 0x7F
            try:
                result = self.ferry(self.write("changed", bytes(changed)), seconds=2)
            except subprocess.TimeoutExpired:
                continue
            self.assertNotEqual(result.returncode, 125, f"byte {at}: {result.stderr}")

    def test_segment_too_large_for_memory(self):
        with open(self.show(), "rb") as file:
            whole = bytearray(file.read())
        header_at = struct.unpack_from("<Q", whole, 32)[0]
        for i in range(struct.unpack_from("<H", whole, 56)[0]):
            at = header_at + 56 * i
            if struct.unpack_from("<II", whole, at) == (1, 6):  # PT_LOAD, writable
                struct.pack_into("<Q", whole, at + 40, 1 << 46)
        self.assert_refused(self.ferry(self.write("huge", bytes(whole))), 126, "cannot be loaded")

    def test_addresses_of_ferrys_own(self):
        path = self.path("high")
        support.compile_guest(support.SHOW, path, "-static", "-Wl,-Ttext-segment=0x6a0000400000")
        self.assert_refused(self.ferry(path), 126, "which ferry needs for itself")

    def test_interpreter_missing_or_broken(self):
        path = self.path("dynamic")
        support.compile_guest(support.SHOW, path, "-Wl,--dynamic-linker=/nowhere/ld.so")
        self.assert_refused(self.ferry(path), 127, "its interpreter /nowhere/ld.so does not exist (-L DIR")
        self.write("ld.so", b"broken")
        support.compile_guest(support.SHOW, path, f"-Wl,--dynamic-linker={self.path('ld.so')}")
        self.assert_refused(self.ferry(path), 126, "its interpreter " + self.path("ld.so") + " is not a program")
        support.compile_guest(support.SHOW, path, "-Wl,--dynamic-linker=/bin/true")
        self.assert_refused(self.ferry(path), 126, "its interpreter /bin/true is an x86-64 program")

    def test_scripts(self):
        show = self.show()
        script = self.write("script", f"#!{show}  one argument \nrest\n".encode())
        result = self.ferry(script, "a", "b")
        self.assertEqual(result.stdout.split("\n")[:-1], [show, "one argument", script, "a", "b"])
        outer = self.write("outer", f"#!{script}\n".encode())
        self.assertEqual(self.ferry(outer).stdout.split("\n")[:-1], [show, "one argument", script, outer])
        self.assert_refused(self.ferry(self.write("lost", b"#!/nowhere/sh\n")), 127, "its interpreter /nowhere/sh does not exist")
        self.assert_refused(self.ferry(self.write("nameless", b"#!\n")), 126, "is not a program")
        self.write("endless", f"#!{self.path('endless')}\n".encode())
        self.assert_refused(self.ferry(self.path("endless")), 126, "too many times over")

    def test_script_of_the_host(self):
        self.assertEqual(self.ferry(self.write("host", b"#!/bin/echo hello\n")).stdout, f"hello {self.path('host')}\n")


if __name__ == "__main__":
    unittest.main()
