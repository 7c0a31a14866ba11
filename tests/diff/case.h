/* What the differential test's host side and its guest driver exchange through files. Plain C: both compile
 * it. */
#pragma once

#include <stdint.h>

enum { kMaxWords = 16, kWindowBytes = 1024 };

/* Where the driver puts code and data: the same under every emulator, because addresses are operands too. */
#define DIFF_CODE_ADDRESS 0x20000000ul
#define DIFF_DATA_ADDRESS 0x30000000ul
#define DIFF_DATA_BYTES 0x40000ul
/* Memory accesses are made around the middle of the data page's window. */
#define DIFF_WINDOW_ADDRESS (DIFF_DATA_ADDRESS + 0x20000)

struct DiffRegisters {
  uint64_t x[29]; /* x29 and x30 belong to the driver */
  uint64_t sp;
  uint64_t nzcv;
  uint64_t fpsr;
  uint64_t v[64]; /* low half, high half of each */
};

struct DiffCase {
  struct DiffRegisters in;
  uint64_t fpcr;
  uint64_t memory_seed;
  uint32_t word_count;
  uint32_t words[kMaxWords];
  uint32_t pad;
};

struct DiffResult {
  struct DiffRegisters out;
  uint64_t memory_hash;
  uint32_t signal;    /* 0, or the signal that ended the case */
  uint32_t pc_offset; /* where in the code it was raised */
};
