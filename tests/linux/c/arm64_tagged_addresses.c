/* Pointers with tags in their top bytes that system calls get, after PR_SET_TAGGED_ADDR_CTRL. The native
 * program only prints the same lines. */
#include "check.h"
#ifdef __aarch64__
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>

#define PAGE 4096ul
#define WORD "tags"

static char* memory;
static int ends[2];

static char* with_tag(const void* pointer, unsigned tag) {
  return (char*)((uint64_t)pointer | (uint64_t)tag << 56);
}
static int ignore_tags(uint64_t enable) { return prctl(PR_SET_TAGGED_ADDR_CTRL, enable, 0, 0, 0); }
static long are_ignored(void) { return prctl(PR_GET_TAGGED_ADDR_CTRL, 0, 0, 0, 0); }
/* Sets the memory's first bytes to WORD or to nothing. */
static void put(const char* word) { strncpy(memory, word, 8); }

static void* in_thread(void* unused) {
  const int ignored = are_ignored() == 1;
  ignore_tags(0);
  return ignored ? unused : NULL;
}

static void control(void) {
  CHECK(are_ignored() == 0);
  CHECK(write(ends[1], with_tag(memory, 3), 8) == -1 && errno == EFAULT);
  CHECK(ignore_tags(1ul << 40) == -1 && errno == EINVAL);
  CHECK(prctl(PR_SET_TAGGED_ADDR_CTRL, 1, 1, 0, 0) == -1 && errno == EINVAL);
  CHECK(prctl(PR_GET_TAGGED_ADDR_CTRL, 1, 0, 0, 0) == -1 && errno == EINVAL);
  CHECK(ignore_tags(PR_TAGGED_ADDR_ENABLE) == 0 && are_ignored() == 1);
  pthread_t thread;
  void* result = NULL;
  pthread_create(&thread, NULL, in_thread, memory);
  pthread_join(thread, &result);
  CHECK(result == memory && are_ignored() == 1);
}

static void arguments(void) {
  put(WORD);
  CHECK(write(ends[1], with_tag(memory, 0xff), 8) == 8);
  put("");
  CHECK(read(ends[0], with_tag(memory, 3), 8) == 8 && strcmp(memory, WORD) == 0);
  CHECK(write(ends[1], with_tag(memory, 0x80) + PAGE, 8) == -1 && errno == EFAULT);
  CHECK(access(with_tag("/proc/self", 9), F_OK) == 0);
  struct timespec soon = {0, 1000};
  CHECK(nanosleep((struct timespec*)with_tag(&soon, 1), NULL) == 0);
  /* Where something is to be mapped a tag is part of the address. */
  CHECK(mmap(with_tag(memory, 3), PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED);
  char* other = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK(mprotect(with_tag(other, 3), PAGE, PROT_READ) == 0);
  CHECK(madvise(with_tag(other, 3), PAGE, MADV_DONTNEED) == 0);
  CHECK(munmap(with_tag(other, 3), PAGE) == 0);
}

static void vectors(void) {
  struct iovec* vector = (struct iovec*)(memory + 64);
  *vector = (struct iovec){with_tag(memory, 3), 8};
  put(WORD);
  CHECK(writev(ends[1], vector, 1) == 8);
  put("");
  CHECK(readv(ends[0], (struct iovec*)with_tag(vector, 5), 1) == 8 && strcmp(memory, WORD) == 0);
  CHECK(readv(ends[0], (struct iovec*)with_tag(vector, 5), IOV_MAX + 1) == -1 && errno == EINVAL);
  CHECK(writev(ends[1], (struct iovec*)with_tag(memory, 5) + PAGE / 16, 1) == -1 && errno == EFAULT);
}

static void messages(void) {
  int sockets[2];
  CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets) == 0);
  struct iovec* vector = (struct iovec*)(memory + 64);
  *vector = (struct iovec){with_tag(memory, 3), 8};
  put(WORD);
  struct msghdr message = {.msg_iov = (struct iovec*)with_tag(vector, 5), .msg_iovlen = 1};
  message.msg_control = with_tag(memory + 128, 7);
  message.msg_controllen = CMSG_SPACE(sizeof(int));
  struct cmsghdr* rights = CMSG_FIRSTHDR(&message);
  *rights =
      (struct cmsghdr){.cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
  memcpy(CMSG_DATA(rights), &ends[0], sizeof(int));
  CHECK(sendmsg(sockets[0], (struct msghdr*)with_tag(&message, 2), 0) == 8);
  put("");
  memset(memory + 128, 0, 64);
  message.msg_controllen = 128;
  CHECK(recvmsg(sockets[1], (struct msghdr*)with_tag(&message, 2), 0) == 8 && strcmp(memory, WORD) == 0);
  CHECK(message.msg_controllen == CMSG_SPACE(sizeof(int)) && rights->cmsg_type == SCM_RIGHTS);
  CHECK(message.msg_control == with_tag(memory + 128, 7));
}

static void masks(void) {
  struct timespec soon = {0, 1000};
  struct {
    void* mask;
    size_t size;
  } mask = {with_tag(memory, 9), 8};
  put("");
  CHECK(syscall(SYS_pselect6, 0, NULL, NULL, NULL, &soon, with_tag(&mask, 4)) == 0);
}

static volatile unsigned handler_tag;
static void on_tagged_stack(int sig) {
  (void)sig;
  volatile char here[100];
  memset((char*)here, 1, sizeof here);
  handler_tag = (uint64_t)&here >> 56;
}
static void handlers(void) {
  const stack_t stack = {.ss_sp = with_tag(memory + 8 * PAGE, 3), .ss_size = 16 * PAGE};
  struct sigaction action = {0};
  action.sa_handler = on_tagged_stack;
  action.sa_flags = SA_ONSTACK;
  sigaction(SIGUSR1, &action, NULL);
  CHECK(sigaltstack(&stack, NULL) == 0);
  raise(SIGUSR1);
  CHECK(handler_tag == 3);
}

/* Started by programs(). */
static int is_child(int argc, char** argv) {
  const char* word = getenv("WORD");
  return argc == 2 && strcmp(argv[1], "child") == 0 && word != NULL && strcmp(word, "tagged") == 0 &&
         are_ignored() == 0;
}
static void programs(void) {
  const pid_t child = fork();
  if (child == 0) {
    char* const words[] = {with_tag("program", 3), with_tag("child", 2), NULL};
    char* const environment[] = {with_tag("WORD=tagged", 2), NULL};
    execve(with_tag("/proc/self/exe", 1), (char**)with_tag(words, 4), (char**)with_tag(environment, 5));
    _exit(1);
  }
  int status;
  waitpid(child, (int*)with_tag(&status, 6), 0);
  CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 42);
}

static void prepare(void) {
  memory = mmap(NULL, 24 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK(mprotect(memory + PAGE, PAGE, PROT_NONE) == 0 && pipe(ends) == 0);
}
#else
static void nothing(void) {}
#define is_child(argc, argv) ((void)(argc), (void)(argv), 0)
#define prepare nothing
#define control nothing
#define arguments nothing
#define vectors nothing
#define messages nothing
#define masks nothing
#define handlers nothing
#define programs nothing
#endif

int main(int argc, char** argv) {
  if (is_child(argc, argv)) return 42;
  prepare();
  STEP(control);
  STEP(arguments);
  STEP(vectors);
  STEP(messages);
  STEP(masks);
  STEP(handlers);
  STEP(programs);
  DONE();
}
