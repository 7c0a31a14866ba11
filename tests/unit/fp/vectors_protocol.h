// What fp_qemu_test.cpp and vectors_aarch64.c say to each other: records over stdin and stdout,
// little-endian. C and C++.
#pragma once

#include <stdint.h>

struct VectorRequest {
  uint64_t a, b, c;
  uint64_t fpcr;
};

struct VectorReply {
  uint64_t value;
  uint64_t fpsr;
};
