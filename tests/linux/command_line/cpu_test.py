"""--cpu: models, what programs see of them, and instructions that a model lacks."""
import signal
import unittest

import support

# Prints the HWCAP words, executes an instruction of FEAT_LSE twice (the second time at another address), and starts itself
# anew as a child does when told to.
PROGRAM = r"""
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <ucontext.h>
#include <unistd.h>
static volatile int caught;
static void skip(int signal, siginfo_t* info, void* context) {
  caught++;
  ((ucontext_t*)context)->uc_mcontext.pc += 4;
}
#define LDADD(p, v) __asm__ volatile(".arch armv8-a+lse\n ldadd %w1, wzr, [%0]" : : "r"(p), "r"(v) : "memory")
int main(int argc, char** argv) {
  if (argc > 2) return execv(argv[0], (char*[]){argv[0], argv[2], 0});
  if (argc > 1 && !strcmp(argv[1], "handle")) {
    struct sigaction action = {.sa_sigaction = skip, .sa_flags = SA_SIGINFO};
    sigaction(SIGILL, &action, 0);
  }
  unsigned value = 40;
  printf("%lx %lx\n", getauxval(AT_HWCAP), getauxval(AT_HWCAP2));
  fflush(stdout);
  LDADD(&value, 1);
  LDADD(&value, 1);
  printf("%u %d\n", value, caught);
  return 0;
}
"""
A53_HWCAP = "8fb 0"


class Cpu(support.FerryTest):
    def setUp(self):
        super().setUp()
        self.program = self.path("program")
        support.compile_guest(PROGRAM, self.program, "-static", "-mno-outline-atomics")

    def test_absent_instruction(self):
        for engine in ("interp", "baseline", "llvm", "auto"):
            result = self.ferry("-cpu", "cortex-a53", "--engine=" + engine, self.program)
            self.assertEqual((result.returncode, result.stdout), (-signal.SIGILL, A53_HWCAP + "\n"), engine)
            self.assertRegex(result.stderr, r"^ferry: illegal instruction at .*: it needs FEAT_LSE, which the CPU cortex-a53 lacks.*\n$")

    def test_absent_instruction_is_named_once(self):
        result = self.ferry("--cpu=cortex-a53", self.program, "handle")
        self.assertEqual(result.stdout, A53_HWCAP + "\n40 2\n")
        self.assertEqual(result.stderr.count("FEAT_LSE"), 1, result.stderr)

    def test_present_instruction(self):
        for cpu in ("max", "neoverse-n1", "cortex-a72,lse=on"):
            result = self.ferry("--cpu", cpu, self.program)
            self.assertIn("\n42 0\n", result.stdout, cpu)
            self.assertEqual(result.stderr, "")

    def test_instruction_of_two_features(self):
        program = self.path("complex")
        half = "int main(void) { __asm__(\".arch armv8.3-a+fp16\\nfcadd v0.8h, v1.8h, v2.8h, #90\"); return 0; }\n"
        support.compile_guest(half, program, "-static")
        self.assertEqual(self.ferry(program).returncode, 0)
        for off in ("fp16", "fcma"):
            result = self.ferry("--cpu", f"max,{off}=off", program)
            self.assertEqual(result.returncode, -signal.SIGILL)
            self.assertIn(f"it needs FEAT_{off.upper()}, which the CPU max lacks", result.stderr)

    def test_children_have_the_same(self):
        result = self.ferry(self.program, "again", "handle", env={"QEMU_CPU": "cortex-a72"})
        self.assertEqual(result.stdout, A53_HWCAP + "\n40 2\n")
        result = self.ferry("-cpu", "cortex-a53", self.program, "again", "handle")
        self.assertEqual(result.stdout, A53_HWCAP + "\n40 2\n")

    def test_cpuinfo(self):
        cat = self.path("cat")
        support.compile_guest(r"""
#include <stdio.h>
int main(void) { FILE* f = fopen("/proc/cpuinfo", "r"); int c; while ((c = getc(f)) != EOF) putchar(c); return 0; }
""", cat, "-static")
        text = self.ferry("--cpu=neoverse-n1", cat).stdout
        self.assertRegex(text, r"(?m)^CPU implementer\s*: 0x41$")
        self.assertRegex(text, r"(?m)^CPU part\s*: 0xd0c$")
        self.assertRegex(text, r"(?m)^Features\s*: fp asimd .*\batomics\b.*\basimddp\b")
        self.assertNotRegex(text, r"\bflagm\b")

    def test_help_and_mistakes(self):
        result = self.ferry("-cpu", "help")
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        for model in ("max", "cortex-a53", "cortex-a72", "neoverse-n1"):
            self.assertRegex(result.stdout, rf"(?m)^  {model} ")
        self.assertRegex(result.stdout, r"\blse\b")
        self.assert_refused(self.ferry("-cpu", "pentium", self.program), 125, "pentium")
        self.assert_refused(self.ferry("-cpu", "max,warp=on", self.program), 125, "warp")


if __name__ == "__main__":
    unittest.main()
