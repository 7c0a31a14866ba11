#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "backend/engine.h"

namespace ferry::backend {

/// What a file of the persistent code cache holds.
struct CodeFileContent {
  uint64_t bytes = 0;
  uint64_t blocks = 0, regions = 0;  ///< intact records, of the baseline and of LLVM
  std::string damage;                ///< what is wrong, in words; empty: nothing
};

/// A file of the persistent code cache, as who looks after the cache sees it.
class CodeFile {
 public:
  CodeFile(int directory, std::string name, bool current)
      : directory_(directory), name_(std::move(name)), current_(current) {}

  const std::string& name() const { return name_; }
  /// Whether ferry with the options in question uses it.
  bool current() const { return current_; }
  /// Reads all of it. What a process is writing at the time, or was when it was killed, is no damage.
  CodeFileContent read() const;

 private:
  int directory_;
  std::string name_;
  bool current_;
};

/// Calls `remove(file)` for each file of the persistent code cache that `options` name, by ascending names,
/// and removes those for which it answers true. Processes may use the cache meanwhile. An Error if they
/// would not use this directory, or a file cannot be removed.
std::optional<support::Error> remove_code_files(const EngineOptions& options,
                                                const std::function<bool(const CodeFile&)>& remove);

}  // namespace ferry::backend
