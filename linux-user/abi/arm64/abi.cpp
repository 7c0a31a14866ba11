#include "linux-user/abi/abi.h"

#include <elf.h>
#include <fcntl.h>

#include <array>
#include <cstdio>
#include <cstring>
#include <utility>
#include <vector>

#include "frontend/arm64/branch_type.h"
#include "frontend/arm64/cpu_features.h"
#include "frontend/arm64/memory_tags.h"
#include "frontend/arm64/state.h"
#include "linux-user/abi/arm64/open_flags.h"
#include "linux-user/abi/arm64/processor_prctl.h"
#include "linux-user/abi/arm64/signal_frame.h"
#include "linux-user/abi/arm64/structs.h"
#include "linux-user/abi/arm64/syscalls.h"
#include "linux-user/abi/arm64/vdso.h"
#include "linux-user/guest_task.h"

namespace ferry::linux_user {

namespace {

using State = ferry::arm64::State;

State& state_of(void* state) { return *static_cast<State*>(state); }
const State& state_of(const void* state) { return *static_cast<const State*>(state); }

/// AT_HWCAP's bits by name, as /proc/cpuinfo lists them (arch/arm64/kernel/cpuinfo.c: hwcap_str).
constexpr const char* kHwcapNames[] = {
    "fp",      "asimd", "evtstrm", "aes",   "pmull",    "sha1",   "sha2", "crc32",
    "atomics", "fphp",  "asimdhp", "cpuid", "asimdrdm", "jscvt",  "fcma", "lrcpc",
    "dcpop",   "sha3",  "sm3",     "sm4",   "asimddp",  "sha512", "sve",  "asimdfhm",
    "dit",     "uscat", "ilrcpc",  "flagm", "ssbs",     "sb",     "paca", "pacg"};
constexpr const char* kHwcap2Names[] = {"dcpodp",  "sve2",   "sveaes", "svepmull", "svebitperm", "svesha3",
                                        "svesm4",  "flagm2", "frint",  "svei8mm",  "svef32mm",   "svef64mm",
                                        "svebf16", "i8mm",   "bf16",   "dgh",      "rng",        "bti",
                                        "mte",     "ecv",    "afp",    "rpres",    "mte3"};

template <size_t N>
void append_caps(std::string& text, uint64_t caps, const char* const (&names)[N]) {
  for (size_t bit = 0; bit < N; ++bit) {
    if (caps >> bit & 1) text.append(" ").append(names[bit]);
  }
}

std::string make_cpuinfo_entry(const ferry::arm64::Cpu& cpu) {
  std::string text = "BogoMIPS\t: 100.00\nFeatures\t:";
  append_caps(text, cpu.hwcap(1), kHwcapNames);
  append_caps(text, cpu.hwcap(2), kHwcap2Names);
  const auto midr = static_cast<unsigned>(cpu.midr());
  std::array<char, 160> parts;
  const int length = std::snprintf(parts.data(), parts.size(),
                                   "\nCPU implementer\t: 0x%02x\nCPU architecture: 8\nCPU variant\t: 0x%x\n"
                                   "CPU part\t: 0x%03x\nCPU revision\t: %u\n",
                                   midr >> 24, midr >> 20 & 0xf, midr >> 4 & 0xfff, midr & 0xf);
  return text.append(parts.data(), static_cast<size_t>(length));
}

struct OpenFlag {
  uint32_t guest;
  uint32_t host;
};
constexpr OpenFlag kOpenFlags[] = {{arm64::kDirectory, O_DIRECTORY},
                                   {arm64::kNofollow, O_NOFOLLOW},
                                   {arm64::kDirect, O_DIRECT},
                                   {arm64::kLargefile, 0100000}};

class Arm64Abi final : public Abi {
 public:
  explicit Arm64Abi(ferry::arm64::Cpu cpu = {})
      : cpu_(std::move(cpu)), cpuinfo_entry_(make_cpuinfo_entry(cpu_)) {}

