"""Programs linked in all the ways there are: where their segments and their break end up, and that they run."""
import unittest

import support

SOURCE = r"""
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>
static int data[1000] = {1};
static char zeros[1 << 20];
static _Thread_local int local = 7;
static _Thread_local char aligned[64] __attribute__((aligned(64)));
int main(void) {
  for (size_t i = 0; i < sizeof zeros; i++) {
    if (zeros[i]) return 2;
  }
  memset(zeros, 1, sizeof zeros);
  aligned[0] = 1;
  char* heap = sbrk(1 << 20);
  memset(heap, 1, 1 << 20);
  printf("%d %d %d %d\n", data[0], local, (int)((unsigned long)aligned % 64), getauxval(AT_BASE) != 0);
  return 0;
}
"""


class Images(support.FerryTest):
    def run_linked(self, *flags):
        support.compile_guest(SOURCE, self.path("program"), *flags)
        return self.ferry(self.path("program"))

    def test_static(self):
        for flags in (
            (),
            ("-Wl,-z,max-page-size=4096",),
            ("-Wl,-z,max-page-size=0x200000",),
            ("-Wl,-z,noseparate-code", "-Wl,-z,max-page-size=4096"),
            ("-Wl,-z,separate-code",),
            ("-Wl,-z,execstack",),
            ("-Wl,-Ttext-segment=0x10000",),
            ("-Wl,-Ttext-segment=0x7f0000000000",),
        ):
            with self.subTest(flags=flags):
                self.assertEqual(self.run_linked("-static", *flags).stdout, "1 7 0 0\n")

    def test_static_position_independent(self):
        for flags in ((), ("-Wl,-z,max-page-size=0x200000",)):
            with self.subTest(flags=flags):
                self.assertEqual(self.run_linked("-static-pie", *flags).stdout, "1 7 0 0\n")

    def test_dynamic_with_the_cross_compilers_libraries(self):
        for flags in (("-pie",), ("-no-pie",), ("-pie", "-Wl,-z,max-page-size=0x200000")):
            with self.subTest(flags=flags):
                support.compile_guest(SOURCE, self.path("program"), *flags)
                self.assertEqual(self.ferry("-L", support.cross_root(), self.path("program")).stdout, "1 7 0 1\n")


if __name__ == "__main__":
    unittest.main()
