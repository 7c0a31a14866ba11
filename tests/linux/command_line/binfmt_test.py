"""ferry binfmt install: guest programs run by themselves, in a chroot without ferry too. Needs root and binfmt_misc."""
import os
import subprocess
import sys
import unittest

import support


def usable():
    if os.geteuid() != 0:
        return "only root may register"
    entries = "/proc/sys/fs/binfmt_misc"
    if not os.path.exists(entries + "/register") and subprocess.run(["mount", "-t", "binfmt_misc", "binfmt_misc", entries], capture_output=True).returncode:
        return "this kernel has no binfmt_misc"
    others = [name for name in os.listdir(entries) if "aarch64" in name]
    return "another interpreter is registered: " + others[0] if others else ""


class Binfmt(support.FerryTest):
    def setUp(self):
        super().setUp()
        self.assertEqual(self.ferry("binfmt", "install").returncode, 0)
        self.addCleanup(self.ferry, "binfmt", "remove")

    def test_status(self):
        self.assertIn("flags: P", self.ferry("binfmt", "status").stdout)
        self.assertEqual(self.ferry("binfmt", "remove").returncode, 0)
        self.assertEqual(self.ferry("binfmt", "status").returncode, 1)
        self.assertEqual(self.ferry("binfmt", "remove").returncode, 1)
        self.assertEqual(self.ferry("binfmt", "what").returncode, 1)

    def test_runs_by_itself_with_its_argv0(self):
        show = self.show()
        result = subprocess.run(["other name", "-L", "--help"], executable=show, capture_output=True, text=True)
        self.assertEqual(result.stdout, "other name\n-L\n--help\n")
        self.assertEqual(result.returncode, 3)

    def test_script(self):
        script = self.write("script", f"#!{self.show()} -x\n".encode())
        self.assertEqual(subprocess.run([script, "y"], capture_output=True, text=True).stdout, f"{self.path('show')}\n-x\n{script}\ny\n")

    def test_in_a_chroot_without_ferry(self):
        self.show("root/bin/show")
        support.compile_guest('#include <unistd.h>\nint main(int c, char** v) { (void)c; execv("/bin/show", v); return 99; }',
                              self.path("root/bin/starter"), "-static")
        for program in ("/bin/show", "/bin/starter"):
            result = subprocess.run(["chroot", self.path("root"), program, "x"], capture_output=True, text=True)
            self.assertEqual((result.stdout, result.returncode), (program + "\nx\n", 2), result.stderr)

    def test_set_user_id(self):
        support.compile_guest('#include <stdio.h>\n#include <unistd.h>\nint main(void) { printf("%d %d\\n", getuid(), geteuid()); return 0; }',
                              self.path("who"), "-static")
        os.chmod(self.folder, 0o755)
        os.chown(self.path("who"), 12345, 12345)
        os.chmod(self.path("who"), 0o4755)
        result = subprocess.run([self.path("who")], capture_output=True, text=True)
        self.assertEqual(result.stdout, "0 12345\n", result.stderr)

    def test_unreadable_program(self):
        os.chmod(self.folder, 0o755)
        show = self.show()
        os.chmod(show, 0o711)
        result = subprocess.run(["setpriv", "--reuid=12345", "--clear-groups", show], capture_output=True, text=True)
        self.assertEqual(result.stdout, show + "\n", result.stderr)


if __name__ == "__main__":
    reason = usable()
    if reason:
        print("skipped: " + reason)
        sys.exit(77)
    unittest.main()
