/* Cancellation, cleanup handlers, signals to threads, the end of the first thread before the others. */
#include "check.h"
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdint.h>

static sem_t started;
static int ends[2], cleaned, handled;
static pthread_t handler_thread;

static void clean(void* argument) { cleaned += (int)(intptr_t)argument; }

static void* blocked_in_read(void* unused) {
  char byte;
  (void)unused;
  pthread_cleanup_push(clean, (void*)1);
  sem_post(&started);
  if (read(ends[0], &byte, 1) != 1) puts("read ended");
  pthread_cleanup_pop(0);
  return NULL;
}

static void* asynchronous(void* unused) {
  (void)unused;
  pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL);
  pthread_cleanup_push(clean, (void*)10);
  sem_post(&started);
  for (volatile unsigned long i = 0;; i++) {
  }
  pthread_cleanup_pop(0);
  return NULL;
}

static void* disabled(void* unused) {
  (void)unused;
  pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
  sem_post(&started);
  usleep(20000);
  return (void*)5;
}

static void* waits_on_condition(void* unused) {
  static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
  static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
  (void)unused;
  pthread_mutex_lock(&mutex);
  pthread_cleanup_push(clean, (void*)100);
  sem_post(&started);
  for (;;) pthread_cond_wait(&condition, &mutex);
  pthread_cleanup_pop(0);
  return NULL;
}

static void* result_of(void* (*body)(void*)) {
  pthread_t thread;
  void* result = NULL;
  pthread_create(&thread, NULL, body, NULL);
  sem_wait(&started);
  usleep(2000);
  pthread_cancel(thread);
  CHECK(pthread_join(thread, &result) == 0);
  return result;
}

static void on_signal(int sig) {
  (void)sig;
  handler_thread = pthread_self();
  __atomic_add_fetch(&handled, 1, __ATOMIC_SEQ_CST);
}

static volatile int stop_spinning;
static void* spins(void* unused) {
  (void)unused;
  sem_post(&started);
  while (!stop_spinning) {
  }
  return NULL;
}

static void* waits_for_signal(void* argument) {
  int sig = 0;
  sem_post(&started);
  CHECK(sigwait(argument, &sig) == 0 && sig == SIGUSR2);
  return NULL;
}

static void signals(void) {
  struct sigaction action = {0};
  action.sa_handler = on_signal;
  sigaction(SIGUSR1, &action, NULL);
  pthread_t thread, waiter;
  pthread_create(&thread, NULL, spins, NULL);
  sem_wait(&started);
  pthread_kill(thread, SIGUSR1);
  while (!*(volatile int*)&handled) usleep(100);
  CHECK(pthread_equal(handler_thread, thread));
  /* Blocked here: the other thread takes what is sent to the process. */
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGUSR1);
  pthread_sigmask(SIG_BLOCK, &set, NULL);
  memset(&handler_thread, 0, sizeof handler_thread);
  kill(getpid(), SIGUSR1);
  while (*(volatile int*)&handled < 2) usleep(100);
  CHECK(pthread_equal(handler_thread, thread));
  for (int i = 0; i < 200; i++) pthread_kill(thread, SIGUSR1);
  stop_spinning = 1;
  pthread_join(thread, NULL);
  CHECK(handled > 2);
  sigset_t other;
  sigemptyset(&other);
  sigaddset(&other, SIGUSR2);
  pthread_sigmask(SIG_BLOCK, &other, NULL);
  pthread_create(&waiter, NULL, waits_for_signal, &other);
  sem_wait(&started);
  kill(getpid(), SIGUSR2);
  pthread_join(waiter, NULL);
  CHECK(pthread_kill(pthread_self(), 0) == 0);
  puts("signals");
}

static void* outlives_main(void* main_thread) {
  pthread_join(*(pthread_t*)main_thread, NULL);
  usleep(10000);
  puts("the first thread has ended");
  fflush(stdout);
  exit(check_failures ? 1 : 3);
}

int main(void) {
  sem_init(&started, 0, 0);
  CHECK(pipe(ends) == 0);
  CHECK(result_of(blocked_in_read) == PTHREAD_CANCELED && cleaned == 1);
  CHECK(result_of(asynchronous) == PTHREAD_CANCELED && cleaned == 11);
  CHECK(result_of(disabled) == (void*)5);
  CHECK(result_of(waits_on_condition) == PTHREAD_CANCELED && cleaned == 111);
  printf("cleaned %d\n", cleaned);
  signals();
  static pthread_t self, thread;
  self = pthread_self();
  pthread_create(&thread, NULL, outlives_main, &self);
  pthread_exit(NULL);
}
