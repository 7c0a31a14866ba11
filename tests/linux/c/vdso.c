/* The kernel's vDSO: how it is announced, its symbols, its functions, and unwinding through it. */
#include "check.h"
#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <ucontext.h>
#include <unwind.h>

#ifdef __aarch64__
#define PREFIX "__kernel_"
#define VERSION "LINUX_2.6.39"
#define PROGRAM_COUNTER(context) (((ucontext_t*)(context))->uc_mcontext.pc)
#else
#define PREFIX "__vdso_"
#define VERSION "LINUX_2.6"
#define PROGRAM_COUNTER(context) ((unsigned long)((ucontext_t*)(context))->uc_mcontext.gregs[REG_RIP])
#endif

static long (*vdso_clock_gettime)(clockid_t, struct timespec*);
static long (*vdso_clock_getres)(clockid_t, struct timespec*);
static long (*vdso_gettimeofday)(struct timeval*, struct timezone*);

/* ---- the image */

static const char* base;
static const Elf64_Phdr *load, *dynamic;

static const void* entry(Elf64_Sxword tag) {
  const Elf64_Dyn* at = (const Elf64_Dyn*)(base + dynamic->p_offset);
  for (; at->d_tag != DT_NULL; at++)
    if (at->d_tag == tag) return base + at->d_un.d_ptr - load->p_vaddr;
  return NULL;
}

static const char* version_of(unsigned number) {
  const Elf64_Verdef* at = entry(DT_VERDEF);
  const char* names = entry(DT_STRTAB);
  for (; at != NULL; at = at->vd_next ? (const Elf64_Verdef*)((const char*)at + at->vd_next) : NULL)
    if (at->vd_ndx == (number & 0x7fff)) return names + ((const Elf64_Verdaux*)((const char*)at + at->vd_aux))->vda_name;
  return "";
}

static const Elf64_Sym* find(const char* name) {
  const Elf64_Sym* symbols = entry(DT_SYMTAB);
  const char* names = entry(DT_STRTAB);
  const Elf64_Half* versions = entry(DT_VERSYM);
  /* The name table follows the symbols in every linker's output, ours included. */
  for (long i = 1; (const char*)&symbols[i] < names; i++) {
    const Elf64_Sym* at = &symbols[i];
    if (strcmp(names + at->st_name, name) == 0 && at->st_shndx != SHN_UNDEF && ELF64_ST_TYPE(at->st_info) == STT_FUNC &&
        strcmp(version_of(versions[i]), VERSION) == 0)
      return at;
  }
  return NULL;
}

static void* function(const char* name) {
  const Elf64_Sym* symbol = find(name);
  CHECK(symbol != NULL && symbol->st_size > 0 && symbol->st_value < load->p_memsz);
  return symbol ? (void*)(base + symbol->st_value - load->p_vaddr) : NULL;
}

static void image(void) {
  base = (const char*)getauxval(AT_SYSINFO_EHDR);
  CHECK(base != NULL && (unsigned long)base % 4096 == 0 && memcmp(base, ELFMAG, SELFMAG) == 0);
  const Elf64_Ehdr* header = (const Elf64_Ehdr*)base;
  CHECK(header->e_ident[EI_CLASS] == ELFCLASS64 && header->e_type == ET_DYN && header->e_phentsize == sizeof(Elf64_Phdr));
  const Elf64_Phdr* headers = (const Elf64_Phdr*)(base + header->e_phoff);
  int index_segments = 0;
  for (int i = 0; i < header->e_phnum; i++) {
    if (headers[i].p_type == PT_LOAD) load = &headers[i];
    if (headers[i].p_type == PT_DYNAMIC) dynamic = &headers[i];
    index_segments += headers[i].p_type == PT_GNU_EH_FRAME;
  }
  CHECK(load != NULL && dynamic != NULL && load->p_flags == (PF_R | PF_X) && index_segments == 1);
  const char* names = entry(DT_STRTAB);
  const Elf64_Dyn* at = (const Elf64_Dyn*)(base + dynamic->p_offset);
  while (at->d_tag != DT_SONAME) at++;
  printf("%s\n", names + at->d_un.d_val);
  vdso_clock_gettime = function(PREFIX "clock_gettime");
  vdso_clock_getres = function(PREFIX "clock_getres");
  vdso_gettimeofday = function(PREFIX "gettimeofday");
#ifdef __aarch64__
  const unsigned* code = function(PREFIX "rt_sigreturn");
  CHECK(code[0] == 0xd2801168 && code[1] == 0xd4000001);
#endif
}

