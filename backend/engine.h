#pragma once

#include <csignal>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "ir/guest_arch.h"
#include "ir/support/result.h"

namespace ferry::backend {

class Codegen;
struct EngineOptions;

/// What only the embedder knows of guest memory. All methods are called from guest threads, outside signal
/// handlers.
class CodeAccess {
 public:
  virtual ~CodeAccess() = default;
  /// Whether the guest may execute the page that holds `pc`. Guest pages are never executable on the host.
  virtual bool executable(GuestAddr pc) = 0;
  /// Whether that page is mapped by the guest at all.
  virtual bool mapped(GuestAddr pc) = 0;
  /// Whether the guest guards that page against indirect branches (ir::TranslateLimits::guarded).
  virtual bool guarded(GuestAddr) { return false; }
};

/// Disassembly of host code that lies at `address`, a line per instruction, for dumps.
using HostListing = std::string (*)(std::span<const std::byte> code, uint64_t address);

/// Makes a code generator; called at the first compile, so that a short program never pays for it.
using CodegenFactory = std::unique_ptr<Codegen> (*)(const EngineOptions&);
/// backend/llvm's code generator; there when FERRY_LLVM is built.
std::unique_ptr<Codegen> make_llvm_codegen(const EngineOptions& options);

enum class EngineKind : uint8_t { Interp, Baseline, Llvm, Auto };

/// Every optimization has a switch; the differential tests run with each on and off.
struct EngineOptions {
  EngineKind kind = EngineKind::Auto;
  bool chain = true;              ///< link direct exits
  bool jump_cache = true;         ///< inline lookup of indirect branches
  bool return_stack = true;       ///< host call/ret for guest call/return
  bool optimize = true;           ///< run the tier's IR passes
  bool defer_nan_checks = true;   ///< LLVM: look for NaNs at the end of a chain of operations
  bool region_profile = true;     ///< regions leave out code that never ran (Auto only)
  bool inline_calls = true;       ///< regions take in small functions that they call
  bool half_arithmetic = true;    ///< LLVM: the host's own half precision (AVX512-FP16)
  bool exact_underflow = true;    ///< FPSR.UFC by the unrounded result, once a thread looks at FPSR
  bool host_extensions = true;    ///< the host's instruction sets beyond SSE4.2 and POPCNT
  bool verify = false;            ///< verify IR after translation and after every pass
  uint32_t max_block_insts = 64;  ///< guest instructions in a baseline block; 1 for single stepping
  uint32_t hot_threshold = 4096;  ///< executions of a loop or call edge before LLVM compiles its target
  uint32_t region_insts = 1024;   ///< guest instructions in an LLVM region
  uint64_t code_bytes = 256u << 20;
  std::string dump;           ///< comma-separated stages to print on stderr: ir, opt, llvm, asm
  uint64_t code_address = 0;  ///< where the code cache should lie; 0: the kernel chooses
  bool background = true;     ///< compile with LLVM on a thread of its own (Auto only)
  uint32_t optimize_after_ms =
      100;  ///< with `background`: processor time of the process before LLVM is worth its start
  bool optimize_precise = true;    ///< Auto: LLVM also while faults must be precise (ADR 6)
  bool perf_map = false;           ///< write /tmp/perf-PID.map
  std::string code_directory;      ///< of the persistent code cache; empty: none
  std::string code_configuration;  ///< what code depends on besides this, such as the guest's CPU model
  uint64_t code_directory_bytes = uint64_t{2} << 30;
  CodegenFactory llvm = nullptr;         ///< make_llvm_codegen; without it Auto is Baseline
  CodeAccess* access = nullptr;          ///< without it every readable page is executable
  HostListing list_host_code = nullptr;  ///< for dump=asm
};

enum class StopReason : uint8_t {
  SystemCall,   ///< the state's pc is the instruction after it
  Illegal,      ///< pc: the instruction
  Breakpoint,   ///< pc: the instruction
  Fault,        ///< a host signal at guest instruction pc: signal, code, address
  Interrupted,  ///< request_interrupt() was called; pc: where to go on
};

struct Stop {
  StopReason reason;
  int signal = 0;        ///< Fault: SIGSEGV, SIGBUS...
  int code = 0;          ///< Fault: si_code
  uint64_t address = 0;  ///< Fault: si_addr, with its tag as far as is known
  bool write = false;    ///< Fault: the access was a write, as far as is known
};

/// Names a file by its content, for the persistent code cache.
struct FileIdentity {
  uint64_t low = 0, high = 0;
  bool operator==(const FileIdentity&) const = default;
};

/// Counters for --stats.
struct EngineStats {
  uint64_t stored_blocks = 0, stored_regions = 0, stored_insts = 0;  ///< from the persistent code cache
  uint64_t baseline_blocks = 0, baseline_insts = 0, baseline_ns = 0, baseline_bytes = 0;
  uint64_t llvm_regions = 0, llvm_insts = 0, llvm_ns = 0, llvm_bytes = 0;
  uint64_t dispatches = 0, invalidations = 0, flushes = 0;
  uint64_t faults = 0, tagged_accesses = 0;  ///< tagged: instructions interpreted because of a tagged address
};

/// One guest CPU: its registers and what translated code needs beside them. Belongs to one host thread at a
/// time.
class Cpu {
 public:
  virtual ~Cpu() = default;
  /// The guest's registers as the guest's StateLayout describes them.
  virtual void* state() = 0;
  /// Makes run() return Interrupted at the next safe point, now or when next entered. Async-signal-safe.
  virtual void request_interrupt() = 0;
  /// Forgets predicted returns and cached targets; needed after the state was changed to run something else
  /// in another mode (the engine does it itself when the mode bits differ).
  virtual void forget_predictions() = 0;
};

/// Runs guest code. One per process; all methods are thread-safe unless said otherwise.
class Engine {
 public:
  virtual ~Engine() = default;
  static support::Result<std::unique_ptr<Engine>> create(const ir::GuestArch& arch,
                                                         const EngineOptions& options);

