/* execve of this program and of others: arguments, environment, errors, what survives; vfork, posix_spawn, system, popen. */
#include "check.h"
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

extern char** environ;
static void* volatile bad_address = (void*)8;
static char self[4096];
static char folder[] = "/tmp/ferry-exec-XXXXXX";

static int run(char* const argv[], char* const envp[]) {
  fflush(stdout);
  pid_t child = fork();
  if (child == 0) {
    execve(self, argv, envp);
    _exit(99);
  }
  int status = 0;
  CHECK(waitpid(child, &status, 0) == child);
  return status;
}

static char* path_of(const char* name) {
  static char path[8192];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  return path;
}

static void write_file(const char* name, const char* text, int mode) {
  int fd = open(path_of(name), O_WRONLY | O_CREAT | O_TRUNC, 0700);
  CHECK(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
  close(fd);
  chmod(path_of(name), (mode_t)mode);
}

static int error_of(const char* path, char* const argv[], char* const envp[]) {
  errno = 0;
  CHECK(execve(path, argv, envp) == -1);
  return errno;
}

static void arguments(void) {
  char* argv[] = {"a name of my own", "show", "", "two words", NULL};
  char* envp[] = {"ALPHA=1", "EMPTY=", NULL};
  CHECK(WEXITSTATUS(run(argv, envp)) == 3);
  char* none[] = {"x", "count", NULL};
  char* no_environment[] = {NULL};
  CHECK(WEXITSTATUS(run(none, no_environment)) == 20);
}

static void errors(void) {
  char* argv[] = {"x", NULL};
  printf("missing %d\n", error_of(path_of("missing"), argv, environ) == ENOENT);
  printf("empty name %d\n", error_of("", argv, environ) == ENOENT);
  printf("directory %d\n", error_of(folder, argv, environ) == EACCES);
  write_file("plain", "hello\n", 0644);
  printf("below a file %d\n", error_of(path_of("plain/x"), argv, environ) == ENOTDIR);
  printf("no permission %d\n", error_of(path_of("plain"), argv, environ) == EACCES);
  write_file("text", "hello\n", 0755);
  printf("no format %d\n", error_of(path_of("text"), argv, environ) == ENOEXEC);
  write_file("nothing", "", 0755);
  printf("empty file %d\n", error_of(path_of("nothing"), argv, environ) == ENOEXEC);
  write_file("bad-script", "#!/nonexistent/interpreter\n", 0755);
  printf("script without interpreter %d\n", error_of(path_of("bad-script"), argv, environ) == ENOENT);
  printf("bad path %d\n", error_of(bad_address, argv, environ) == EFAULT);
  printf("bad argv %d\n", error_of(self, bad_address, environ) == EFAULT);
  char* bad_string[] = {"x", (char*)8, NULL};
  printf("bad argument %d\n", error_of(self, bad_string, environ) == EFAULT);
  printf("bad environment %d\n", error_of(self, argv, bad_address) == EFAULT);
  char* big = malloc(4 << 20);
  memset(big, 'x', (4 << 20) - 1);
  big[(4 << 20) - 1] = 0;
  char* huge[] = {"x", big, NULL};
  printf("too big %d\n", error_of(self, huge, environ) == E2BIG);
  free(big);
  char link[8192];
  snprintf(link, sizeof link, "%s", path_of("loop"));
  CHECK(symlink(link, link) == 0);
  printf("link to itself %d\n", error_of(link, argv, environ) == ELOOP);
  char* long_name = malloc(6000);
  memset(long_name, 'n', 5999);
  long_name[5999] = 0;
  printf("long name %d\n", error_of(long_name, argv, environ) == ENAMETOOLONG);
  free(long_name);
  int fifo = mkfifo(path_of("fifo"), 0755);
  CHECK(fifo == 0);
  printf("fifo %d\n", error_of(path_of("fifo"), argv, environ) == EACCES);
}

static void scripts(void) {
  char text[8192];
  snprintf(text, sizeof text, "#!%s show\nignored\n", self);
  write_file("script", text, 0755);
  fflush(stdout);
  pid_t child = fork();
  if (child == 0) {
    if (chdir(folder) != 0) _exit(98);
    char* argv[] = {"lost", "kept", NULL};
    execve("./script", argv, (char*[]){"ALPHA=s", NULL});
    _exit(99);
  }
  int status = 0;
  waitpid(child, &status, 0);
  CHECK(WEXITSTATUS(status) == 3);
}

static void nothing(int sig) { (void)sig; }

static void survivors(void) {
  fflush(stdout);
  pid_t child = fork();
  if (child == 0) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGSEGV);
    sigprocmask(SIG_SETMASK, &set, NULL);
    raise(SIGUSR1);
    signal(SIGHUP, SIG_IGN);
    signal(SIGSEGV, SIG_IGN);
    signal(SIGFPE, nothing);
    signal(SIGUSR2, nothing);
    int kept = open("/dev/null", O_RDONLY), closed = open("/dev/null", O_RDONLY | O_CLOEXEC);
    char text[64], *argv[] = {"x", "inherited", text, NULL};
    snprintf(text, sizeof text, "%d %d", dup2(kept, 60), fcntl(closed, F_DUPFD_CLOEXEC, 61));
    execve(self, argv, environ);
    _exit(99);
  }
  int status = 0;
  waitpid(child, &status, 0);
  CHECK(WEXITSTATUS(status) == 21);
}

