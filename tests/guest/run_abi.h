/* What a guest case starts from and ends with; shared with the driver that runs cases under QEMU (plain C).
 */
#pragma once

#include <stdint.h>

#define GUEST_DATA_BASE 0x10000000u /* one page of data, surrounded by unmapped pages */
#define GUEST_DATA_SIZE 4096u
#define GUEST_CODE_BASE 0x10010000u /* three pages of code, BRK #0 wherever the case has none */
#define GUEST_CODE_SIZE 12288u
#define GUEST_MAX_WORDS 32u
#define GUEST_BRK 0xd4200000u

enum GuestStop { kGuestStopBrk, kGuestStopIllegal, kGuestStopFault, kGuestStopSvc, kGuestStopStuck };

struct GuestCpu {
  uint64_t x[31];
  uint64_t sp;
  uint64_t pc;
  uint64_t nzcv; /* bits 31 to 28 */
  uint64_t fpcr;
  uint64_t fpsr;
  uint64_t v[32][2]; /* low half first */
};

struct GuestRun {
  struct GuestCpu cpu;
  uint8_t memory[GUEST_DATA_SIZE];
  uint32_t words[GUEST_MAX_WORDS]; /* placed at cpu.pc */
  uint32_t word_count;
  uint32_t stop; /* GuestStop, of results */
};
