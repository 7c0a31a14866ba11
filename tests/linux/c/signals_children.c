/* SIGCHLD storms, default actions, stops and continues. */
#include "check.h"
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

static volatile sig_atomic_t reaped, stops, continues;

static void reap(int sig, siginfo_t* info, void* context) {
  (void)sig, (void)info, (void)context;
  int saved = errno, status;
  while (waitpid(-1, &status, WNOHANG) > 0) {
    reaped++;
    if (!WIFEXITED(status)) _exit(9);
  }
  errno = saved;
}

static void storm(void) {
  struct sigaction action = {0};
  action.sa_sigaction = reap;
  action.sa_flags = SA_SIGINFO | SA_RESTART | SA_NOCLDSTOP;
  sigaction(SIGCHLD, &action, NULL);
  const int children = 200;
  for (int i = 0; i < children; i++) {
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) _exit(i & 0x7f);
  }
  for (int i = 0; i < 2000 && reaped < children; i++) usleep(5000);
  printf("reaped %d\n", reaped);
  signal(SIGCHLD, SIG_DFL);
}

static void deaths(void) {
  const int signals[] = {SIGHUP, SIGINT, SIGQUIT, SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGKILL, SIGUSR1, SIGSEGV, SIGUSR2, SIGPIPE, SIGALRM,
                         SIGTERM, SIGXCPU, SIGSYS, SIGRTMIN, SIGRTMAX};
  int gate[2];
  for (unsigned i = 0; i < sizeof signals / sizeof *signals; i++) {
    CHECK(pipe(gate) == 0);
    pid_t child = fork();
    if (child == 0) {
      char byte = 0;
      if (write(gate[1], &byte, 1) != 1) _exit(1);
      for (;;) pause();
    }
    char byte;
    CHECK(read(gate[0], &byte, 1) == 1);
    kill(child, signals[i]);
    int status = 0;
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == signals[i]);
    close(gate[0]);
    close(gate[1]);
    /* And by its own hand. */
    child = fork();
    if (child == 0) {
      raise(signals[i]);
      _exit(1);
    }
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == signals[i]);
  }
  puts("deaths");
}

static void ignored_by_default(void) {
  const int signals[] = {SIGCHLD, SIGURG, SIGWINCH, SIGCONT};
  for (unsigned i = 0; i < sizeof signals / sizeof *signals; i++) raise(signals[i]);
  puts("ignored by default");
}

static void on_continue(int sig) {
  (void)sig;
  continues++;
}

static void stopping(void) {
  pid_t child = fork();
  if (child == 0) {
    /* In a group of its own with its parent outside: the kernel drops SIGTSTP in orphaned groups, as CI's may be. */
    setpgid(0, 0);
    signal(SIGCONT, on_continue);
    raise(SIGSTOP);
    if (continues != 1) _exit(1);
    signal(SIGTSTP, SIG_DFL);
    raise(SIGTSTP);
    _exit(continues == 2 ? 42 : 2);
  }
  int status = 0;
  CHECK(waitpid(child, &status, WUNTRACED) == child && WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP);
  kill(child, SIGCONT);
  CHECK(waitpid(child, &status, WUNTRACED | WCONTINUED) == child);
  CHECK(WIFCONTINUED(status) || WIFSTOPPED(status));
  if (WIFCONTINUED(status)) CHECK(waitpid(child, &status, WUNTRACED) == child && WIFSTOPPED(status));
  CHECK(WSTOPSIG(status) == SIGTSTP);
  kill(child, SIGCONT);
  CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 42);
  puts("stop and continue");
}

static void no_zombies(void) {
  struct sigaction action = {0};
  action.sa_handler = SIG_DFL;
  action.sa_flags = SA_NOCLDWAIT;
  sigaction(SIGCHLD, &action, NULL);
  pid_t child = fork();
  if (child == 0) _exit(0);
  int status;
  CHECK(waitpid(child, &status, 0) == -1 && errno == ECHILD);
  signal(SIGCHLD, SIG_IGN);
  child = fork();
  if (child == 0) _exit(0);
  CHECK(waitpid(child, &status, 0) == -1 && errno == ECHILD);
  signal(SIGCHLD, SIG_DFL);
  puts("no zombies");
}

static void info_of_children(void) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGCHLD);
  sigprocmask(SIG_BLOCK, &set, NULL);
  pid_t child = fork();
  if (child == 0) _exit(5);
  siginfo_t info;
  CHECK(sigwaitinfo(&set, &info) == SIGCHLD && info.si_pid == child && info.si_code == CLD_EXITED && info.si_status == 5);
  CHECK(waitid(P_PID, child, &info, WEXITED | WNOWAIT) == 0 && info.si_pid == child && info.si_status == 5);
  CHECK(waitid(P_PID, child, &info, WEXITED) == 0 && info.si_code == CLD_EXITED);
  CHECK(waitid(P_PID, child, &info, WEXITED) == -1 && errno == ECHILD);
  child = fork();
  if (child == 0) raise(SIGKILL);
  CHECK(sigwaitinfo(&set, &info) == SIGCHLD && info.si_code == CLD_KILLED && info.si_status == SIGKILL);
  waitpid(child, NULL, 0);
  sigprocmask(SIG_UNBLOCK, &set, NULL);
  puts("waitid");
}

int main(void) {
  storm();
  deaths();
  ignored_by_default();
  stopping();
  no_zombies();
  info_of_children();
  DONE();
}
