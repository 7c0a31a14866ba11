// block_writer IMAGE SEED: changes random 4 KiB blocks of an image until it is killed. A block holds the
// number of the change that wrote it, again and again. What is on the disk is told on standard output: "w
// BLOCK NUMBER" before each change (0: zeroes), "f" after each flush.
#include <cstdio>
#include <cstdlib>
#include <random>
#include <vector>

#include "system/block/open.h"

using namespace ferry::system;

namespace {

constexpr uint64_t kBlock = 4096;

int fail(const Error& error) {
  std::fprintf(stderr, "block_writer: %s\n", error.message.c_str());
  return 1;
}

}  // namespace

int main(int count, char** words) {
  if (count != 3) return fail({"usage: block_writer IMAGE SEED"});
  const auto disk = open_image(words[1], {Format::Qcow2, Access::Write, Locking::Image});
  if (!disk) return fail(disk.error());
  std::mt19937_64 random(std::strtoull(words[2], nullptr, 10));
  const uint64_t blocks = (*disk)->size() / kBlock;
  for (uint64_t number = 1;; ++number) {
    const uint64_t block = random() % blocks;
    const auto action = random() % 16;
    const uint64_t value = action == 0 ? 0 : number;
    std::printf("w %llu %llu\n", static_cast<unsigned long long>(block),
                static_cast<unsigned long long>(value));
    std::fflush(stdout);
    const std::vector<uint64_t> content(kBlock / sizeof value, value);
    Status failed = value == 0 ? (*disk)->write_zeroes(block * kBlock, kBlock)
                               : (*disk)->write(block * kBlock, std::as_bytes(std::span(content)));
    if (failed) return fail(*failed);
    if (action != 1) continue;
    failed = (*disk)->flush();
    if (failed) return fail(*failed);
    std::puts("f");
    std::fflush(stdout);
  }
}
