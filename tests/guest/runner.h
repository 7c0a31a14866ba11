#pragma once

#include <memory>
#include <string>
#include <vector>

#include "backend/engine.h"
#include "frontend/arm64/memory_tags.h"
#include "ir/guest_arch.h"
#include "tests/guest/run_abi.h"

namespace ferry::guest_test {

/// Maps the data page, which is tagged, and the code pages at their addresses, for as long as it lives. One
/// at a time.
class GuestMemory {
 public:
  GuestMemory();
  ~GuestMemory();
  GuestMemory(const GuestMemory&) = delete;
  GuestMemory& operator=(const GuestMemory&) = delete;

  /// Puts a run's code and data in place.
  void load(const GuestRun& run);
  /// Takes the data back.
  void save(GuestRun& run) const;
  /// All zero after load().
  arm64::MemoryTags& tags() { return tags_; }

 private:
  arm64::MemoryTags tags_;
};

/// Something that runs guest code from a GuestRun until it stops.
class Runner {
 public:
  virtual ~Runner() = default;
  virtual GuestRun run(const GuestRun& start) = 0;
  /// What went wrong apart from the result (IR that does not verify), or empty.
  virtual std::string complaint() const { return {}; }
};

/// Translates with `limits` and interprets the IR, without an engine.
std::unique_ptr<Runner> make_interp_runner(GuestMemory& memory, const ir::TranslateLimits& limits);

/// Runs on an engine; null and a reason in `error` if it cannot be made.
std::unique_ptr<Runner> make_engine_runner(GuestMemory& memory, const backend::EngineOptions& options,
                                           std::string& error);

/// Runs all of `starts` under QEMU's user mode by the driver program; empty if that fails.
std::vector<GuestRun> run_under_qemu(const std::string& driver, const std::vector<GuestRun>& starts);

}  // namespace ferry::guest_test
