"""Options and variables, as a user gives them."""
import os
import re
import resource
import subprocess
import time
import unittest

import support


class Options(support.FerryTest):
    def test_arguments_and_status(self):
        result = self.ferry(self.show(), "a b", "--help")
        self.assertEqual(result.stdout.split("\n")[:-1], [self.path("show"), "a b", "--help"])
        self.assertEqual(result.returncode, 3)

    def test_argv0(self):
        self.assertEqual(self.ferry("-0", "zero", self.show(), "x").stdout, "zero\nx\n")
        self.assertEqual(self.ferry(self.path("show"), env={"QEMU_ARGV0": "nil"}).stdout, "nil\n")

    def test_environment(self):
        show = self.show()
        self.assertIn("A=1\n", self.ferry("-E", "A=1", "--env=SHOW=A", show).stdout)
        self.assertIn("A=(none)\n", self.ferry("-U", "A", show, env={"A": "x", "SHOW": "A"}).stdout)
        self.assertIn("A=x\n", self.ferry(show, env={"A": "x", "SHOW": "A"}).stdout)

    def test_help_version_table(self):
        result = self.ferry("--help")
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        self.assertIn("--sysroot=DIR", result.stdout)
        self.assertTrue(all(len(line) <= 120 for line in result.stdout.split("\n")))
        self.assertRegex(self.ferry("-version").stdout, r"^ferry \d+\.\d+\.\d+\n$")
        self.assertRegex(self.ferry("--syscalls").stdout, r"(?m)^  63 read +full")

    def test_mistakes(self):
        self.assert_refused(self.ferry("--what", "x"), 125, "--what")
        self.assert_refused(self.ferry("-g", "1234", "x"), 125, "not there yet")
        self.assert_refused(self.ferry("x", env={"FERRY_ENGINE": "warp"}), 125, "FERRY_ENGINE")

    def test_every_engine_runs(self):
        show = self.show()
        for engine in ("interp", "baseline", "llvm", "auto"):
            self.assertEqual(self.ferry("--engine=" + engine, show).stdout, show + "\n", engine)

    def test_strace(self):
        result = self.ferry("-strace", self.show(), "x")
        self.assertRegex(result.stderr, r'(?m)^\[\d+\] write\(1, ".*show\\nx\\n", \d+\) = \d+$')
        self.assertRegex(result.stderr, r"(?m)^\[\d+\] exit_group\(2\) = \?$")

    def test_strace_sees_no_vdso_calls(self):
        support.compile_guest("""
            #include <time.h>
            int main(void) {
              struct timespec time;
              clock_gettime(CLOCK_MONOTONIC, &time);
              clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
            }""", self.path("clocks"), "-static")
        log = self.ferry("--strace", self.path("clocks")).stderr
        self.assertNotIn("clock_gettime(CLOCK_MONOTONIC", log)
        self.assertEqual(log.count("clock_gettime("), 1, log)

    def test_optimizer_holds_no_descriptors(self):
        support.compile_guest("int main(void) { for (volatile unsigned n = 1;;) n = n * 5 + 1; }", self.path("spin"), "-static")
        ferry = subprocess.Popen([support.FERRY, self.path("spin")])
        self.addCleanup(ferry.wait)
        self.addCleanup(ferry.kill)
        tasks = f"/proc/{ferry.pid}/task"
        deadline = time.monotonic() + 30
        names = {}
        while "ferry-optimizer" not in names or os.listdir(f"{tasks}/{names['ferry-optimizer']}/fd"):
            self.assertLess(time.monotonic(), deadline, names)
            time.sleep(0.01)
            for task in os.listdir(tasks):
                with open(f"{tasks}/{task}/comm") as comm:
                    names[comm.read().strip()] = task

    def test_log_file(self):
        log = self.path("log")
        result = self.ferry("--strace", "--stats", "-D", log, self.show())
        self.assertEqual(result.stderr, "")
        with open(log) as file:
            text = file.read()
        self.assertIn("exit_group", text)
        self.assertRegex(text, r"system calls: \d+")
        self.assert_refused(self.ferry("-D", "/nowhere/log", "--stats", self.path("show")), 125, "/nowhere/log")

    def test_stats(self):
        result = self.ferry("--stats", "--engine=baseline", self.show())
        found = re.search(r"baseline: +(\d+) blocks, (\d+) guest instructions, .* us and .* bytes per instruction", result.stderr)
        self.assertTrue(found, result.stderr)
        self.assertGreater(int(found[2]), int(found[1]))

    def test_handler_for_illegal_instructions_leaves_hot_code_to_llvm(self):
        source = r"""
#include <signal.h>
#include <stdio.h>
#include <ucontext.h>
static volatile unsigned long seen;
static void on_illegal(int signal, siginfo_t* info, void* context) {
  ucontext_t* uc = context;
  (void)signal, (void)info;
  seen += uc->uc_mcontext.regs[9];
  uc->uc_mcontext.pc += 4;
}
int main(void) {
  struct sigaction action = {0};
  action.sa_sigaction = on_illegal;
  action.sa_flags = SA_SIGINFO;
  sigaction(SIGILL, &action, NULL);
  unsigned long x = 1, wanted = 0;
  for (unsigned long i = 0; i < 300000000; i++) {
    x = x * 31 + i;
    if (i % 10000000 != 0) continue;
    wanted += x;
    __asm__ volatile("mov x9, %0; udf #0" : : "r"(x) : "x9", "memory");
  }
  puts(seen == wanted ? "exact" : "wrong");
  return 0;
}
"""
        support.compile_guest(source, self.path("probes"), "-static")
        for engine in ("baseline", "llvm"):
            self.assertEqual(self.ferry("--engine=" + engine, self.path("probes")).stdout, "exact\n", engine)
        result = self.ferry("--stats", self.path("probes"))
        self.assertEqual(result.stdout, "exact\n")
        self.assertRegex(result.stderr, r"llvm: +[1-9]\d* regions")

    def test_stats_outlive_standard_error(self):
        source = "#include <unistd.h>\nint main(void) { for (int fd = 0; fd < 3; fd++) close(fd); return write(2, \"x\", 1) != -1; }"
        support.compile_guest(source, self.path("closes"), "-static")
        result = self.ferry("--stats", self.path("closes"))
        self.assertEqual(result.returncode, 0)
        self.assertIn("system calls:", result.stderr)

    def test_dump(self):
        result = self.ferry("--dump=ir,asm", "--engine=baseline", self.show())
        self.assertRegex(result.stderr, r"-- asm \(baseline\) of guest code at 0x[0-9a-f]+\n  0x[0-9a-f]+: [a-z]+ ")
        self.assertIn("get_reg.i64", result.stderr)

    def test_limited_address_space(self):
        show = self.show()
        limit = lambda: resource.setrlimit(resource.RLIMIT_AS, (300 << 20, 300 << 20))
        self.assertEqual(self.ferry(show, preexec_fn=limit).stdout, show + "\n")

    def test_stack_size(self):
        source = "#include <string.h>\nint main(void) { volatile char a[900000]; memset((void*)a, 1, sizeof a); return a[5] != 1; }"
        support.compile_guest(source, self.path("deep"), "-static")
        self.assertEqual(self.ferry("-s", "2M", self.path("deep")).returncode, 0)
        self.assertEqual(self.ferry("-s", "128K", self.path("deep")).returncode, -11)


if __name__ == "__main__":
    unittest.main()
