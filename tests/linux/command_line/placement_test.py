"""The same file lies at the same address in every process: programs, their interpreter, libraries however they are loaded."""
import re
import unittest

import support

LIBRARY = r"""
static int counter;
int count(void) { return ++counter; }
"""

# Loads the libraries that are its arguments, then does what its first argument says and prints what /proc/self/maps says.
PROGRAM = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static void need(int condition, const char* what) {
  if (condition) return;
  fprintf(stderr, "%s: %s\n", what, dlerror());
  exit(1);
}
static int use(void* library) { return ((int (*)(void))dlsym(library, "count"))(); }
static unsigned long address(void* library) { return ((struct link_map*)library)->l_addr; }
static void print_maps(void) {
  char line[4096];
  FILE* maps = fopen("/proc/self/maps", "r");
  while (fgets(line, sizeof line, maps)) fputs(line, stdout);
  fclose(maps);
  fflush(stdout);
}
static void wait_for(pid_t child) {
  int status;
  need(waitpid(child, &status, 0) == child && status == 0, "child");
}

int main(int argc, char** argv) {
  const char* what = argv[1];
  if (strcmp(what, "heap") == 0) {
    char* heap = sbrk(0);
    for (int i = 0; i < 64; i++) need(sbrk(16 << 20) != (void*)-1, "sbrk");
    need((char*)sbrk(0) - heap == 1l << 30, "one piece");
    return 0;
  }
  for (int i = 2; i < argc; i++) {
    void* library = dlopen(argv[i], RTLD_NOW);
    need(library != NULL && use(library) == 1 && use(library) == 2, "dlopen");
    if (strcmp(what, "again") == 0) {
      const unsigned long first = address(library);
      for (int j = 0; j < 30; j++) {
        need(dlclose(library) == 0, "dlclose");
        library = dlopen(argv[i], RTLD_NOW);
        need(library != NULL && use(library) == 1, "dlopen again");
        need(address(library) == first, "the same place");
      }
    }
    if (strcmp(what, "twice") == 0) {
      void* second = dlmopen(LM_ID_NEWLM, argv[i], RTLD_NOW);
      need(second != NULL && use(second) == 1 && use(library) == 3, "dlmopen");
      int fd = open(argv[i], O_RDONLY);
      char head[4];
      need(read(fd, head, 4) == 4 && lseek(fd, 0, SEEK_CUR) == 4, "read");
      void* third = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0);
      need(third != MAP_FAILED && memcmp(third, head, 4) == 0 && lseek(fd, 0, SEEK_CUR) == 4, "mmap");
      close(fd);
    }
  }
  if (strcmp(what, "fork") == 0) {
    pid_t child = fork();
    if (child != 0) {
      wait_for(child);
      return 0;
    }
  }
  if (strcmp(what, "exec") == 0 || strcmp(what, "vfork") == 0) {
    argv[1] = "maps";
    pid_t child = strcmp(what, "exec") == 0 ? 0 : vfork();
    if (child == 0) {
      execv("/proc/self/exe", argv);
      _exit(1);
    }
    wait_for(child);
    return 0;
  }
  print_maps();
  return 0;
}
"""


class Placement(support.FerryTest):
    def setUp(self):
        super().setUp()
        self.root = support.cross_root()
        # glibc's dynamic linker reserves room for the first before it maps it, and maps the second at once.
        self.libraries = [self.path("wide.so"), self.path("narrow.so")]
        for library, alignment in zip(self.libraries, ("0x10000", "0x1000")):
            support.compile_guest(LIBRARY, library, "-shared", "-fPIC", "-Wl,-z,max-page-size=" + alignment)
        support.compile_guest(PROGRAM, self.path("program"), "-pie", "-fPIE")

    def run_program(self, *arguments):
        result = self.ferry("-L", self.root, *arguments)
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        return result.stdout

    def mapped_files(self, what):
        """The lines of /proc/self/maps that are of ELF files."""
        text = self.run_program(self.path("program"), what, *self.libraries)
        return [line for line in text.splitlines() if re.search(r"/(program|ld-[^/]*|[^/]*\.so(\.\d+)?)$", line)]

    def test_in_every_process(self):
        lines = self.mapped_files("maps")
        for name in ("/program", "/ld-linux-aarch64.so.1", "/libc.so.6", "/wide.so", "/narrow.so"):
            window = "49" if name == "/program" else "48"
            starts = [line for line in lines if line.endswith(name)]
            self.assertNotEqual(starts, [], name)
            for line in starts:
                self.assertEqual(line[:2], window, line)
        for what in ("maps", "again", "fork", "exec", "vfork"):
            with self.subTest(what=what):
                self.assertEqual(self.mapped_files(what), lines)

    def test_twice_in_a_process(self):
        lines = self.mapped_files("twice")
        self.assertEqual(self.mapped_files("twice"), lines)
        for line in self.mapped_files("maps"):
            self.assertIn(line, lines)
        for library in self.libraries:
            starts = [int(line.split("-")[0], 16) for line in lines if line.endswith(library)]
            self.assertEqual(len([start for start in starts if start % (2 << 20) == 0]), 3, lines)

    def test_the_break_has_room(self):
        self.run_program(self.path("program"), "heap")


if __name__ == "__main__":
    unittest.main()