static int see(struct dl_phdr_info* info, size_t size, void* count) {
  (void)size;
  const char* first = (const char*)info->dlpi_phdr;
  if (first < base || first >= base + 4096) return 0;
  CHECK(info->dlpi_addr == (unsigned long)base - load->p_vaddr && strcmp(info->dlpi_name, "linux-vdso.so.1") == 0);
  ++*(int*)count;
  return 0;
}

static void linker(void) {
  int count = 0;
  dl_iterate_phdr(see, &count);
  CHECK(count == 1);
}

/* ---- /proc/self/maps */

static unsigned long mapped_bytes;

static const char* mapping(void) {
  static char line[256];
  FILE* maps = fopen("/proc/self/maps", "r");
  CHECK(maps != NULL);
  const char* found = NULL;
  while (!found && fgets(line, sizeof line, maps))
    if (strstr(line, "[vdso]")) found = line;
  fclose(maps);
  return found ? line : "";
}

static void maps(void) {
  unsigned long first = 0, last = 0, offset = 1, inode = 1;
  char protection[5] = "", device[8] = "";
  CHECK(sscanf(mapping(), "%lx-%lx %4s %lx %7s %lu", &first, &last, protection, &offset, device, &inode) == 6);
  CHECK(first == (unsigned long)base && strcmp(protection, "r-xp") == 0 && offset == 0 && inode == 0);
  mapped_bytes = last - first;
  CHECK(mapped_bytes >= load->p_memsz);
}

/* ---- the clocks */

static int before(struct timespec a, struct timespec b) {
  return a.tv_sec < b.tv_sec || (a.tv_sec == b.tv_sec && a.tv_nsec <= b.tv_nsec);
}

static struct timespec from_kernel(clockid_t clock) {
  struct timespec now = {0, 0};
  CHECK(syscall(SYS_clock_gettime, clock, &now) == 0);
  return now;
}

static struct timespec from_vdso(clockid_t clock) {
  struct timespec now = {-1, -1};
  CHECK(vdso_clock_gettime(clock, &now) == 0);
  CHECK(now.tv_sec >= 0 && now.tv_nsec >= 0 && now.tv_nsec < 1000000000);
  return now;
}

static void clocks(void) {
  static const clockid_t all[] = {CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_MONOTONIC_RAW, CLOCK_REALTIME_COARSE,
                                  CLOCK_MONOTONIC_COARSE, CLOCK_BOOTTIME, CLOCK_TAI, CLOCK_PROCESS_CPUTIME_ID,
                                  CLOCK_THREAD_CPUTIME_ID};
  for (unsigned i = 0; i < sizeof all / sizeof *all; i++) {
    for (int again = 0; again < 100; again++) {
      struct timespec first = from_vdso(all[i]), second = from_kernel(all[i]), third = from_vdso(all[i]);
      CHECK(before(first, second) && before(second, third) && third.tv_sec - first.tv_sec < 60);
    }
    struct timespec kernel, vdso;
    CHECK(syscall(SYS_clock_getres, all[i], &kernel) == 0 && vdso_clock_getres(all[i], &vdso) == 0);
    CHECK(kernel.tv_sec == vdso.tv_sec && kernel.tv_nsec == vdso.tv_nsec && vdso_clock_getres(all[i], NULL) == 0);
  }
}

static void time_of_day(void) {
  struct timeval day;
  struct timezone zone = {-1, -1}, same = {-2, -2};
  struct timespec earlier = from_kernel(CLOCK_REALTIME);
  CHECK(vdso_gettimeofday(&day, NULL) == 0);
  struct timespec later = from_kernel(CLOCK_REALTIME);
  CHECK(before((struct timespec){earlier.tv_sec, earlier.tv_nsec / 1000 * 1000}, (struct timespec){day.tv_sec, day.tv_usec * 1000}));
  CHECK(before((struct timespec){day.tv_sec, day.tv_usec * 1000}, later));
  CHECK(vdso_gettimeofday(NULL, NULL) == 0);
  CHECK(vdso_gettimeofday(&day, &zone) == 0 && syscall(SYS_gettimeofday, NULL, &same) == 0);
  CHECK(zone.tz_minuteswest == same.tz_minuteswest && zone.tz_dsttime == same.tz_dsttime);
}

