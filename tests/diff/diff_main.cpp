// Random instruction sequences, drawn from the decoder's table, run under QEMU's user mode and under ferry
// with each engine; registers, flags, memory and signals must agree. An engine may be given with
// optimizations
// (--disable's names) to switch off: llvm:passes+chain.
//   diff_test --ferry PATH --driver PATH [--seed N] [--count N] [--words N] [--rows NAME,...] [--engines a,b]
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>

#include "frontend/arm64/cpu_features.h"
#include "frontend/arm64/dispatch.h"
#include "frontend/arm64/flags.h"
#include "frontend/arm64/translator.h"
#include "frontend/common/disassembler.h"
#include "tests/diff/generate.h"

extern char** environ;

namespace ferry::diff {
namespace {

struct Options {
  std::string ferry, driver, excluded, known;
  std::string qemu = "qemu-aarch64";
  uint64_t seed = 1;
  unsigned count = 2000;
  unsigned words = 4;
  std::set<std::string> rows;
  std::vector<std::string> engines = {"interp", "baseline", "llvm"};  ///< ENGINE[:SWITCHED_OFF[+...]]
};

std::vector<std::string> split(const std::string& list) {
  std::vector<std::string> parts;
  std::stringstream stream(list);
  for (std::string part; std::getline(stream, part, ',');) parts.push_back(part);
  return parts;
}

bool parse(int argc, char** argv, Options& options) {
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string name = argv[i], value = argv[i + 1];
    if (name == "--ferry")
      options.ferry = value;
    else if (name == "--driver")
      options.driver = value;
    else if (name == "--excluded")
      options.excluded = value;
    else if (name == "--known")
      options.known = value;
    else if (name == "--qemu")
      options.qemu = value;
    else if (name == "--seed")
      options.seed = std::stoull(value);
    else if (name == "--count")
      options.count = static_cast<unsigned>(std::stoul(value));
    else if (name == "--words")
      options.words = static_cast<unsigned>(std::stoul(value));
    else if (name == "--engines")
      options.engines = split(value);
    else if (name == "--rows") {
      for (const std::string& row : split(value)) options.rows.insert(row);
    } else
      return false;
  }
  const bool fits = options.words >= 1 && options.words <= kMaxWords;
  return fits && !options.ferry.empty() && !options.driver.empty() && argc % 2 == 1;
}

// First words of the lines of a list file; the rest of a line is the reason.
std::set<std::string> names_in(const std::string& path) {
  std::set<std::string> names;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::string name;
    if (words >> name && name[0] != '#') names.insert(name);
  }
  return names;
}

bool is_implemented(const arm64::Row& row) {
  static constexpr auto kHandled = arm64::handled_rows<arm64::Translator>();
  return kHandled[static_cast<size_t>(row.id)] && arm64::kImplemented.has(row.feature);
}

std::vector<const arm64::Row*> usable_rows(const Options& options) {
  const std::set<std::string> excluded = names_in(options.excluded), known = names_in(options.known);
  std::vector<const arm64::Row*> rows;
  for (const arm64::Row& row : arm64::rows()) {
    if (!options.rows.empty()) {
      if (options.rows.count(row.name) != 0) rows.push_back(&row);
      continue;
    }
    if (excluded.count(row.name) == 0 && known.count(row.name) == 0 && is_implemented(row))
      rows.push_back(&row);
  }
  return rows;
}

// Runs `command` with the cases as standard input; the results come back through a file.
std::vector<DiffResult> run(const std::vector<std::string>& command, const std::string& input, size_t count) {
  char output[] = "/tmp/ferry-diff-XXXXXX";
  const int out = mkstemp(output);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, input.c_str(), O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, out, 1);
  std::vector<char*> argv;
  for (const std::string& word : command) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  pid_t pid = -1;
  const int error = posix_spawnp(&pid, argv[0], &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  int status = 0;
  if (error != 0 || waitpid(pid, &status, 0) < 0 || status != 0) {
    std::fprintf(stderr, "%s %s: %s, wait status %#x\n", argv[0], argv[1],
                 error != 0 ? strerror(error) : "ended", static_cast<unsigned>(status));
  }
  std::vector<DiffResult> results(count);
  const ssize_t got = pread(out, results.data(), count * sizeof(DiffResult), 0);
  results.resize(got < 0 ? 0 : static_cast<size_t>(got) / sizeof(DiffResult));
  close(out);
  unlink(output);
  return results;
}

std::vector<std::string> ferry_command(const Options& options, const std::string& engine) {
  const size_t colon = std::min(engine.find(':'), engine.size());
  std::vector<std::string> command = {options.ferry, "--engine=" + engine.substr(0, colon)};
  if (colon < engine.size()) {
    std::string off = engine.substr(colon + 1);
    std::replace(off.begin(), off.end(), '+', ',');
    command.push_back("--disable=" + off);
  }
  command.push_back(options.driver);
  return command;
}

void report(const char* what, uint64_t before, uint64_t expected, uint64_t got) {
  if (expected != got) {
    std::printf("    %-5s %016" PRIx64 " -> QEMU %016" PRIx64 "  ferry %016" PRIx64 "\n", what, before,
                expected, got);
  }
}