static void by_descriptor(void) {
  fflush(stdout);
  int fd = open(self, O_RDONLY | O_CLOEXEC);
  pid_t child = fork();
  if (child == 0) {
    char* argv[] = {"by descriptor", "show", NULL};
    syscall(SYS_execveat, fd, "", argv, (char*[]){"ALPHA=fd", NULL}, AT_EMPTY_PATH);
    _exit(99);
  }
  int status = 0;
  waitpid(child, &status, 0);
  CHECK(WEXITSTATUS(status) == 3);
  char* argv[] = {"x", NULL};
  CHECK(syscall(SYS_execveat, fd, "", argv, environ, 0) == -1 && errno == ENOENT);
  CHECK(syscall(SYS_execveat, 12345, "x", argv, environ, 0) == -1 && errno == EBADF);
  CHECK(syscall(SYS_execveat, AT_FDCWD, self, argv, environ, 0x40000000) == -1 && errno == EINVAL);
  close(fd);
  /* A file without a name. */
  int memory = (int)syscall(SYS_memfd_create, "copy", 1);
  int from = open(self, O_RDONLY);
  char buffer[65536];
  ssize_t count;
  while ((count = read(from, buffer, sizeof buffer)) > 0) CHECK(write(memory, buffer, (size_t)count) == count);
  close(from);
  fflush(stdout);
  child = fork();
  if (child == 0) {
    char* words[] = {"memfd", "show", NULL};
    fexecve(memory, words, (char*[]){NULL});
    _exit(99);
  }
  waitpid(child, &status, 0);
  CHECK(WEXITSTATUS(status) == 3);
  close(memory);
}

static volatile int in_parent_memory;

static void vforks(void) {
  int status = 0;
  char* argv[] = {"vforked", "show", NULL};
  char* const environment[] = {"ALPHA=v", NULL};
  fflush(stdout);
  for (int i = 0; i < 3; i++) {
    pid_t child = vfork();
    if (child == 0) {
      in_parent_memory += 10;
      execve(i == 1 ? "/nonexistent" : self, argv, environment);
      in_parent_memory += errno;
      _exit(88);
    }
    CHECK(waitpid(child, &status, 0) == child);
    printf("vfork: status %d, memory %d\n", WEXITSTATUS(status), in_parent_memory);
    fflush(stdout);
  }
  volatile int good = 0;
  for (volatile int i = 0; i < 100; i++) {
    pid_t child = vfork();
    if (child == 0) _exit(i);
    if (waitpid(child, &status, 0) == child && WEXITSTATUS(status) == i) good++;
  }
  printf("vforks %d\n", good);
}