static void unknown_clocks(void) {
  struct timespec now;
  CHECK(vdso_clock_gettime(99, &now) == -EINVAL && vdso_clock_getres(99, &now) == -EINVAL);
  CHECK(vdso_clock_gettime(99, (void*)8) == -EINVAL);
  /* These are the kernel's, who answers. */
  CHECK(vdso_clock_gettime(CLOCK_THREAD_CPUTIME_ID, (void*)8) == -EFAULT);
}

static void in_child(void) {
  pid_t child = fork();
  if (child == 0) {
    struct timespec first = from_vdso(CLOCK_MONOTONIC);
    _exit(before(first, from_kernel(CLOCK_MONOTONIC)) ? 7 : 8);
  }
  int status;
  CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 7);
}

/* ---- bad pointers, and unwinding */

static sigjmp_buf back;
static void* fault_address;
static int fault_code, seen_caller;
static void* caller;

static _Unwind_Reason_Code look(struct _Unwind_Context* context, void* depth) {
  void* at = (void*)(_Unwind_GetIP(context) - 1);
  if (_Unwind_FindEnclosingFunction(at) == caller) seen_caller = 1;
  return ++*(int*)depth > 40 ? _URC_END_OF_STACK : _URC_NO_REASON;
}

static void look_back(void) {
  int depth = 0;
  seen_caller = 0;
  _Unwind_Backtrace(look, &depth);
}

static void on_fault(int signal, siginfo_t* info, void* context) {
  (void)signal;
  fault_address = info->si_addr;
  fault_code = info->si_code;
  CHECK(PROGRAM_COUNTER(context) - (unsigned long)base < mapped_bytes);
  look_back();
  siglongjmp(back, 1);
}

__attribute__((noinline)) static void call_badly(int which, void* pointer) {
  long result = which == 0   ? vdso_clock_gettime(CLOCK_MONOTONIC, pointer)
                : which == 1 ? vdso_gettimeofday(pointer, NULL)
                             : vdso_clock_getres(CLOCK_REALTIME, pointer);
  CHECK(result == -EFAULT);
  CHECK(!"a fault");
}

/* Whether each of the functions faults at `expected` for `pointer`, and the handler finds the caller. */
static void faults(void* pointer, void* expected, int code) {
  for (volatile int which = 0; which < 3; which++) {
    if (sigsetjmp(back, 1) == 0) call_badly(which, pointer);
    CHECK(fault_address == expected && fault_code == code && seen_caller);
  }
}

static void bad_pointers(void) {
  struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO};
  sigaction(SIGSEGV, &action, NULL);
  char* page = mmap(NULL, 8192, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  munmap(page + 4096, 4096);
  caller = (void*)call_badly;
  faults((void*)16, (void*)16, SEGV_MAPERR);
  faults(page + 128, page + 128, SEGV_ACCERR);
  CHECK(mprotect(page, 4096, PROT_READ | PROT_WRITE) == 0);
  faults(page + 4088, page + 4096, SEGV_MAPERR);
  signal(SIGSEGV, SIG_DFL);
}

static void on_signal(int signal) {
  (void)signal;
  look_back();
}

__attribute__((noinline)) static void be_signalled(void) {
  CHECK(raise(SIGUSR1) == 0);
  CHECK(seen_caller);
}

static void unwinding(void) {
  signal(SIGUSR1, on_signal);
  caller = (void*)be_signalled;
  be_signalled();
}

/* ---- a vDSO that was moved, as checkpoint and restore does: handlers return through it where it is now */

static volatile sig_atomic_t signalled;
static void note(int signal) {
  (void)signal;
  signalled++;
}

static void moved(void) {
  pid_t child = fork();
  if (child == 0) {
    char* room = mmap(NULL, mapped_bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    signal(SIGUSR2, note);
    if (mremap((void*)base, mapped_bytes, mapped_bytes, MREMAP_MAYMOVE | MREMAP_FIXED, room) != room) _exit(1);
    if (syscall(SYS_tgkill, getpid(), syscall(SYS_gettid), SIGUSR2) != 0 || signalled != 1) _exit(2);
    unsigned long first = 0;
    if (sscanf(mapping(), "%lx", &first) != 1 || first != (unsigned long)room) _exit(3);
    _exit(munmap(room, mapped_bytes) == 0 && *mapping() == 0 ? 7 : 4);
  }
  int status;
  CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 7);
}

int main(void) {
  STEP(image);
  STEP(linker);
  STEP(maps);
  STEP(clocks);
  STEP(time_of_day);
  STEP(unknown_clocks);
  STEP(in_child);
  STEP(bad_pointers);
  STEP(unwinding);
  STEP(moved);
  DONE();
}
