// What the unusual link of cmake/static_executable.cmake must leave intact, in an executable that is linked
// by it. (LLVM itself in that image is tested by every test that runs ferry's optimizer.)

#include <gtest/gtest.h>
#include <llvm/ADT/StringMap.h>
#include <llvm/Support/CommandLine.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "backend/llvm/start.h"
#include "ir/support/host_range.h"

namespace {

using namespace ferry;

// Brings the code generator, and with it many initializers, into the executable.
extern "C" void LLVMInitializeX86Target();

// Where the linker put the file's first byte.
extern "C" const char __ehdr_start;

// LLVM's registry of command-line options before anything of this test has run.
const size_t llvm_options_at_start = llvm::cl::getRegisteredOptions().size();

struct Mapping {
  uint64_t begin;
  uint64_t end;
  std::string line;
};

std::vector<Mapping> mappings() {
  std::vector<Mapping> result;
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    Mapping mapping{0, 0, line};
    char* rest = nullptr;
    mapping.begin = std::strtoull(line.c_str(), &rest, 16);
    mapping.end = std::strtoull(rest + 1, nullptr, 16);
    result.push_back(mapping);
  }
  return result;
}

TEST(Image, LiesWhereTheHeaderSays) {
  EXPECT_EQ(reinterpret_cast<uint64_t>(&__ehdr_start), support::kHostRangeBegin);
}

TEST(Image, HeapIsBehindTheImageAndBelowTheFreePart) {
  const auto heap = reinterpret_cast<uint64_t>(sbrk(0));
  EXPECT_GT(heap, support::kHostRangeBegin);
  EXPECT_LT(heap, support::kHostRangeFree);
}

TEST(Image, LeavesTheAddressesBelowItToTheGuest) {
  for (const Mapping& mapping : mappings()) {
    EXPECT_GE(mapping.begin, support::kHostRangeBegin) << mapping.line;
  }
}

TEST(Image, FreePartOfTheRangeIsFree) {
  for (const Mapping& mapping : mappings()) {
    EXPECT_TRUE(mapping.end <= support::kHostRangeFree || mapping.begin >= support::kHostRangeEnd)
        << mapping.line;
  }
}

int throw_from_depth(int depth) {
  const std::string needs_cleanup(static_cast<size_t>(depth) + 32, 'x');
  if (depth == 0) throw std::runtime_error(needs_cleanup);
  return throw_from_depth(depth - 1) + static_cast<int>(needs_cleanup.size());
}

TEST(Image, ExceptionsUnwind) { EXPECT_THROW(throw_from_depth(20), std::runtime_error); }

struct CountsDestructions {
  int* counter;
  ~CountsDestructions() { ++*counter; }
};

TEST(Image, ThreadLocalObjectsOfAThreadAreDestroyed) {
  int destroyed = 0;
  std::thread([&] { thread_local const CountsDestructions object{&destroyed}; }).join();
  EXPECT_EQ(destroyed, 1);
}

TEST(Image, ForkReturnsTwice) {
  const pid_t child = fork();
  if (child == 0) _exit(17);
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 17);
}

TEST(Image, LlvmInitializersRunWhenAskedFor) {
  const auto before = llvm_options_at_start;
  backend::llvm_tier::start_llvm();
  LLVMInitializeX86Target();
  const size_t once = llvm::cl::getRegisteredOptions().size();
  EXPECT_GT(once, before + 300);
  backend::llvm_tier::start_llvm();
  EXPECT_EQ(llvm::cl::getRegisteredOptions().size(), once);
}

}  // namespace
