#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "ir/support/address.h"

namespace ferry::linux_user {

/// What the kernel puts on a new program's stack (fs/binfmt_elf.c: create_elf_tables).
struct StackContents {
  std::span<const std::string> argv;
  std::span<const std::string> environment;
  std::string exec_path;  ///< AT_EXECFN
  std::string platform;   ///< AT_PLATFORM
  std::vector<std::pair<uint64_t, uint64_t>>
      auxv;  ///< without those that point into the stack, and without AT_NULL
};

/// Where things lie on the built stack.
struct StackLayout {
  GuestAddr sp;
  GuestAddr argv_first, argv_last;  ///< the strings
  GuestAddr environment_first, environment_last;
  std::vector<uint64_t> auxv;  ///< complete, as pairs
};

/// Lays the contents out below `top` in `out`, which stands for the memory [top - out.size(), top). False:
/// they do not fit.
[[nodiscard]] bool build_stack(const StackContents& contents, std::span<const std::byte, 16> random,
                               GuestAddr top, std::vector<std::byte>& out, StackLayout& layout);

/// Bytes that build_stack() needs.
uint64_t stack_bytes(const StackContents& contents);

}  // namespace ferry::linux_user