static void spawns(void) {
  pid_t child = 0;
  int status = 0;
  char* argv[] = {"spawned", "show", NULL};
  fflush(stdout);
  CHECK(posix_spawn(&child, self, NULL, NULL, argv, environ) == 0);
  CHECK(waitpid(child, &status, 0) == child && WEXITSTATUS(status) == 3);
  CHECK(posix_spawn(&child, "/nonexistent", NULL, NULL, argv, environ) == ENOENT);
  CHECK(posix_spawnp(&child, "no-such-program-anywhere", NULL, NULL, argv, environ) == ENOENT);
  CHECK(posix_spawn(&child, path_of("plain"), NULL, NULL, argv, environ) == EACCES);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  int ends[2];
  CHECK(pipe(ends) == 0);
  posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
  posix_spawn_file_actions_addclose(&actions, ends[0]);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGUSR2);
  posix_spawnattr_setsigmask(&attributes, &set);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
  CHECK(posix_spawn(&child, self, &actions, &attributes, argv, environ) == 0);
  close(ends[1]);
  char text[512] = "";
  size_t have = 0;
  ssize_t count;
  while ((count = read(ends[0], text + have, sizeof text - 1 - have)) > 0) have += (size_t)count;
  CHECK(strncmp(text, "argv: [spawned]", 15) == 0);
  CHECK(waitpid(child, &status, 0) == child && WEXITSTATUS(status) == 3);
  close(ends[0]);
  puts("posix_spawn");
}

static void shells(void) {
  CHECK(WEXITSTATUS(system("exit 7")) == 7);
  CHECK(WTERMSIG(system("kill -9 $$")) == 9);
  fflush(stdout);
  FILE* pipe = popen("echo through a pipe | tr a-z A-Z; exit 5", "r");
  char line[8192];
  while (pipe && fgets(line, sizeof line, pipe)) printf("popen: %s", line);
  CHECK(pipe && WEXITSTATUS(pclose(pipe)) == 5);
}

static int show(int argc, char** argv) {
  printf("argv:");
  for (int i = 0; i < argc; i++) printf(" [%s]", strcmp(argv[i], self) == 0 ? "self" : argv[i]);
  printf(" ALPHA=%s EMPTY=%s\n", getenv("ALPHA") ? getenv("ALPHA") : "unset", getenv("EMPTY") ? getenv("EMPTY") : "unset");
  fflush(stdout);
  return 3;
}

static int inherited(const char* numbers) {
  int kept = -1, closed = -1, good = 1;
  sigset_t mask, pending;
  struct sigaction action;
  sscanf(numbers, "%d %d", &kept, &closed);
  sigprocmask(SIG_BLOCK, NULL, &mask);
  good &= sigismember(&mask, SIGUSR1) && sigismember(&mask, SIGTERM) && sigismember(&mask, SIGSEGV) && !sigismember(&mask, SIGUSR2);
  sigpending(&pending);
  good &= sigismember(&pending, SIGUSR1);
  sigaction(SIGHUP, NULL, &action);
  good &= action.sa_handler == SIG_IGN;
  sigaction(SIGSEGV, NULL, &action);
  good &= action.sa_handler == SIG_IGN;
  sigaction(SIGFPE, NULL, &action);
  good &= action.sa_handler == SIG_DFL;
  sigaction(SIGUSR2, NULL, &action);
  good &= action.sa_handler == SIG_DFL;
  good &= fcntl(kept, F_GETFD) == 0 && fcntl(closed, F_GETFD) == -1;
  return good ? 21 : 1;
}

int main(int argc, char** argv) {
  ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
  CHECK(length > 0);
  if (argc > 1 && strcmp(argv[1], "show") == 0) return show(argc, argv);
  if (argc > 1 && strcmp(argv[1], "count") == 0) {
    int count = 0;
    while (environ[count]) count++;
    return 20 + count;
  }
  if (argc > 2 && strcmp(argv[1], "inherited") == 0) return inherited(argv[2]);
  CHECK(mkdtemp(folder) != NULL);
  arguments();
  errors();
  scripts();
  survivors();
  by_descriptor();
  vforks();
  spawns();
  shells();
  char command[8192];
  snprintf(command, sizeof command, "rm -r %s", folder);
  CHECK(system(command) == 0);
  DONE();
}
