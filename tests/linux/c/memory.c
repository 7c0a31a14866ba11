/* Memory: mappings of all kinds, protections, moves, the break, shared segments. */
#include "check.h"
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/wait.h>

static sigjmp_buf back;
static void on_fault(int signal, siginfo_t* info, void* context) {
  (void)context;
  siglongjmp(back, signal * 16 + info->si_code);
}
/* 0: the read worked; else signal * 16 + si_code. */
static int try_read(volatile char* at) {
  int result = sigsetjmp(back, 1);
  if (result == 0) (void)*at;
  return result;
}
static int try_write(volatile char* at) {
  int result = sigsetjmp(back, 1);
  if (result == 0) *at = 1;
  return result;
}
#define MAPERR (SIGSEGV * 16 + SEGV_MAPERR)
#define ACCERR (SIGSEGV * 16 + SEGV_ACCERR)

static char* pages(int n, int protection) {
  char* at = mmap(NULL, n * 4096ul, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK(at != MAP_FAILED);
  return at;
}

static void protections(void) {
  char* at = pages(4, PROT_READ | PROT_WRITE);
  CHECK(try_write(at) == 0 && mprotect(at + 4096, 4096, PROT_READ) == 0);
  CHECK(try_read(at + 4096) == 0 && try_write(at + 4096) == ACCERR && try_write(at + 8192) == 0);
  CHECK(mprotect(at, 4096, PROT_NONE) == 0 && try_read(at) == ACCERR);
  CHECK(mprotect(at, 4096, PROT_READ) == 0 && *at == 1);
  CHECK(munmap(at + 8192, 4096) == 0 && try_read(at + 8192) == MAPERR && try_read(at + 12288) == 0);
  CHECK(mprotect(at, 16384, PROT_READ) == -1 && errno == ENOMEM);
  CHECK(munmap(at, 16384) == 0 && munmap(at, 16384) == 0 && munmap(at + 1, 1) == -1 && errno == EINVAL);
  CHECK(try_read((char*)0) == MAPERR);
}

static void placement(void) {
  char* at = pages(4, PROT_READ | PROT_WRITE);
  memset(at, 'x', 16384);
  CHECK(mmap(at + 4096, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == at + 4096);
  CHECK(at[4096] == 0 && at[0] == 'x' && at[8192] == 'x');
  CHECK(mmap(at, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) == MAP_FAILED && errno == EEXIST);
  CHECK(munmap(at, 16384) == 0);
  CHECK(mmap(at, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) == at);
  CHECK(mmap(NULL, 0, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED && errno == EINVAL);
  CHECK(mmap(NULL, 1ul << 60, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED && errno == ENOMEM);
  CHECK(mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, -1, 0) == MAP_FAILED && errno == EBADF);
  char* low = mmap((void*)0x10000000, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
  CHECK(low == (char*)0x10000000 && try_write(low) == 0);
}

static void moves(void) {
  char* at = pages(2, PROT_READ | PROT_WRITE);
  strcpy(at + 4096, "kept");
  char* grown = mremap(at, 8192, 1 << 20, MREMAP_MAYMOVE);
  CHECK(grown != MAP_FAILED && strcmp(grown + 4096, "kept") == 0 && grown[(1 << 20) - 1] == 0);
  CHECK(mremap(grown, 1 << 20, 4096, 0) == grown && try_read(grown + 4096) == MAPERR);
  char* target = pages(1, PROT_READ);
  CHECK(mremap(grown, 4096, 4096, MREMAP_MAYMOVE | MREMAP_FIXED, target) == target && try_write(target) == 0);
  CHECK(try_read(grown) == MAPERR);
  CHECK(mremap((void*)0x1234000, 4096, 8192, MREMAP_MAYMOVE) == MAP_FAILED && errno == EFAULT);
  CHECK(mremap((void*)0x1234000, 4096, 8192, MREMAP_FIXED, target) == MAP_FAILED && errno == EINVAL);
  CHECK(mremap((void*)0x1234000, 4096, 8192, 0x40) == MAP_FAILED && errno == EINVAL);
}

/* A call that fails leaves nothing where it should have put the memory. */
static void failed_moves(void) {
  unsigned char resident;
  char* at = pages(1, PROT_READ | PROT_WRITE);
  char* free_page = (char*)0x20000000;
  /* Only shared memory can be doubled. */
  CHECK(mremap(at, 0, 4096, MREMAP_MAYMOVE | MREMAP_FIXED, free_page) == MAP_FAILED && errno == EINVAL);
  CHECK(mincore(free_page, 4096, &resident) == -1 && errno == ENOMEM && try_read(free_page) == MAPERR);
  CHECK(mmap(free_page, 4096, PROT_READ, MAP_PRIVATE | MAP_FIXED, -1, 0) == MAP_FAILED && errno == EBADF);
  CHECK(mincore(free_page, 4096, &resident) == -1 && errno == ENOMEM && try_read(free_page) == MAPERR);
}

static void files(void) {
  int fd = memfd_create("file", 0);
  CHECK(ftruncate(fd, 8192) == 0 && pwrite(fd, "first", 5, 0) == 5 && pwrite(fd, "second", 6, 4096) == 6);
  char* shared = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  char* private = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 4096);
  CHECK(memcmp(shared, "first", 5) == 0 && memcmp(private, "second", 6) == 0);
  private[0] = 'S';
  shared[0] = 'F';
  char byte;
  CHECK(pread(fd, &byte, 1, 4096) == 1 && byte == 's' && pread(fd, &byte, 1, 0) == 1 && byte == 'F');
  CHECK(msync(shared, 8192, MS_SYNC) == 0 && madvise(private, 4096, MADV_DONTNEED) == 0 && private[0] == 's');
  CHECK(ftruncate(fd, 100) == 0 && try_read(shared + 4096) == SIGBUS * 16 + BUS_ADRERR && shared[99] == 0);
  unsigned char resident[2];
  CHECK(mincore(shared, 4096, resident) == 0 && mlock(shared, 4096) == 0 && munlock(shared, 4096) == 0);
}

static void the_break(void) {
  char* start = sbrk(0);
  CHECK(sbrk(100000) == start && start[0] == 0 && try_write(start + 99999) == 0);
  CHECK(brk(start) == 0 && sbrk(0) == start);
  CHECK(sbrk(1l << 46) == (void*)-1 && errno == ENOMEM);
}

static void shared_memory(void) {
  int id = shmget(IPC_PRIVATE, 5000, IPC_CREAT | 0600);
  char* a = shmat(id, NULL, 0);
  char* b = shmat(id, NULL, SHM_RDONLY);
  struct shmid_ds info;
  CHECK(a != (void*)-1 && b != (void*)-1);
  a[4999] = 'z';
  CHECK(b[4999] == 'z' && try_write(b) == ACCERR);
  CHECK(shmctl(id, IPC_STAT, &info) == 0 && info.shm_segsz == 5000 && info.shm_nattch == 2);
  if (fork() == 0) {
    a[0] = 'c';
    _exit(0);
  }
  wait(NULL);
  CHECK(b[0] == 'c' && shmdt(b) == 0 && shmdt(b) == -1 && errno == EINVAL && try_read(b) == MAPERR);
  CHECK(shmctl(id, IPC_RMID, NULL) == 0 && shmdt(a) == 0);
}

int main(void) {
  struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO};
  sigaction(SIGSEGV, &action, NULL);
  sigaction(SIGBUS, &action, NULL);
  protections();
  placement();
  moves();
  failed_moves();
  files();
  the_break();
  shared_memory();
  DONE();
}
