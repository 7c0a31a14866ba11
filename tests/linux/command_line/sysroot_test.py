"""-L: the guest's absolute paths, seen by every call that takes one, and by the programs it starts."""
import os
import subprocess
import unittest

import support

# Says for each path given what open, stat, lstat, readlink and access find.
PROBE = r"""
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
int main(int argc, char** argv) {
  for (int i = 1; i < argc; i++) {
    char text[256] = "";
    struct stat st;
    int fd = open(argv[i], O_RDONLY);
    if (fd >= 0 && read(fd, text, sizeof text - 1) >= 0) text[strcspn(text, "\n")] = 0;
    printf("%s open=%s", argv[i], fd >= 0 ? text : strerror(errno));
    printf(" stat=%d", stat(argv[i], &st) == 0 ? (int)(st.st_mode >> 12) : -errno);
    printf(" lstat=%d", lstat(argv[i], &st) == 0 ? (int)(st.st_mode >> 12) : -errno);
    ssize_t n = readlink(argv[i], text, sizeof text - 1);
    text[n > 0 ? n : 0] = 0;
    printf(" link=%s access=%d\n", text, access(argv[i], R_OK) == 0);
  }
  return 0;
}
"""

# Runs the program given with its arguments, waits, and says where it is.
SPAWN = r"""
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
int main(int argc, char** argv) {
  char directory[256], link[256];
  int status;
  if (argc > 2 && chdir(argv[1])) return 100;
  ssize_t n = readlink("/proc/self/exe", link, sizeof link);
  printf("cwd %s exe %.*s\n", getcwd(directory, sizeof directory), (int)n, link);
  fflush(stdout);
  if (fork() == 0) {
    execv(argv[2], argv + 2);
    perror(argv[2]);
    _exit(99);
  }
  wait(&status);
  return WEXITSTATUS(status);
}
"""


# Changes its root and says what it sees there; opens a shared directory by steps and by its name.
ROOTS = r"""
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>
int main(int argc, char** argv) {
  struct stat by_name, by_step, by_walk;
  int root = open("/", O_PATH | O_DIRECTORY);
  int step = openat(root, "tmp", O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  fstat(step, &by_step);
  stat("/tmp", &by_name);
  fstatat(root, "tmp", &by_walk, AT_SYMLINK_NOFOLLOW);
  printf("shared %d %d\n", by_step.st_ino == by_name.st_ino, by_walk.st_ino == by_name.st_ino);
  if (argc > 1) {
    char directory[256] = "";
    printf("chroot %d", chroot(argv[1]) == 0 ? 0 : errno);
    printf(" chdir %d", chdir("/") == 0 ? 0 : errno);
    printf(" cwd %s", getcwd(directory, sizeof directory) ? directory : "?");
    printf(" create %d\n", open("/made", O_CREAT | O_WRONLY, 0644) >= 0 ? 0 : errno);
    fflush(stdout);
    if (argc > 2) execl(argv[2], argv[2], NULL);
  }
  return 0;
}
"""

# A child that borrows this process's memory and a thread with a root of its own change that; the program's own root stays.
OTHER_ROOTS = r"""
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>
static const char* jail;
static int sees_in(const char* path) { return open(path, O_RDONLY) >= 0; }
static void* leaves(void* unused) {
  if (unshare(CLONE_FS) || chroot(jail)) return "failed";
  return sees_in("/show") && !sees_in("/etc/ferry-a") ? "left" : "stayed";
}
int main(int argc, char** argv) {
  jail = argv[argc - 1];
  pid_t child = vfork();
  if (child == 0) _exit(chroot(jail) == 0 && sees_in("/show") && !sees_in("/etc/ferry-a") ? 0 : 1);
  int status;
  waitpid(child, &status, 0);
  printf("child %d parent %d\n", status, sees_in("/etc/ferry-a"));
  pthread_t thread;
  void* result;
  pthread_create(&thread, NULL, leaves, NULL);
  pthread_join(thread, &result);
  printf("thread %s parent %d\n", (char*)result, sees_in("/etc/ferry-a"));
  return 0;
}
"""

# Makes a folder the root by pivot_root and runs a program there.
PIVOT = r"""
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>
int main(void) {
  printf("mount %d", mount("/new", "/new", NULL, MS_BIND, NULL) == 0 ? 0 : errno);
  printf(" pivot %d", syscall(SYS_pivot_root, "/new", "/new/old") == 0 ? 0 : errno);
  printf(" chdir %d", chdir("/") == 0 ? 0 : errno);
  printf(" create %d old %d\n", open("/made", O_CREAT | O_WRONLY, 0644) >= 0 ? 0 : errno, access("/old/etc/passwd", F_OK) == 0);
  fflush(stdout);
  execl("/show", "/show", NULL);
  return 99;
}
"""