  std::string_view machine() const override { return "aarch64"; }
  std::string_view platform() const override { return "aarch64"; }
  uint16_t elf_machine() const override { return EM_AARCH64; }
  uint8_t elf_class() const override { return ELFCLASS64; }
  uint8_t elf_data() const override { return ELFDATA2LSB; }
  uint64_t hwcap() const override { return cpu_.hwcap(1); }
  uint64_t hwcap2() const override { return cpu_.hwcap(2); }
  uint64_t min_signal_stack() const override { return arm64_abi_detail::min_signal_stack(); }
  uint64_t min_alternate_stack() const override { return arm64_abi_detail::kMinAlternateStack; }
  std::string_view cpuinfo_entry() const override { return cpuinfo_entry_; }

  std::span<const SyscallRow> syscalls() const override { return arm64_syscalls(); }
  const SyscallRow* find_syscall(uint64_t number) const override { return find_arm64_syscall(number); }
  uint64_t syscall_number(const void* state) const override { return state_of(state).x[8] & 0xffffffff; }
  SyscallArgs syscall_args(const void* state) const override {
    SyscallArgs args;
    std::memcpy(args.data(), state_of(state).x, sizeof args);
    return args;
  }
  void set_syscall_result(void* state, int64_t value) const override {
    state_of(state).x[0] = static_cast<uint64_t>(value);
  }
  void rewind_syscall(void* state) const override { state_of(state).pc -= 4; }

  std::optional<SysResult> processor_prctl(Task& task, int option,
                                           const std::array<uint64_t, 4>& args) const override {
    return arm64_abi_detail::processor_prctl(cpu_, task, option, args);
  }

  int host_open_flags(int guest) const override { return convert<&OpenFlag::guest, &OpenFlag::host>(guest); }
  int guest_open_flags(int host) const override { return convert<&OpenFlag::host, &OpenFlag::guest>(host); }
  bool write_stat(GuestAddr to, const struct stat& status) const override;
  bool read_epoll_event(GuestAddr from, epoll_event& event) const override;
  bool write_epoll_events(GuestAddr to, std::span<const epoll_event> events) const override;
  bool read_semid(GuestAddr from, semid_ds& info) const override;
  bool write_semid(GuestAddr to, const semid_ds& info) const override;

  uint64_t instruction_alignment() const override { return 4; }
  GuestAddr pc(const void* state) const override { return {program_counter(state_of(state)).address}; }
  void set_pc(void* state, GuestAddr pc) const override { state_of(state).pc = pc.value; }
  GuestAddr sp(const void* state) const override { return {state_of(state).sp}; }
  void set_sp(void* state, GuestAddr sp) const override { state_of(state).sp = sp.value; }
  void set_tls(void* state, uint64_t value) const override { state_of(state).tpidr_el0 = value; }
  void start(void* state, GuestAddr entry, GuestAddr sp, ir::MemoryTags* tags,
             ir::SystemCall direct) const override {
    State& s = state_of(state);
    s = State{};
    s.pc = entry.value;
    s.sp = sp.value;
    s.exclusive_address = ferry::arm64::kNoExclusive;
    s.system_call = direct;
    s.tags.memory = static_cast<ferry::arm64::MemoryTags*>(tags);
    arm64_abi_detail::start_pointer_keys(s);
  }
  std::unique_ptr<ir::MemoryTags> make_memory_tags(void (*on_asynchronous_mismatch)()) const override {
    if (!cpu_.has(ferry::arm64::Feature::MTE)) return nullptr;
    return std::make_unique<ferry::arm64::MemoryTags>(on_asynchronous_mismatch);
  }

  void guard_branches(void* state) const override {
    if (cpu_.has(ferry::arm64::Feature::BTI)) state_of(state).guards_branches = 1;
  }

