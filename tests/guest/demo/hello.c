/* What `./dev run` runs: a program for AArch64 that tells what machine it believes to be on. */
#include <stdio.h>
#include <sys/auxv.h>
#include <sys/utsname.h>
#include <unistd.h>

static unsigned long fibonacci(unsigned n) { return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2); }

int main(int argc, char** argv) {
  struct utsname machine;
  if (uname(&machine) != 0) return 1;
  printf("Hello from %s on %s, built for %s.\n", argv[0], machine.sysname,
#ifdef __aarch64__
         "AArch64"
#else
         "another CPU"
#endif
  );
  printf("uname -m:     %s\n", machine.machine);
  printf("page size:    %ld\n", sysconf(_SC_PAGESIZE));
  printf("HWCAP:        %#lx\n", getauxval(AT_HWCAP));
  printf("fibonacci 30: %lu\n", fibonacci(30));
  for (int i = 1; i < argc; ++i) printf("argument %d:   %s\n", i, argv[i]);
  return 0;
}