  virtual const EngineOptions& options() const = 0;
  /// A CPU with all registers zero.
  virtual support::Result<std::unique_ptr<Cpu>> create_cpu() = 0;
  /// Runs guest code from the state's pc until something needs the embedder.
  virtual Stop run(Cpu& cpu) = 0;
  /// From an ir::SystemCall, on the thread that runs `cpu`: until step_in() it is as between two runs, so
  /// that the call may block. False: that is not possible here, and the call is to be left to the embedder.
  virtual bool step_out(Cpu& cpu) = 0;
  /// Back to where step_out() was called. False: translated code must be left. Does not return if the code is
  /// gone: then run() does, as if the ir::SystemCall had answered false.
  virtual bool step_in(Cpu& cpu) = 0;
  /// The thread that ran `cpu` died, maybe inside run() (a process that shares our memory was killed): nobody
  /// waits for it any more.
  virtual void abandon(Cpu& cpu) = 0;
  /// Forgets translations of guest code in [first, last). Called after munmap, mprotect and mmap over it.
  virtual void invalidate(GuestAddr first, GuestAddr last) = 0;
  /// A file lies at [first, last), as it does in all processes that map it: code made from it may come from
  /// the persistent code cache, and go there.
  virtual void add_file(GuestAddr first, GuestAddr last, const FileIdentity& file) = 0;
  /// Writes what this process made to the persistent code cache.
  virtual void save_code() = 0;
  /// Returns when no CPU executes what was invalidated before: they look anew for what comes next.
  virtual void synchronize() = 0;
  /// From the embedder's handler for SIGSEGV, SIGBUS, SIGFPE, SIGILL and SIGTRAP: true when the fault came
  /// from guest code run by `cpu` on this thread; `context` is then changed so that run() returns a Fault
  /// stop with every guest register exact. Async-signal-safe.
  virtual bool handle_fault(Cpu& cpu, int signal, const siginfo_t& info, void* context) = 0;
  /// Whether guest registers must be exact at faults also in optimized code: true from when the guest
  /// installs a handler for a synchronous signal, or is traced.
  virtual void set_precise_faults(bool precise) = 0;

  /// Ends the background thread until there is work for one: some system calls want a process that has a
  /// single thread. In a process that borrows its memory (vfork) there is none.
  virtual void end_background() = 0;

  /// Around fork(): no engine lock is held and no compile is under way between prepare and the after_ calls.
  virtual void prepare_fork() = 0;
  virtual void after_fork_parent() = 0;
  /// In the child, whose only thread is the caller.
  virtual void after_fork_child() = 0;

  virtual EngineStats stats() const = 0;
};

}  // namespace ferry::backend
