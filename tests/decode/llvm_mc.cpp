#include "tests/decode/llvm_mc.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace ferry::decode_test {
namespace {

// llvm's names of features.def's features (and of those that only change what is printed).
constexpr const char* kAttributes =
    "+v8a,+fp-armv8,+neon,+crc,+aes,+sha2,+sha3,+sm4,+lse,+lor,+rdm,+ras,+spe,+fullfp16,+fp16fml,+dotprod,"
    "+complxnum,+jsconv,+fptoint,+pauth,+bti,+sb,+rcpc,+rcpc-immo,+rcpc3,+lse128,+flagm,+altnzcv,+bf16,+i8mm,"
    "+cssc,+hbc,+mops,+mte,+wfxt,+xs,+tracev8.4,+clrbhb,+chk,+ccpp,+ccdp,+predres,+ssbs,+el3";

/// A folder of its own under the temporary one, removed at the end.
class ScratchFolder {
 public:
  ScratchFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "ferry-decode-XXXXXX").string();
    if (mkdtemp(name.data()) != nullptr) path_ = name;
  }
  ~ScratchFolder() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
  }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  std::string file(const char* name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

void write_words(const std::string& path, std::span<const uint32_t> words) {
  std::FILE* file = std::fopen(path.c_str(), "w");
  ASSERT_NE(file, nullptr) << path;
  for (const uint32_t word : words) {
    std::fprintf(file, "0x%02x 0x%02x 0x%02x 0x%02x\n", word & 0xff, word >> 8 & 0xff, word >> 16 & 0xff,
                 word >> 24);
  }
  std::fclose(file);
}

/// The numbers (from 0) of the input lines that llvm-mc refused: "<stdin>:12:1: warning: invalid ...".
std::vector<bool> refused_lines(const std::string& path, std::size_t count) {
  std::vector<bool> refused(count);
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    if (line.find("invalid instruction encoding") == std::string::npos) continue;
    const std::size_t colon = line.find(':');
    const std::size_t number = std::strtoull(line.c_str() + colon + 1, nullptr, 10);
    if (number >= 1 && number <= count) refused[number - 1] = true;
  }
  return refused;
}

}  // namespace

#ifdef FERRY_LLVM_MC
bool have_llvm_mc() { return true; }
constexpr const char* kLlvmMc = FERRY_LLVM_MC;
#else
bool have_llvm_mc() { return false; }
constexpr const char* kLlvmMc = "false";
#endif

std::vector<std::string> llvm_disassemble(std::span<const uint32_t> words) {
  const ScratchFolder scratch;
  write_words(scratch.file("in"), words);
  const std::string command = std::string(kLlvmMc) + " -disassemble -triple=aarch64 -mattr=" + kAttributes +
                              " <" + scratch.file("in") + " >" + scratch.file("out") + " 2>" +
                              scratch.file("err");
  EXPECT_EQ(std::system(command.c_str()), 0) << command;
  const std::vector<bool> refused = refused_lines(scratch.file("err"), words.size());
  std::vector<std::string> result(words.size());
  std::ifstream out(scratch.file("out"));
  std::size_t next = 0;
  for (std::string line; std::getline(out, line);) {
    if (line.empty() || line == "\t.text") continue;
    while (next < words.size() && refused[next]) ++next;
    if (next == words.size()) {
      ADD_FAILURE() << "llvm-mc printed more lines than it accepted words: " << line;
      break;
    }
    std::replace(line.begin(), line.end(), '\t', ' ');
    result[next++] = line.substr(line.find_first_not_of(' '));
  }
  while (next < words.size() && refused[next]) ++next;
  EXPECT_EQ(next, words.size()) << "llvm-mc printed fewer lines than it accepted words";
  return result;
}

}  // namespace ferry::decode_test
