#pragma once

#include <sys/epoll.h>
#include <sys/sem.h>
#include <sys/stat.h>

#include <array>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "ir/memory_tags.h"
#include "ir/support/address.h"
#include "ir/support/result.h"
#include "ir/system_call.h"
#include "linux-user/abi/syscall_table.h"

namespace ferry::linux_user {

struct Task;

/// A signal about to be delivered: what the frame on the guest's stack says. `mask` is the mask that
/// rt_sigreturn puts back.
struct SignalDelivery {
  int signal;
  siginfo_t info;  ///< AArch64's layout is x86-64's
  uint64_t handler;
  uint64_t flags;     ///< the guest's SA_ flags
  uint64_t restorer;  ///< 0: the vDSO's
  uint64_t mask;
  GuestAddr stack_top;  ///< where the frame goes below: the stack pointer, or the end of the alternate stack
  uint64_t fault_address = 0;
};

/// The image that the kernel maps into each process, with code of its own for the program to call.
struct Vdso {
  std::span<const std::byte> image;  ///< an ELF library for any address
  uint64_t signal_return;            ///< offset of where handlers without SA_RESTORER return to
};

/// What ferry must know of a guest's Linux: one object per guest architecture. `state` is always the CPU
/// state (Cpu::state()).
class Abi {
 public:
  virtual ~Abi() = default;

  // Identity.
  virtual std::string_view machine() const = 0;   ///< uname -m, also the name for frontend::find_guest
  virtual std::string_view platform() const = 0;  ///< AT_PLATFORM
  virtual uint16_t elf_machine() const = 0;
  virtual uint8_t elf_class() const = 0;  ///< ELFCLASS64...
  virtual uint8_t elf_data() const = 0;   ///< ELFDATA2LSB...
  virtual uint64_t hwcap() const = 0;
  virtual uint64_t hwcap2() const = 0;
  virtual uint64_t min_signal_stack() const = 0;     ///< AT_MINSIGSTKSZ
  virtual uint64_t min_alternate_stack() const = 0;  ///< MINSIGSTKSZ: what sigaltstack(2) accepts
  virtual std::string_view cpuinfo_entry()
      const = 0;  ///< the part of /proc/cpuinfo that follows "processor : N"

  // System calls.
  virtual std::span<const SyscallRow> syscalls() const = 0;  ///< sorted by number
  virtual const SyscallRow* find_syscall(uint64_t number) const = 0;
  virtual uint64_t syscall_number(const void* state) const = 0;
  virtual SyscallArgs syscall_args(const void* state) const = 0;
  /// Stores a result (a value or -errno) as the guest's kernel returns it.
  virtual void set_syscall_result(void* state, int64_t value) const = 0;
  /// Moves the pc from after the system-call instruction back onto it. The argument registers are still those
  /// of the call as long as no result was stored.
  virtual void rewind_syscall(void* state) const = 0;

  /// prctl(2) options about the guest's processor (pointer authentication keys, tagged addresses...).
  /// Nothing: `option` is not one of them.
  virtual std::optional<SysResult> processor_prctl(Task& task, int option,
                                                   const std::array<uint64_t, 4>& args) const = 0;

  // Structures and flags that differ from the host's.
  virtual int host_open_flags(int guest) const = 0;
  virtual int guest_open_flags(int host) const = 0;
  [[nodiscard]] virtual bool write_stat(GuestAddr to, const struct stat& status) const = 0;
  [[nodiscard]] virtual bool read_epoll_event(GuestAddr from, epoll_event& event) const = 0;
  [[nodiscard]] virtual bool write_epoll_events(GuestAddr to, std::span<const epoll_event> events) const = 0;
  [[nodiscard]] virtual bool read_semid(GuestAddr from, semid_ds& info) const = 0;
  [[nodiscard]] virtual bool write_semid(GuestAddr to, const semid_ds& info) const = 0;

  // Registers.
  virtual uint64_t instruction_alignment() const = 0;  ///< a pc that is not a multiple of it is a fault
  virtual GuestAddr pc(const void* state) const = 0;
  virtual void set_pc(void* state, GuestAddr pc) const = 0;
  virtual GuestAddr sp(const void* state) const = 0;
  virtual void set_sp(void* state, GuestAddr sp) const = 0;
  virtual void set_tls(void* state, uint64_t value) const = 0;
  /// The registers of a new program: all zero but these. `tags`: the process's, see make_memory_tags();
  /// `direct`: null if translated code makes no system calls.
  virtual void start(void* state, GuestAddr entry, GuestAddr sp, ir::MemoryTags* tags,
                     ir::SystemCall direct) const = 0;

  /// The tags of a process's memory; null if the guest's CPU has none. `on_asynchronous_mismatch` is called
  /// on a guest's thread when it owes its program a SIGSEGV with SEGV_MTEAERR.
  virtual std::unique_ptr<ir::MemoryTags> make_memory_tags(void (*on_asynchronous_mismatch)()) const = 0;

  /// The process has guarded pages (AddressSpace::has_guarded_pages): branches are checked from now on.
  virtual void guard_branches(void* state) const = 0;

  // Signals.
  virtual Vdso vdso() const = 0;
  /// Builds the frame and sets the registers for the handler. False: the stack cannot be written.
  [[nodiscard]] virtual bool push_signal_frame(Task& task, const SignalDelivery& delivery) const = 0;
  /// The mask in the frame at the stack pointer. False: it is not readable.
  [[nodiscard]] virtual bool signal_frame_mask(const Task& task, uint64_t& mask) const = 0;
  /// rt_sigreturn: restores registers from the frame at the stack pointer; `mask` is the signal mask to put
  /// back. False: the frame is not readable or not valid.
  [[nodiscard]] virtual bool pop_signal_frame(Task& task, uint64_t& mask) const = 0;
};

/// AArch64 Linux on a CPU with all that ferry implements.
const Abi& arm64_abi();
/// The same on the CPU that `--cpu` names.
support::Result<std::unique_ptr<const Abi>> make_arm64_abi(std::string_view cpu);

}  // namespace ferry::linux_user
