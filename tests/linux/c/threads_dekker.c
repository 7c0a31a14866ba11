/* Memory order between threads: sequentially consistent accesses, store buffering, message passing, and a lock-free stack whose nodes
 * are reused. */
#include "check.h"
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

#define ROUNDS 60000
static atomic_int x, y, turn_a, turn_b;
static int seen_x, seen_y;
static int both_zero;

static void meet(atomic_int* mine, atomic_int* other, int round) {
  atomic_store_explicit(mine, round, memory_order_release);
  while (atomic_load_explicit(other, memory_order_acquire) < round) sched_yield();
}

static void* left(void* unused) {
  (void)unused;
  for (int i = 1; i <= ROUNDS; i++) {
    meet(&turn_a, &turn_b, 2 * i - 1);
    atomic_store(&x, 1);
    seen_y = atomic_load(&y);
    meet(&turn_a, &turn_b, 2 * i);
    if (seen_x == 0 && seen_y == 0) both_zero++;
    atomic_store(&x, 0);
  }
  return NULL;
}

static void* right(void* unused) {
  (void)unused;
  for (int i = 1; i <= ROUNDS; i++) {
    atomic_store(&y, 0);
    meet(&turn_b, &turn_a, 2 * i - 1);
    atomic_store(&y, 1);
    seen_x = atomic_load(&x);
    meet(&turn_b, &turn_a, 2 * i);
  }
  return NULL;
}

/* Dekker's algorithm itself. */
static atomic_int wants[2], turn;
static long protected_count;
static void* dekker(void* argument) {
  int me = (int)(intptr_t)argument;
  for (int i = 0; i < 30000; i++) {
    atomic_store(&wants[me], 1);
    while (atomic_load(&wants[1 - me])) {
      if (atomic_load(&turn) != me) {
        atomic_store(&wants[me], 0);
        while (atomic_load(&turn) != me) sched_yield();
        atomic_store(&wants[me], 1);
      }
    }
    protected_count++;
    atomic_store(&turn, 1 - me);
    atomic_store(&wants[me], 0);
  }
  return NULL;
}

/* A stack of few nodes that are pushed back at once. On AArch64 by load-exclusive and store-exclusive, which no reuse of a node can fool; elsewhere a
 * lock does. */
struct node {
  struct node* next;
  long owner;
};
static struct node nodes[4];
static struct node* top;
#ifndef __aarch64__
static pthread_mutex_t stack_lock = PTHREAD_MUTEX_INITIALIZER;
#endif

static struct node* pop(void) {
#ifdef __aarch64__
  struct node *first, *next;
  int failed;
  do {
    __asm__ volatile("ldaxr %0, [%1]" : "=&r"(first) : "r"(&top) : "memory");
    if (first == NULL) {
      __asm__ volatile("clrex" ::: "memory");
      return NULL;
    }
    next = *(struct node* volatile*)&first->next;
    __asm__ volatile("stlxr %w0, %1, [%2]" : "=&r"(failed) : "r"(next), "r"(&top) : "memory");
  } while (failed);
  return first;
#else
  pthread_mutex_lock(&stack_lock);
  struct node* first = top;
  if (first) top = first->next;
  pthread_mutex_unlock(&stack_lock);
  return first;
#endif
}

static void push(struct node* node) {
#ifdef __aarch64__
  struct node* first;
  int failed;
  do {
    __asm__ volatile("ldaxr %0, [%1]" : "=&r"(first) : "r"(&top) : "memory");
    *(struct node* volatile*)&node->next = first;
    __asm__ volatile("stlxr %w0, %1, [%2]" : "=&r"(failed) : "r"(node), "r"(&top) : "memory");
  } while (failed);
#else
  pthread_mutex_lock(&stack_lock);
  node->next = top;
  top = node;
  pthread_mutex_unlock(&stack_lock);
#endif
}

static void* stack_user(void* argument) {
  long me = (long)(intptr_t)argument;
  for (int i = 0; i < 100000; i++) {
    struct node* node = pop();
    if (node == NULL) continue;
    if (__atomic_exchange_n(&node->owner, me, __ATOMIC_SEQ_CST) != 0) {
      fprintf(stderr, "a node belongs to two threads\n");
      exit(1);
    }
    if (__atomic_exchange_n(&node->owner, 0, __ATOMIC_SEQ_CST) != me) {
      fprintf(stderr, "a node was taken from its owner\n");
      exit(1);
    }
    push(node);
  }
  return NULL;
}

int main(void) {
  pthread_t a, b, c;
  pthread_create(&a, NULL, left, NULL);
  pthread_create(&b, NULL, right, NULL);
  pthread_join(a, NULL);
  pthread_join(b, NULL);
  printf("both saw zero: %d\n", both_zero);
  pthread_create(&a, NULL, dekker, (void*)0);
  pthread_create(&b, NULL, dekker, (void*)1);
  pthread_join(a, NULL);
  pthread_join(b, NULL);
  printf("dekker %ld\n", protected_count);
  for (int i = 0; i < 4; i++) push(&nodes[i]);
  pthread_create(&a, NULL, stack_user, (void*)1);
  pthread_create(&b, NULL, stack_user, (void*)2);
  pthread_create(&c, NULL, stack_user, (void*)3);
  pthread_join(a, NULL);
  pthread_join(b, NULL);
  pthread_join(c, NULL);
  int left_over = 0;
  while (pop()) left_over++;
  printf("nodes %d\n", left_over);
  DONE();
}
