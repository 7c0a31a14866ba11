/* What a program reads about itself under /proc and from the auxiliary vector. Nothing that differs between two machines is printed. */
#include "check.h"
#include <elf.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>

static char buffer[1 << 20];

static size_t slurp(const char* path) {
  int fd = open(path, O_RDONLY);
  CHECK(fd >= 0);
  size_t size = 0;
  ssize_t got;
  while ((got = read(fd, buffer + size, sizeof buffer - 1 - size)) > 0) size += (size_t)got;
  close(fd);
  buffer[size] = 0;
  return size;
}

/* The permissions in /proc/self/maps of the mapping that holds `address`, "" if none; its name in `name`. */
static const char* mapping(const void* address, char* name) {
  static char permissions[8];
  unsigned long at = (unsigned long)address, first, last;
  permissions[0] = 0;
  slurp("/proc/self/maps");
  for (char* line = strtok(buffer, "\n"); line; line = strtok(NULL, "\n")) {
    char found[PATH_MAX] = "", p[8];
    if (sscanf(line, "%lx-%lx %7s %*s %*s %*s %s", &first, &last, p, found) < 3 || at < first || at >= last) continue;
    strcpy(permissions, p);
    strcpy(name, found);
  }
  return permissions;
}

static void executable(const char* argv0) {
  char link[PATH_MAX], real[PATH_MAX];
  ssize_t length = readlink("/proc/self/exe", link, sizeof link - 1);
  CHECK(length > 0);
  link[length > 0 ? length : 0] = 0;
  CHECK(realpath(argv0, real) && strcmp(link, real) == 0);
  snprintf(buffer, sizeof buffer, "/proc/%d/exe", getpid());
  char again[PATH_MAX];
  CHECK(readlink(buffer, again, sizeof again) == length && memcmp(link, again, (size_t)length) == 0);
  struct stat a, b;
  CHECK(stat("/proc/self/exe", &a) == 0 && stat(argv0, &b) == 0 && a.st_ino == b.st_ino);
  CHECK(lstat("/proc/self/exe", &a) == 0 && S_ISLNK(a.st_mode));
  int dir = open("/proc/self", O_RDONLY | O_DIRECTORY);
  CHECK(readlinkat(dir, "exe", again, sizeof again) == length && memcmp(link, again, (size_t)length) == 0);
  int fd = openat(dir, "exe", O_RDONLY);
  CHECK(fd >= 0 && fstat(fd, &a) == 0 && a.st_ino == b.st_ino);
  CHECK(open("/proc/self/exe", O_RDONLY | O_NOFOLLOW) == -1 && errno == ELOOP);
  CHECK(strcmp((char*)getauxval(AT_EXECFN), argv0) == 0);
}

static void arguments(int argc, char** argv) {
  size_t size = slurp("/proc/self/cmdline");
  char* at = buffer;
  for (int i = 0; i < argc; i++, at += strlen(at) + 1) CHECK(strcmp(at, argv[i]) == 0);
  CHECK(at == buffer + size);
  size = slurp("/proc/self/environ");
  CHECK(size > 0 && buffer[size - 1] == 0 && strcmp(buffer, environ[0]) == 0);
  slurp("/proc/self/comm");
  const char* name = strrchr(argv[0], '/');
  char expected[32];
  snprintf(expected, sizeof expected, "%.15s\n", name ? name + 1 : argv[0]);
  CHECK(strcmp(buffer, expected) == 0);
}

/* What others see, ps for one. */
static void arguments_of_a_child(char** argv) {
  char path[64];
  pid_t child = fork();
  if (child == 0) {
    pause();
    _exit(0);
  }
  snprintf(path, sizeof path, "/proc/%d/cmdline", child);
  CHECK(slurp(path) > 0 && strcmp(buffer, argv[0]) == 0);
  kill(child, SIGKILL);
  waitpid(child, NULL, 0);
}

static void auxiliary_vector(void) {
  size_t size = slurp("/proc/self/auxv");
  Elf64_auxv_t* entry = (Elf64_auxv_t*)buffer;
  int count = 0;
  for (; (size_t)((char*)entry - buffer) < size && entry->a_type != AT_NULL; entry++, count++) {
    if (entry->a_type == AT_HWCAP) continue; /* the C library has its own idea of it on x86 */
    CHECK(getauxval(entry->a_type) == entry->a_un.a_val);
  }
  CHECK(count > 10 && getauxval(AT_PAGESZ) == (unsigned long)sysconf(_SC_PAGESIZE) && getauxval(AT_UID) == getuid());
  CHECK(getauxval(AT_RANDOM) != 0 && getauxval(AT_CLKTCK) == (unsigned long)sysconf(_SC_CLK_TCK) && getauxval(AT_SECURE) == 0);
  Elf64_Phdr* headers = (Elf64_Phdr*)getauxval(AT_PHDR);
  CHECK(getauxval(AT_PHENT) == sizeof *headers && getauxval(AT_PHNUM) > 0);
  int loads = 0;
  for (unsigned long i = 0; i < getauxval(AT_PHNUM); i++) loads += headers[i].p_type == PT_LOAD;
  CHECK(loads > 0);
  struct utsname name;
  uname(&name);
  CHECK(strcmp((char*)getauxval(AT_PLATFORM), name.machine) == 0);
}

static void memory_map(void) {
  char name[PATH_MAX], exe[PATH_MAX];
  int on_stack;
  ssize_t length = readlink("/proc/self/exe", exe, sizeof exe - 1);
  exe[length > 0 ? length : 0] = 0;
  CHECK(strcmp(mapping((void*)memory_map, name), "r-xp") == 0 && strcmp(name, exe) == 0);
  CHECK(strcmp(mapping(&on_stack, name), "rw-p") == 0 && strcmp(name, "[stack]") == 0);
  CHECK(strcmp(mapping(buffer, name), "rw-p") == 0);
  void* heap = malloc(100);
  CHECK(strcmp(mapping(heap, name), "rw-p") == 0 && strcmp(name, "[heap]") == 0);
  char* at = mmap(NULL, 12288, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  mprotect(at + 4096, 4096, PROT_READ | PROT_WRITE);
  CHECK(strcmp(mapping(at, name), "r--p") == 0 && strcmp(mapping(at + 4096, name), "rw-p") == 0);
  munmap(at, 12288);
  CHECK(strcmp(mapping(at, name), "") == 0);
  int fd = memfd_create("xyz", 0);
  CHECK(ftruncate(fd, 4096) == 0);
  at = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
  CHECK(strcmp(mapping(at, name), "r--s") == 0 && strncmp(name, "/memfd:xyz", 10) == 0);
}

static void descriptors(void) {
  char path[64], text[PATH_MAX], directory[PATH_MAX];
  int fd = open("/tmp", O_RDONLY | O_DIRECTORY);
  snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(path, text, sizeof text);
  CHECK(length == 4 && memcmp(text, "/tmp", 4) == 0);
  CHECK(chdir("/usr/bin") == 0 && getcwd(directory, sizeof directory));
  length = readlink("/proc/self/cwd", text, sizeof text);
  CHECK(length == (ssize_t)strlen(directory) && memcmp(text, directory, (size_t)length) == 0);
}

int main(int argc, char** argv) {
  executable(argv[0]);
  arguments(argc, argv);
  arguments_of_a_child(argv);
  auxiliary_vector();
  memory_map();
  descriptors();
  DONE();
}