  Vdso vdso() const override { return arm64_abi_detail::vdso(); }
  bool push_signal_frame(Task& task, const SignalDelivery& delivery) const override {
    return arm64_abi_detail::push_signal_frame(task, delivery);
  }
  bool signal_frame_mask(const Task& task, uint64_t& mask) const override {
    return arm64_abi_detail::signal_frame_mask(task, mask);
  }
  bool pop_signal_frame(Task& task, uint64_t& mask) const override {
    return arm64_abi_detail::pop_signal_frame(task, mask);
  }

 private:
  template <uint32_t OpenFlag::* From, uint32_t OpenFlag::* To>
  static int convert(int flags) {
    uint32_t out = static_cast<uint32_t>(flags);
    for (const OpenFlag& flag : kOpenFlags) out &= ~(flag.*From);
    for (const OpenFlag& flag : kOpenFlags) {
      if (static_cast<uint32_t>(flags) & flag.*From) out |= flag.*To;
    }
    return static_cast<int>(out);
  }

  const ferry::arm64::Cpu cpu_;
  const std::string cpuinfo_entry_;
};

bool Arm64Abi::write_stat(GuestAddr to, const struct stat& s) const {
  arm64::Stat out{};
  out.dev = s.st_dev;
  out.ino = s.st_ino;
  out.mode = s.st_mode;
  out.nlink = static_cast<uint32_t>(s.st_nlink);
  out.uid = s.st_uid;
  out.gid = s.st_gid;
  out.rdev = s.st_rdev;
  out.size = s.st_size;
  out.blksize = static_cast<int32_t>(s.st_blksize);
  out.blocks = s.st_blocks;
  out.atime = s.st_atim.tv_sec;
  out.atime_nsec = static_cast<uint64_t>(s.st_atim.tv_nsec);
  out.mtime = s.st_mtim.tv_sec;
  out.mtime_nsec = static_cast<uint64_t>(s.st_mtim.tv_nsec);
  out.ctime = s.st_ctim.tv_sec;
  out.ctime_nsec = static_cast<uint64_t>(s.st_ctim.tv_nsec);
  return copy_to_guest(to, &out, sizeof out);
}

bool Arm64Abi::read_epoll_event(GuestAddr from, epoll_event& event) const {
  arm64::EpollEvent in;
  if (!copy_from_guest(&in, from, sizeof in)) return false;
  event.events = in.events;
  event.data.u64 = in.data;
  return true;
}

bool Arm64Abi::write_epoll_events(GuestAddr to, std::span<const epoll_event> events) const {
  std::vector<arm64::EpollEvent> out(events.size());
  for (size_t i = 0; i < events.size(); ++i) out[i] = {events[i].events, 0, events[i].data.u64};
  return copy_to_guest(to, out.data(), out.size() * sizeof(arm64::EpollEvent));
}

bool Arm64Abi::read_semid(GuestAddr from, semid_ds& info) const {
  arm64::SemidDs in;
  if (!copy_from_guest(&in, from, sizeof in)) return false;
  info = {};
  static_assert(sizeof info.sem_perm == sizeof in.perm);
  std::memcpy(&info.sem_perm, in.perm, sizeof in.perm);
  return true;
}

bool Arm64Abi::write_semid(GuestAddr to, const semid_ds& info) const {
  arm64::SemidDs out{};
  std::memcpy(out.perm, &info.sem_perm, sizeof out.perm);
  out.otime = info.sem_otime;
  out.ctime = info.sem_ctime;
  out.nsems = info.sem_nsems;
  return copy_to_guest(to, &out, sizeof out);
}

}  // namespace

const Abi& arm64_abi() {
  static const Arm64Abi abi;
  return abi;
}

support::Result<std::unique_ptr<const Abi>> make_arm64_abi(std::string_view cpu) {
  auto parsed = ferry::arm64::Cpu::parse(cpu);
  if (!parsed) return support::Error{parsed.error()};
  return std::unique_ptr<const Abi>(std::make_unique<const Arm64Abi>(std::move(*parsed)));
}

}  // namespace ferry::linux_user
