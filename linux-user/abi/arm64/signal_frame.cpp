#include "linux-user/abi/arm64/signal_frame.h"

#include <array>
#include <csignal>
#include <cstring>
#include <optional>

#include "frontend/arm64/branch_type.h"
#include "frontend/arm64/fp_state.h"
#include "frontend/arm64/state.h"
#include "ir/support/bits.h"
#include "linux-user/abi/arm64/vdso.h"
#include "linux-user/guest_process.h"
#include "linux-user/mm/guest_copy.h"

namespace ferry::linux_user::arm64_abi_detail {
namespace {

using arm64::State;
using support::align_down;

// arch/arm64/include/uapi/asm/sigcontext.h.

struct RecordHead {
  uint32_t magic;
  uint32_t size;
};

struct FpsimdRecord {
  static constexpr uint32_t kMagic = 0x46508001;
  RecordHead head;
  uint32_t fpsr;
  uint32_t fpcr;
  arm64::Vec v[32];
};
static_assert(sizeof(FpsimdRecord) == 528);

struct EsrRecord {
  static constexpr uint32_t kMagic = 0x45535201;
  RecordHead head;
  uint64_t esr;
};

/// Says that the records go on in memory behind the frame.
struct ExtraRecord {
  static constexpr uint32_t kMagic = 0x45585401;
  RecordHead head;
  uint64_t data;
  uint32_t size;
  uint32_t reserved[3];
};
static_assert(sizeof(ExtraRecord) == 32);

constexpr size_t kRecordAlignment = 16;
constexpr size_t kRecordBytes = 4096;

struct SigContext {
  uint64_t fault_address;
  uint64_t x[31];
  uint64_t sp;
  uint64_t pc;
  uint64_t pstate;
  alignas(16) std::array<std::byte, kRecordBytes> records;
};

struct UContext {
  uint64_t flags;
  uint64_t link;
  GuestStack stack;
  uint64_t mask;
  std::byte unused[120];
  SigContext context;
};

struct Frame {
  siginfo_t info;
  UContext uc;
};
static_assert(sizeof(siginfo_t) == 128);
static_assert(offsetof(UContext, mask) == 40);
static_assert(offsetof(UContext, context) == 176);
static_assert(offsetof(SigContext, records) == 288);
static_assert(sizeof(Frame) == 4688);

struct FrameRecord {
  uint64_t fp;
  uint64_t lr;
};

constexpr uint64_t kStackAlignment = 16;

// PSTATE bits of a 64-bit EL0 context (Arm ARM C5.2.19, SPSR_EL1): condition flags, BTYPE, TCO, DIT and SSBS;
// SS is accepted and not kept.
constexpr uint32_t kNzcv = 0xf0000000;
constexpr uint32_t kTcoDitSsbs = State::kPstateTco | State::kPstateDit | State::kPstateSsbs;
constexpr unsigned kBranchTypeShift = 10;
constexpr uint64_t kModeBits = 0x1f;
constexpr uint64_t kInterruptMasks = 0x3c0;

template <typename T>
void append(std::array<std::byte, kRecordBytes>& records, size_t& offset, const T& record) {
  std::memcpy(records.data() + offset, &record, sizeof(T));
  offset += sizeof(T);
}

void write_records(std::array<std::byte, kRecordBytes>& records, const State& state, uint64_t syndrome) {
  size_t offset = 0;
  FpsimdRecord fpsimd{.head = {FpsimdRecord::kMagic, sizeof(FpsimdRecord)},
                      .fpsr = arm64::read_fpsr(state),
                      .fpcr = state.fpcr,
                      .v = {}};
  std::memcpy(fpsimd.v, state.v, sizeof fpsimd.v);
  append(records, offset, fpsimd);
  if (syndrome != 0) append(records, offset, EsrRecord{{EsrRecord::kMagic, sizeof(EsrRecord)}, syndrome});
  append(records, offset, RecordHead{0, 0});
}

/// Reads the record at `address` as a T.
template <typename T>
std::optional<T> read_record(GuestAddr address, uint32_t size) {
  T record;
  if (size != sizeof(T) || !copy_from_guest(&record, address, sizeof(T))) return std::nullopt;
  return record;
}

/// parse_user_sigframe(): walks the records, refuses what is malformed or unknown. The FPSIMD record must be
/// there once.
std::optional<FpsimdRecord> find_fpsimd(GuestAddr records) {
  std::optional<FpsimdRecord> fpsimd;
  GuestAddr base = records;
  size_t limit = kRecordBytes;
  size_t offset = 0;
  bool seen_extra = false;
  for (;;) {
    if (limit - offset < sizeof(RecordHead) || offset % kRecordAlignment != 0) return std::nullopt;
    RecordHead head;
    if (!copy_from_guest(&head, base + offset, sizeof head) || limit - offset < head.size)
      return std::nullopt;
    if (head.magic == 0) return head.size == 0 ? fpsimd : std::nullopt;
    if (head.size < sizeof head) return std::nullopt;
    switch (head.magic) {
      case FpsimdRecord::kMagic:
        if (fpsimd) return std::nullopt;
        fpsimd = read_record<FpsimdRecord>(base + offset, head.size);
        if (!fpsimd) return std::nullopt;
        break;
      case EsrRecord::kMagic:
        break;  // says why the signal came; nothing to restore
      case ExtraRecord::kMagic: {
        const auto extra = read_record<ExtraRecord>(base + offset, head.size);
        RecordHead next;
        const size_t end = offset + head.size;
        if (seen_extra || !extra || !copy_from_guest(&next, base + end, sizeof next)) return std::nullopt;
        // A terminator follows, and the extra space begins right after it.
        const GuestAddr expected = base + end + kRecordAlignment;
        if (next.magic != 0 || next.size != 0 || extra->data != expected.value ||
            extra->size % kRecordAlignment != 0) {
          return std::nullopt;
        }
        seen_extra = true;
        base = expected;
        limit = extra->size;
        offset = 0;
        continue;
      }
      default:
        return std::nullopt;
    }
    offset += head.size;
  }
}

bool valid_pstate(uint64_t pstate) { return (pstate & (kModeBits | kInterruptMasks)) == 0; }

/// restore_altstack(): takes the stack over when it is acceptable; errors are ignored, as the kernel ignores
/// them.
void restore_alternate_stack(TaskSignals& signals, const GuestStack& saved) {
  const auto flags = static_cast<uint32_t>(saved.flags);
  constexpr uint32_t kAutodisarm = 1u << 31;
  const uint32_t mode = flags & ~kAutodisarm;
  if (mode == SS_DISABLE) {
    signals.alternate_stack = GuestStack{.flags = saved.flags};
  } else if ((mode == 0 || mode == SS_ONSTACK) && saved.size >= kMinAlternateStack) {
    signals.alternate_stack =
        GuestStack{.sp = saved.sp, .flags = static_cast<int32_t>(flags & kAutodisarm), .size = saved.size};
  }
}

uint64_t default_restorer(const Task& task) {
  return (task.process.memory.vdso() + vdso().signal_return).value;
}

State& state_of(const Task& task) { return *static_cast<State*>(task.cpu->state()); }

}  // namespace

uint64_t min_signal_stack() { return sizeof(Frame) + sizeof(FrameRecord) + kStackAlignment; }

bool push_signal_frame(Task& task, const SignalDelivery& delivery) {
  State& state = state_of(task);
  const GuestAddr record_address{align_down(delivery.stack_top.value - sizeof(FrameRecord), kStackAlignment)};
  const GuestAddr frame_address{align_down(record_address.value - sizeof(Frame), kStackAlignment)};

  Frame frame{};
  frame.info = delivery.info;
  frame.uc.stack = task.signals.alternate_stack;
  frame.uc.mask = delivery.mask;
  SigContext& context = frame.uc.context;
  context.fault_address = delivery.fault_address;
  std::memcpy(context.x, state.x, sizeof context.x);
  context.sp = state.sp;
  const arm64::ProgramCounter pc = program_counter(state);
  context.pc = pc.address;
  context.pstate = state.nzcv() | state.pstate | uint64_t{pc.branch_type} << kBranchTypeShift;
  write_records(context.records, state, task.signals.fault_syndrome);

  const FrameRecord record{state.x[29], state.x[30]};
  if (!copy_to_guest(untagged(task, frame_address), &frame, sizeof frame) ||
      !copy_to_guest(untagged(task, record_address), &record, sizeof record))
    return false;

  constexpr uint64_t kSaRestorer = 0x04000000;
  const bool has_restorer = (delivery.flags & kSaRestorer) != 0;
  state.x[0] = static_cast<uint64_t>(delivery.signal);
  if ((delivery.flags & SA_SIGINFO) != 0) {
    state.x[1] = frame_address.value + offsetof(Frame, info);
    state.x[2] = frame_address.value + offsetof(Frame, uc);
  }
  state.x[29] = record_address.value;
  state.x[30] = has_restorer ? delivery.restorer : default_restorer(task);
  state.sp = frame_address.value;
  // setup_return(): as if called, and accesses are checked whatever the interrupted code had asked for.
  set_program_counter(state, delivery.handler, arm64::kBranchCall);
  state.pstate &= ~State::kPstateTco;
  state.exclusive_address = arm64::kNoExclusive;
  return true;
}

bool signal_frame_mask(const Task& task, uint64_t& mask) {
  const GuestAddr sp = untagged(task, {state_of(task).sp});
  return sp.value % kStackAlignment == 0 &&
         copy_from_guest(&mask, sp + offsetof(Frame, uc) + offsetof(UContext, mask), sizeof mask);
}

bool pop_signal_frame(Task& task, uint64_t& mask) {
  State& state = state_of(task);
  const GuestAddr uc_address = untagged(task, {state.sp}) + offsetof(Frame, uc);
  UContext uc;
  constexpr size_t kBeforeRecords = offsetof(UContext, context) + offsetof(SigContext, records);
  if (state.sp % kStackAlignment != 0 || !copy_from_guest(&uc, uc_address, kBeforeRecords)) return false;
  if (!valid_pstate(uc.context.pstate)) return false;
  const auto fpsimd = find_fpsimd(uc_address + kBeforeRecords);
  if (!fpsimd) return false;

  mask = uc.mask;
  std::memcpy(state.x, uc.context.x, sizeof state.x);
  state.sp = uc.context.sp;
  const auto pstate = static_cast<uint32_t>(uc.context.pstate);
  set_program_counter(state, uc.context.pc, pstate >> kBranchTypeShift);
  state.set_nzcv(pstate & kNzcv);
  state.pstate = pstate & kTcoDitSsbs;
  std::memcpy(state.v, fpsimd->v, sizeof state.v);
  arm64::write_fpcr(state, fpsimd->fpcr);
  arm64::write_fpsr(state, fpsimd->fpsr);
  // Returning from an exception clears the local monitor (Arm ARM B2.9.4).
  state.exclusive_address = arm64::kNoExclusive;
  restore_alternate_stack(task.signals, uc.stack);
  return true;
}

}  // namespace ferry::linux_user::arm64_abi_detail