void print_difference(const DiffCase& test, const DiffResult& expected, const DiffResult& got,
                      const std::string& engine, size_t index) {
  std::printf("case %zu, --engine=%s, fpcr %08" PRIx64 " nzcv %08" PRIx64 "\n", index, engine.c_str(),
              test.fpcr, test.in.nzcv);
  for (unsigned i = 0; i < test.word_count; ++i) {
    const auto* bytes = reinterpret_cast<const std::byte*>(&test.words[i]);
    const arm64::Row* row = arm64::decode(test.words[i]);
    std::printf(
        "  %08x  %-40s %s\n", test.words[i],
        frontend::disassemble(frontend::Guest::AArch64, DIFF_CODE_ADDRESS + 4 * i, {bytes, 4}).c_str(),
        row != nullptr ? row->name : "");
  }
  char name[8];
  for (int i = 0; i < 29; ++i) {
    std::snprintf(name, sizeof name, "x%d", i);
    report(name, test.in.x[i], expected.out.x[i], got.out.x[i]);
  }
  report("sp", test.in.sp, expected.out.sp, got.out.sp);
  report("nzcv", test.in.nzcv, expected.out.nzcv, got.out.nzcv);
  report("fpsr", test.in.fpsr, expected.out.fpsr, got.out.fpsr);
  for (int i = 0; i < 64; ++i) {
    std::snprintf(name, sizeof name, "v%d.%c", i / 2, i % 2 == 0 ? 'l' : 'h');
    report(name, test.in.v[i], expected.out.v[i], got.out.v[i]);
  }
  report("mem", 0, expected.memory_hash, got.memory_hash);
  report("sig", 0, expected.signal, got.signal);
  report("at", 0, expected.pc_offset, got.pc_offset);
}

// Flags that the rest of the code sets anew before it reads them need not be exact for a signal
// (docs/adr/0006).
bool flags_are_dead(const DiffCase& test, const DiffResult& result) {
  if (result.signal == 0) return false;
  for (uint32_t i = result.pc_offset / 4 + 1; i < test.word_count; ++i) {
    const arm64::FlagUse use = arm64::flag_use(test.words[i]);
    if (use != arm64::FlagUse::None) return use == arm64::FlagUse::Writes;
  }
  return false;
}

bool agree(const DiffCase& test, DiffResult expected, DiffResult got) {
  if (flags_are_dead(test, expected)) got.out.nzcv = expected.out.nzcv;
  return std::memcmp(&expected, &got, sizeof got) == 0;
}

int compare(const Options& options) {
  const auto rows = usable_rows(options);
  if (rows.empty()) {
    std::fprintf(stderr, "no rows to draw from\n");
    return 2;
  }
  Generator generator(rows, options.seed);
  std::vector<DiffCase> cases;
  for (unsigned i = 0; i < options.count; ++i) cases.push_back(generator.next(options.words));
  char input[] = "/tmp/ferry-diff-in-XXXXXX";
  const int in = mkstemp(input);
  if (write(in, cases.data(), cases.size() * sizeof(DiffCase)) < 0) return 2;
  close(in);
  std::printf("seed %" PRIu64 ": %u cases from %zu rows\n", options.seed, options.count, rows.size());

  const auto expected = run({options.qemu, "-cpu", "max", options.driver}, input, cases.size());
  int failures = expected.size() == cases.size() ? 0 : 1;
  constexpr int kShown = 20;
  for (const std::string& engine : options.engines) {
    const auto got = run(ferry_command(options, engine), input, cases.size());
    if (got.size() != cases.size()) {
      std::printf("--engine=%s stopped after case %zu of %zu\n", engine.c_str(), got.size(), cases.size());
      ++failures;
    }
    std::map<std::string, int> by_row;
    for (size_t i = 0; i < got.size() && i < expected.size(); ++i) {
      if (agree(cases[i], expected[i], got[i])) continue;
      if (failures++ < kShown) print_difference(cases[i], expected[i], got[i], engine, i);
      for (unsigned w = 0; w < cases[i].word_count; ++w) {
        if (const arm64::Row* row = arm64::decode(cases[i].words[w])) ++by_row[row->name];
      }
    }
    for (const auto& [name, times] : by_row)
      std::printf("  in failing cases (%s): %s %d\n", engine.c_str(), name.c_str(), times);
  }
  unlink(input);
  std::printf("%d differences\n", failures);
  return failures == 0 ? 0 : 1;
}

}  // namespace
}  // namespace ferry::diff

int main(int argc, char** argv) {
  ferry::diff::Options options;
  if (!ferry::diff::parse(argc, argv, options)) {
    std::fprintf(stderr,
                 "usage: diff_test --ferry PATH --driver PATH [--excluded FILE] [--known FILE] [--seed N] "
                 "[--count N] [--words N] [--rows A,B] [--engines A,B] [--qemu PATH]\n");
    return 2;
  }
  return ferry::diff::compare(options);
}