class Sysroot(support.FerryTest):
    def setUp(self):
        super().setUp()
        self.root = self.path("root")
        self.write("root/etc/ferry-a", b"inside a\n", 0o644)
        self.write("root/usr/lib/ferry-b", b"inside b\n", 0o644)
        os.symlink("/etc/ferry-a", self.path("root/etc/ferry-absolute"))
        os.symlink("../usr/lib/ferry-b", self.path("root/etc/ferry-relative"))
        os.symlink("/etc/ferry-nowhere", self.path("root/etc/ferry-broken"))
        os.symlink("usr/lib", self.path("root/lib"))
        os.makedirs(self.path("root/bin"))
        support.compile_guest(PROBE, self.path("root/bin/probe"), "-static")
        support.compile_guest(SPAWN, self.path("root/bin/spawn"), "-static")
        self.show("root/bin/show")

    def probe(self, *paths, **keywords):
        return self.ferry("-L", self.root, "/bin/probe", *paths, **keywords).stdout.split("\n")[:-1]

    def test_calls_agree(self):
        self.assertEqual(
            self.probe("/etc/ferry-a", "/etc/ferry-absolute", "/etc/ferry-relative", "/etc/ferry-broken", "/lib/ferry-b", "/lib"),
            [
                "/etc/ferry-a open=inside a stat=8 lstat=8 link= access=1",
                "/etc/ferry-absolute open=inside a stat=8 lstat=10 link=/etc/ferry-a access=1",
                "/etc/ferry-relative open=inside b stat=8 lstat=10 link=../usr/lib/ferry-b access=1",
                "/etc/ferry-broken open=No such file or directory stat=-2 lstat=10 link=/etc/ferry-nowhere access=0",
                "/lib/ferry-b open=inside b stat=8 lstat=8 link= access=1",
                "/lib open= stat=4 lstat=10 link=usr/lib access=1",
            ],
        )

    def test_relative_paths_follow_links_inside(self):
        self.assertEqual(self.probe("ferry-absolute", cwd=self.path("root/etc")), ["ferry-absolute open=inside a stat=8 lstat=10 link=/etc/ferry-a access=1"])

    def test_what_is_not_there_is_the_hosts(self):
        host = self.write("host-file", b"outside\n", 0o644)
        self.assertEqual(self.probe(host), [host + " open=outside stat=8 lstat=8 link= access=1"])

    def test_programs_started_by_the_guest(self):
        result = self.ferry("-L", self.root, "/bin/spawn", "/etc", "/bin/show", "x")
        self.assertEqual(result.stdout, "cwd /etc exe /bin/spawn\n/bin/show\nx\n")
        self.assertEqual(result.returncode, 2)

    def test_scripts_started_by_the_guest(self):
        self.write("root/etc/script", b"#!/bin/show -x\n")
        self.assertEqual(self.ferry("-L", self.root, "/bin/spawn", "/", "/etc/script", "y").stdout, "cwd / exe /bin/spawn\n/bin/show\n-x\n/etc/script\ny\n")

    def test_host_programs_started_by_the_guest(self):
        result = self.ferry("-L", self.root, "/bin/spawn", "/tmp", "/usr/bin/printf", "%s", "host")
        self.assertEqual(result.stdout, "cwd /tmp exe /bin/spawn\nhost")

    def test_the_variable(self):
        for name in ("FERRY_SYSROOT", "QEMU_LD_PREFIX"):
            self.assertIn("inside a", self.ferry("/bin/probe", "/etc/ferry-a", env={name: self.root}).stdout, name)

    def test_shared_directories_by_steps(self):
        os.makedirs(self.path("root/tmp"))
        support.compile_guest(ROOTS, self.path("root/bin/roots"), "-static")
        self.assertEqual(self.ferry("-L", self.root, "/bin/roots").stdout, "shared 1 1\n")

    @unittest.skipUnless(os.geteuid() == 0, "chroot needs root")
    def test_chroot(self):
        support.compile_guest(ROOTS, self.path("root/bin/roots"), "-static")
        self.show("jail/show")
        for jail in (self.path("jail"), "/"):
            result = self.ferry("-L", self.root, "/bin/roots", jail, "/show" if jail != "/" else "/bin/show")
            lines = result.stdout.split("\n")
            self.assertEqual(lines[1], "chroot 0 chdir 0 cwd / create 0", result)
            self.assertTrue(lines[2].endswith("/show"), result)
        self.assertTrue(os.path.exists(self.path("jail/made")) and os.path.exists(self.path("root/made")))

    @unittest.skipUnless(os.geteuid() == 0, "chroot needs root")
    def test_chroot_of_others(self):
        support.compile_guest(OTHER_ROOTS, self.path("root/bin/roots"), "-static")
        self.show("jail/show")
        result = self.ferry("-L", self.root, "/bin/roots", self.path("jail"))
        self.assertEqual(result.stdout, "child 0 parent 1\nthread left parent 1\n", result)

    @unittest.skipUnless(os.geteuid() == 0 and subprocess.run(["unshare", "-m", "true"]).returncode == 0, "pivot_root needs a mount namespace")
    def test_pivot_root(self):
        support.compile_guest(PIVOT, self.path("root/bin/pivot"), "-static")
        self.show("root/new/show")
        os.makedirs(self.path("root/new/old"))
        result = subprocess.run(["unshare", "-m", support.FERRY, "-L", self.root, "/bin/pivot"], capture_output=True, text=True, timeout=60)
        self.assertEqual(result.stdout, "mount 0 pivot 0 chdir 0 create 0 old 1\n/show\n", result)
        self.assertTrue(os.path.exists(self.path("root/new/made")))

    def test_by_its_host_name(self):
        self.assertEqual(self.ferry("-L", self.root, self.path("root/bin/spawn"), "/", "/bin/show").stdout, "cwd / exe /bin/spawn\n/bin/show\n")


if __name__ == "__main__":
    unittest.main()
