#include "tests/guest/assembler.h"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace ferry::guest_test {
namespace {

std::string read_text(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

/// The bytes that "// encoding: [0x20,0x00,0x02,0x8b]" lists, as a word.
bool parse_encoding(const std::string& line, uint32_t& word) {
  constexpr char kMark[] = "encoding: [";
  std::size_t at = line.find(kMark);
  if (at == std::string::npos) return false;
  at += sizeof(kMark) - 1;
  word = 0;
  for (unsigned shift = 0; shift < 32; shift += 8) {
    word |= static_cast<uint32_t>(std::strtoul(line.c_str() + at, nullptr, 16)) << shift;
    at = line.find(',', at) + 1;
  }
  return true;
}

}  // namespace

std::vector<std::vector<uint32_t>> assemble(const std::vector<std::string>& texts, std::string& error) {
  std::string folder = (std::filesystem::temp_directory_path() / "ferry-guest-XXXXXX").string();
  if (mkdtemp(folder.data()) == nullptr) {
    error = "cannot make a temporary folder";
    return {};
  }
  {
    std::ofstream source(folder + "/in.s");
    for (const std::string& text : texts) source << text << "\nhlt #0xfeed\n";
  }
  const std::string command = std::string(FERRY_LLVM_MC) + " -triple=aarch64 -mattr=+all -show-encoding " +
                              folder + "/in.s >" + folder + "/out 2>" + folder + "/err";
  const bool good = std::system(command.c_str()) == 0;
  error = good ? "" : read_text(folder + "/err");
  std::vector<std::vector<uint32_t>> result;
  std::istringstream out(read_text(folder + "/out"));
  std::vector<uint32_t> words;
  constexpr uint32_t kEndMark = 0xd45fdda0;  // hlt #0xfeed
  // Labels are not for cases: branches are written with their offset ("b #8").
  for (std::string line; good && std::getline(out, line);) {
    uint32_t word;
    if (line.find("fixup") != std::string::npos) {
      error = "needs a relocation: " + line;
      break;
    }
    if (line.find(".inst") != std::string::npos || line.find(".word") != std::string::npos) {
      words.push_back(static_cast<uint32_t>(std::strtoul(line.c_str() + line.find("0x"), nullptr, 16)));
    } else if (parse_encoding(line, word)) {
      if (word != kEndMark) {
        words.push_back(word);
      } else {
        result.push_back(std::move(words));
        words.clear();
      }
    }
  }
  std::error_code ignored;
  std::filesystem::remove_all(folder, ignored);
  return result;
}

}  // namespace ferry::guest_test
