#include "linux-user/cache.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "backend/code_files.h"
#include "linux-user/abi/abi.h"

namespace ferry::linux_user {

namespace {

using backend::CodeFile;
using backend::CodeFileContent;
using backend::EngineOptions;

constexpr const char* kUsage = "wants one of stats, clear, verify [--repair], then options";

int fail(const std::string& message) {
  std::fprintf(stderr, "ferry: cache: %s\n", message.c_str());
  return 1;
}

unsigned long long number(uint64_t value) { return value; }

std::string code_directory(const std::string& wanted) {
  if (!wanted.empty()) return wanted;
  const char* cache = ::getenv("XDG_CACHE_HOME");
  if (cache && *cache == '/') return std::string(cache) + "/ferry";
  const char* home = ::getenv("HOME");
  return home && *home == '/' ? std::string(home) + "/.cache/ferry" : std::string();
}

int stats(const EngineOptions& options) {
  struct Sum {
    uint64_t files = 0, bytes = 0, blocks = 0, regions = 0;
    void print(const char* name) const {
      std::printf("%-18s %llu files, %llu bytes, %llu blocks, %llu regions\n", name, number(files),
                  number(bytes), number(blocks), number(regions));
    }
  } all, others;
  const auto add = [&](const CodeFile& file) {
    const CodeFileContent content = file.read();
    for (Sum* sum : {&all, &others}) {
      if (sum == &others && file.current()) continue;
      ++sum->files;
      sum->bytes += content.bytes;
      sum->blocks += content.blocks;
      sum->regions += content.regions;
    }
    return false;
  };
  if (const auto error = backend::remove_code_files(options, add)) return fail(error->message);
  std::printf("directory:         %s\n", options.code_directory.c_str());
  all.print("all:");
  others.print("of other ferries:");
  return 0;
}

int clear(const EngineOptions& options) {
  uint64_t files = 0;
  const auto error = backend::remove_code_files(options, [&](const CodeFile&) { return ++files != 0; });
  if (error) return fail(error->message);
  std::printf("%llu files removed\n", number(files));
  return 0;
}

int verify(const EngineOptions& options, bool repair) {
  uint64_t files = 0, damaged = 0;
  const auto check = [&](const CodeFile& file) {
    ++files;
    const std::string damage = file.read().damage;
    if (damage.empty()) return false;
    ++damaged;
    std::printf("%s/%s: %s%s\n", options.code_directory.c_str(), file.name().c_str(), damage.c_str(),
                repair ? "; removed" : "");
    return repair;
  };
  if (const auto error = backend::remove_code_files(options, check)) return fail(error->message);
  std::printf("%llu of %llu files are damaged\n", number(damaged), number(files));
  return damaged == 0 || repair ? 0 : 1;
}

/// Takes `word` out of the words, if it is there.
bool take(std::vector<char*>& words, std::string_view word) { return std::erase(words, word) != 0; }

}  // namespace

EngineOptions cached_engine_options(const Options& options) {
  EngineOptions engine = options.engine;
  engine.code_directory = code_directory(engine.code_directory);
  engine.code_configuration = std::string(arm64_abi().machine()) + "," + options.cpu;
  return engine;
}

int cache_command(std::span<char* const> words, std::span<char* const> environment) {
  std::vector<char*> line(words.begin(), words.end());
  const bool repair = take(line, "--repair");
  if (line.size() < 2) return fail(kUsage);
  // The rest is read as for a program, whose place the verb takes.
  std::rotate(line.begin() + 1, line.begin() + 2, line.end());
  const auto options = parse_options(line, environment);
  if (!options) return fail(options.error().message);
  const std::string_view verb = options->program;
  if (!options->arguments.empty() || (repair && verb != "verify")) return fail(kUsage);
  const EngineOptions engine = cached_engine_options(*options);
  if (engine.code_directory.empty()) return fail("does not know where: there is no HOME; see --cache-dir");
  if (verb == "stats") return stats(engine);
  if (verb == "clear") return clear(engine);
  if (verb == "verify") return verify(engine, repair);
  return fail(kUsage);
}

}  // namespace ferry::linux_user
