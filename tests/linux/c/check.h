/* Every program here prints the same lines natively and translated, and ends with status 0 when all its
 * checks hold. */
#pragma once
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int check_failures;

#define CHECK(condition)                                                                        \
  do {                                                                                          \
    if (!(condition)) {                                                                         \
      fprintf(stderr, "%s:%d: failed: %s (errno %d)\n", __FILE__, __LINE__, #condition, errno); \
      check_failures++;                                                                         \
    }                                                                                           \
  } while (0)

#define DONE()                                            \
  do {                                                    \
    printf("%s\n", check_failures ? "failed" : "all ok"); \
    fflush(stdout);                                       \
    return check_failures != 0;                           \
  } while (0)

/* Runs a function without arguments and says so at once: a program that dies shows how far it got. */
#define STEP(name)  \
  do {              \
    name();         \
    puts(#name);    \
    fflush(stdout); \
  } while (0)
