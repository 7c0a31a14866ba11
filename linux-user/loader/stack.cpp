#include "linux-user/loader/stack.h"

#include <elf.h>

#include <cstring>

#include "ir/support/bits.h"

namespace ferry::linux_user {

namespace {

constexpr uint64_t kTailAuxv = 4;  // AT_RANDOM AT_EXECFN AT_PLATFORM AT_NULL

uint64_t strings_bytes(std::span<const std::string> strings) {
  uint64_t bytes = 0;
  for (const std::string& text : strings) bytes += text.size() + 1;
  return bytes;
}

/// Writes into `out`, addressed as guest memory.
class Writer {
 public:
  Writer(std::span<std::byte> out, GuestAddr top) : out_(out), base_{top.value - out.size()} {}

  void put(GuestAddr at, const void* data, size_t size) {
    std::memcpy(out_.data() + (at - base_), data, size);
  }

  /// Puts strings one after the other; answers the end.
  GuestAddr put_strings(GuestAddr at, std::span<const std::string> strings) {
    for (const std::string& text : strings) {
      put(at, text.c_str(), text.size() + 1);
      at = at + (text.size() + 1);
    }
    return at;
  }

 private:
  std::span<std::byte> out_;
  GuestAddr base_;
};

/// The addresses of strings that lie one after the other from `at` on, with a null at the end.
void append_pointers(std::vector<uint64_t>& words, GuestAddr at, std::span<const std::string> strings) {
  for (const std::string& text : strings) {
    words.push_back(at.value);
    at = at + (text.size() + 1);
  }
  words.push_back(0);
}

}  // namespace

uint64_t stack_bytes(const StackContents& c) {
  const uint64_t strings = strings_bytes(c.argv) + strings_bytes(c.environment) + c.exec_path.size() + 1 +
                           c.platform.size() + 1 + 16;
  const uint64_t words = 1 + c.argv.size() + 1 + c.environment.size() + 1 + 2 * (c.auxv.size() + kTailAuxv);
  return support::align_up(strings + words * 8 + 64, 16);
}

bool build_stack(const StackContents& c, std::span<const std::byte, 16> random, GuestAddr top,
                 std::vector<std::byte>& out, StackLayout& layout) {
  if (stack_bytes(c) > out.size()) return false;
  Writer writer(out, top);
  const GuestAddr exec_path{top.value - 8 - (c.exec_path.size() + 1)};
  layout.environment_last = exec_path;
  layout.environment_first = {exec_path.value - strings_bytes(c.environment)};
  layout.argv_last = layout.environment_first;
  layout.argv_first = {layout.argv_last.value - strings_bytes(c.argv)};
  const GuestAddr platform{layout.argv_first.value - (c.platform.size() + 1)};
  const GuestAddr random_bytes{platform.value - random.size()};
  writer.put(exec_path, c.exec_path.c_str(), c.exec_path.size() + 1);
  writer.put_strings(layout.environment_first, c.environment);
  writer.put_strings(layout.argv_first, c.argv);
  writer.put(platform, c.platform.c_str(), c.platform.size() + 1);
  writer.put(random_bytes, random.data(), random.size());

  for (const auto& [type, value] : c.auxv) layout.auxv.insert(layout.auxv.end(), {type, value});
  layout.auxv.insert(layout.auxv.end(), {AT_RANDOM, random_bytes.value, AT_EXECFN, exec_path.value,
                                         AT_PLATFORM, platform.value, AT_NULL, 0});

  std::vector<uint64_t> words{c.argv.size()};
  append_pointers(words, layout.argv_first, c.argv);
  append_pointers(words, layout.environment_first, c.environment);
  words.insert(words.end(), layout.auxv.begin(), layout.auxv.end());
  layout.sp = {support::align_down(random_bytes.value - words.size() * 8, 16)};
  writer.put(layout.sp, words.data(), words.size() * 8);
  return true;
}

}  // namespace ferry::linux_user
