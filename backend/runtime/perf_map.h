#pragma once

#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <memory>
#include <span>
#include <string>

#include "backend/codegen.h"

namespace ferry::backend {

/// /tmp/perf-PID.map, by which perf names translated code (linux/tools/perf/Documentation/jit-interface.txt).
class PerfMap {
 public:
  explicit PerfMap(bool wanted) {
    if (wanted) file_.reset(std::fopen(("/tmp/perf-" + std::to_string(getpid()) + ".map").c_str(), "we"));
  }

  void add(const CodeImage& image, std::span<const std::byte> code) {
    if (!file_) return;
    std::fprintf(file_.get(), "%llx %zx %s_0x%llx\n",
                 static_cast<unsigned long long>(reinterpret_cast<uintptr_t>(code.data())), code.size(),
                 image.tier == Tier::Llvm ? "region" : "block",
                 static_cast<unsigned long long>(image.key.pc.value));
    std::fflush(file_.get());
  }

 private:
  struct Close {
    void operator()(FILE* file) const { std::fclose(file); }
  };
  std::unique_ptr<FILE, Close> file_;
};

}  // namespace ferry::backend
