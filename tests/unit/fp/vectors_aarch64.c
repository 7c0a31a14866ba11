// Runs on AArch64: executes the instructions of one row of vectors.def, named by number in argv[1], for each
// request on stdin, and writes result and FPSR to stdout.
#include <stdio.h>
#include <stdlib.h>

#include "vectors_protocol.h"

#define FP_VECTOR(name, text, operands, format, group, meaning)                     \
  static void run_##name(const struct VectorRequest* in, struct VectorReply* out) { \
    __asm__ volatile(                                                               \
        "ldp d0, d1, [%0]\n ldr d2, [%0, #16]\n ldr x0, [%0, #24]\n"                \
        "msr fpcr, x0\n msr fpsr, xzr\n mov x0, #0\n" text                          \
        "\n mrs x0, fpsr\n str d0, [%1]\n str x0, [%1, #8]\n msr fpcr, xzr\n"       \
        :                                                                           \
        : "r"(in), "r"(out)                                                         \
        : "x0", "x1", "v0", "v1", "v2", "cc", "memory");                            \
  }
#include "vectors.def"
#undef FP_VECTOR

typedef void (*Run)(const struct VectorRequest*, struct VectorReply*);

static const Run kRuns[] = {
#define FP_VECTOR(name, text, operands, format, group, meaning) run_##name,
#include "vectors.def"
#undef FP_VECTOR
};

enum { kBatch = 4096 };

int main(int argc, char** argv) {
  static struct VectorRequest requests[kBatch];
  static struct VectorReply replies[kBatch];
  const size_t index = argc > 1 ? strtoul(argv[1], NULL, 10) : sizeof kRuns;
  if (index >= sizeof kRuns / sizeof kRuns[0]) return 2;
  size_t count;
  while ((count = fread(requests, sizeof requests[0], kBatch, stdin)) != 0) {
    for (size_t i = 0; i < count; ++i) kRuns[index](&requests[i], &replies[i]);
    if (fwrite(replies, sizeof replies[0], count, stdout) != count) return 1;
  }
  return 0;
}
