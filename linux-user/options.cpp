#include "linux-user/options.h"

#include <algorithm>
#include <charconv>
#include <climits>
#include <cstdlib>

#include "linux-user/version.h"

namespace ferry::linux_user {

namespace {

using support::Error;
using support::Result;
using Problem = std::string;  // empty: none

// --- values ---

Problem parse_number(std::string_view text, uint64_t& out, uint64_t low, uint64_t high) {
  uint64_t factor = 1;
  std::string_view digits = text;
  if (!digits.empty()) {
    const char suffix = digits.back();
    if (suffix == 'k' || suffix == 'K') factor = uint64_t{1} << 10;
    if (suffix == 'm' || suffix == 'M') factor = uint64_t{1} << 20;
    if (suffix == 'g' || suffix == 'G') factor = uint64_t{1} << 30;
    if (factor != 1) digits.remove_suffix(1);
  }
  const bool hex = digits.starts_with("0x");
  if (hex) digits.remove_prefix(2);
  uint64_t value = 0;
  const auto [end, status] =
      std::from_chars(digits.data(), digits.data() + digits.size(), value, hex ? 16 : 10);
  if (status != std::errc{} || end != digits.data() + digits.size() || value > high / factor ||
      value * factor < low) {
    return "wants a number from " + std::to_string(low) + " to " + std::to_string(high) + ", not '" +
           std::string(text) + "'";
  }
  out = value * factor;
  return {};
}

Problem parse_number(std::string_view text, uint32_t& out, uint32_t low, uint32_t high) {
  uint64_t value = 0;
  Problem problem = parse_number(text, value, low, high);
  if (problem.empty()) out = static_cast<uint32_t>(value);
  return problem;
}

/// Calls fn(word) for each word between commas until one has a problem.
template <typename Fn>
Problem for_each_word(std::string_view list, Fn fn) {
  while (!list.empty()) {
    const size_t comma = std::min(list.find(','), list.size());
    const std::string_view word = list.substr(0, comma);
    list.remove_prefix(std::min(comma + 1, list.size()));
    if (word.empty()) continue;
    if (Problem problem = fn(word); !problem.empty()) return problem;
  }
  return {};
}

constexpr struct {
  std::string_view name;
  backend::EngineKind kind;
} kEngines[] = {
    {"interp", backend::EngineKind::Interp},
    {"baseline", backend::EngineKind::Baseline},
    {"llvm", backend::EngineKind::Llvm},
    {"auto", backend::EngineKind::Auto},
};

constexpr struct {
  std::string_view name;
  bool backend::EngineOptions::* flag;
} kSwitches[] = {
    {"chain", &backend::EngineOptions::chain},
    {"jump-cache", &backend::EngineOptions::jump_cache},
    {"return-stack", &backend::EngineOptions::return_stack},
    {"region-profile", &backend::EngineOptions::region_profile},
    {"inline-calls", &backend::EngineOptions::inline_calls},
    {"deferred-nan-checks", &backend::EngineOptions::defer_nan_checks},
    {"half-arithmetic", &backend::EngineOptions::half_arithmetic},
    {"exact-underflow", &backend::EngineOptions::exact_underflow},
    {"precise-regions", &backend::EngineOptions::optimize_precise},
    {"background", &backend::EngineOptions::background},
    {"host-isa", &backend::EngineOptions::host_extensions},
    {"passes", &backend::EngineOptions::optimize},
};

std::string switch_names() {
  std::string names;
  for (const auto& entry : kSwitches) names += (names.empty() ? "" : ", ") + std::string(entry.name);
  return names;
}

/// Stages of --dump and QEMU's names of its -d for the same things.
constexpr struct {
  std::string_view name;
  std::string_view qemu_name;
} kStages[] = {{"ir", "op"}, {"opt", "op_opt"}, {"llvm", "llvm"}, {"asm", "out_asm"}};

Problem set_sysroot(Options& o, std::string_view value) {
  o.sysroot.clear();
  if (value.empty()) return {};
  char resolved[PATH_MAX];
  const std::string path(value);
  if (!::realpath(path.c_str(), resolved)) return "wants a directory: '" + path + "' is not there";
  o.sysroot = resolved;
  if (o.sysroot == "/") o.sysroot.clear();
  return {};
}

Problem set_env(Options& o, std::string_view value) {
  return for_each_word(value, [&](std::string_view word) -> Problem {
    if (word.find('=') == word.npos || word.front() == '=')
      return "wants NAME=VALUE, not '" + std::string(word) + "'";
    o.environment_changes.emplace_back(word);
    return {};
  });
}

Problem unset_env(Options& o, std::string_view value) {
  return for_each_word(value, [&](std::string_view word) -> Problem {
    if (word.find('=') != word.npos) return "wants a name, not '" + std::string(word) + "'";
    o.environment_changes.emplace_back(word);
    return {};
  });
}

Problem set_argv0(Options& o, std::string_view value) {
  o.argv0 = value;
  o.has_argv0 = true;
  return {};
}

Problem set_cpu(Options& o, std::string_view value) {
  if (value == "help" || value == "?") {
    o.action = Options::Action::Cpus;
  } else {
    o.cpu = value;
  }
  return {};
}

Problem set_engine(Options& o, std::string_view value) {
  for (const auto& engine : kEngines) {
    if (engine.name == value) {
      o.engine.kind = engine.kind;
      return {};
    }
  }
  return "wants interp, baseline, llvm or auto, not '" + std::string(value) + "'";
}

Problem set_dump(Options& o, std::string_view value) {
  return for_each_word(value, [&](std::string_view word) -> Problem {
    if (word == "strace") {
      o.strace = true;
      return {};
    }
    for (const auto& stage : kStages) {
      if (word != stage.name && word != stage.qemu_name) continue;
      if (!o.engine.dump.empty()) o.engine.dump += ',';
      o.engine.dump += stage.name;
      return {};
    }
    return "wants a list of ir, opt, llvm, asm, strace, not '" + std::string(word) + "'";
  });
}

Problem set_disable(Options& o, std::string_view value) {
  return for_each_word(value, [&](std::string_view word) -> Problem {
    for (const auto& entry : kSwitches) {
      if (entry.name != word) continue;
      o.engine.*entry.flag = false;
      return {};
    }
    return "wants a list of " + switch_names() + ", not '" + std::string(word) + "'";
  });
}

Problem check_page_size(Options&, std::string_view value) {
  uint64_t size = 0;
  if (Problem problem = parse_number(value, size, 1, 1 << 16); !problem.empty()) return problem;
  return size == 4096 ? Problem{} : "knows pages of 4096 bytes only, the host's size";
}

// --- the one list ---

/// What an option changes, given its value ("" for one without).
using Apply = Problem (*)(Options&, std::string_view);
/// The value that repeats the option for a child, or "" when it has its default.
using Print = std::string (*)(const Options&);

struct OptionRow {
  std::string_view short_name;  ///< QEMU's spelling, with one dash: "L", "strace"; a value is the next word
  std::string_view long_name;   ///< with two dashes; a value follows "=" or is the next word
  std::string_view value_name;  ///< "": none
  std::string_view ferry_env;
  std::string_view qemu_env;
  std::string_view help;  ///< "": not in --help
  Apply apply;
  Print print;
};

std::string print_number(uint64_t value, uint64_t standard) {
  return value == standard ? "" : std::to_string(value);
}

const backend::EngineOptions kStandard{};

constexpr std::string_view kFlagSet = "1";

const OptionRow kOptions[] = {
    {"L", "sysroot", "DIR", "FERRY_SYSROOT", "QEMU_LD_PREFIX",
     "look up the guest's absolute paths in DIR first", set_sysroot,
     [](const Options& o) { return o.sysroot; }},
    {"E", "env", "NAME=VALUE", "FERRY_SET_ENV", "QEMU_SET_ENV",
     "set a variable of the guest (a list with commas is several)", set_env, nullptr},
    {"U", "unset-env", "NAME", "FERRY_UNSET_ENV", "QEMU_UNSET_ENV", "remove a variable of the guest",
     unset_env, nullptr},
    {"0", "argv0", "NAME", "FERRY_ARGV0", "QEMU_ARGV0", "what the guest sees as argv[0]", set_argv0, nullptr},
    {"cpu", "cpu", "NAME", "FERRY_CPU", "QEMU_CPU",
     "the guest's CPU, MODEL[,FEATURE=on|off]...; 'help' lists them", set_cpu,
     [](const Options& o) { return o.cpu == Options{}.cpu ? std::string() : o.cpu; }},
    {"s", "stack-size", "BYTES", "FERRY_STACK_SIZE", "QEMU_STACK_SIZE", "size of the main thread's stack",
     [](Options& o, std::string_view v) {
       return parse_number(v, o.stack_bytes, uint64_t{64} << 10, uint64_t{64} << 30);
     },
     [](const Options& o) { return print_number(o.stack_bytes, 0); }},
    {"strace", "strace", "", "FERRY_STRACE", "QEMU_STRACE", "print each system call",
     [](Options& o, std::string_view) {
       o.strace = true;
       return Problem{};
     },
     [](const Options& o) { return std::string(o.strace ? kFlagSet : ""); }},
    {"d", "dump", "LIST", "FERRY_DUMP", "QEMU_LOG", "print stages of translation: ir, opt, llvm, asm, strace",
     set_dump, [](const Options& o) { return o.engine.dump; }},
    {"D", "log-file", "FILE", "FERRY_LOG_FILE", "QEMU_LOG_FILENAME",
     "where --strace and --stats print, instead of standard error",
     [](Options& o, std::string_view v) {
       o.log_file = v;
       return Problem{};
     },
     [](const Options& o) { return o.log_file; }},
    {"g", "gdb", "PORT", "", "QEMU_GDB", "reserved for a debugger's connection; not there yet",
     [](Options&, std::string_view) { return Problem{"is not there yet: ferry has no debugger stub"}; },
     nullptr},
    {"p", "page-size", "BYTES", "", "QEMU_PAGESIZE", "the guest's page size; 4096 is the only one",
     check_page_size, nullptr},
    {"", "engine", "NAME", "FERRY_ENGINE", "",
     "interp, baseline, llvm, or auto (baseline, then llvm for hot code)", set_engine,
     [](const Options& o) {
       for (const auto& engine : kEngines) {
         if (engine.kind == o.engine.kind && engine.kind != kStandard.kind) return std::string(engine.name);
       }
       return std::string();
     }},
    {"", "disable", "LIST", "FERRY_DISABLE", "", "switch optimizations off; the manual page lists them",
     set_disable,
     [](const Options& o) {
       std::string list;
       for (const auto& entry : kSwitches) {
         if (!(o.engine.*entry.flag)) list += (list.empty() ? "" : ",") + std::string(entry.name);
       }
       return list;
     }},
    {"", "verify", "", "FERRY_VERIFY", "", "check the intermediate code after every step",
     [](Options& o, std::string_view) {
       o.engine.verify = true;
       return Problem{};
     },
     [](const Options& o) { return std::string(o.engine.verify ? kFlagSet : ""); }},
    {"", "block-insts", "N", "FERRY_BLOCK_INSTS", "", "guest instructions in a block of the baseline at most",
     [](Options& o, std::string_view v) { return parse_number(v, o.engine.max_block_insts, 1, 1024); },
     [](const Options& o) { return print_number(o.engine.max_block_insts, kStandard.max_block_insts); }},
    {"one-insn-per-tb", "single-step", "", "", "", "one guest instruction in a block",
     [](Options& o, std::string_view) {
       o.engine.max_block_insts = 1;
       return Problem{};
     },
     nullptr},
    {"", "hot-threshold", "N", "FERRY_HOT_THRESHOLD", "", "executions of a loop before llvm compiles it",
     [](Options& o, std::string_view v) { return parse_number(v, o.engine.hot_threshold, 1, 1u << 30); },
     [](const Options& o) { return print_number(o.engine.hot_threshold, kStandard.hot_threshold); }},
    {"", "region-insts", "N", "FERRY_REGION_INSTS", "",
     "guest instructions in what llvm compiles at once at most",
     [](Options& o, std::string_view v) { return parse_number(v, o.engine.region_insts, 1, 1u << 16); },
     [](const Options& o) { return print_number(o.engine.region_insts, kStandard.region_insts); }},
    {"", "code-size", "BYTES", "FERRY_CODE_SIZE", "", "room for translated code",
     [](Options& o, std::string_view v) {
       return parse_number(v, o.engine.code_bytes, uint64_t{1} << 20, uint64_t{2} << 30);
     },
     [](const Options& o) { return print_number(o.engine.code_bytes, kStandard.code_bytes); }},
    {"", "no-cache", "", "FERRY_NO_CACHE", "",
     "keep no translated code for other processes; programs lie at random addresses",
     [](Options& o, std::string_view) {
       o.code_cache = false;
       return Problem{};
     },
     [](const Options& o) { return std::string(o.code_cache ? "" : kFlagSet); }},
    {"", "cache-dir", "DIR", "FERRY_CACHE_DIR", "",
     "where translated code is kept; ~/.cache/ferry unless XDG_CACHE_HOME is set",
     [](Options& o, std::string_view v) {
       o.engine.code_directory = v;
       return Problem{};
     },
     [](const Options& o) { return o.engine.code_directory; }},
    {"perfmap", "perf-map", "", "FERRY_PERF_MAP", "",
     "write /tmp/perf-PID.map, by which perf names translated code",
     [](Options& o, std::string_view) {
       o.engine.perf_map = true;
       return Problem{};
     },
     [](const Options& o) { return std::string(o.engine.perf_map ? kFlagSet : ""); }},
    {"", "stats", "", "FERRY_STATS", "", "print counters and times at the end",
     [](Options& o, std::string_view) {
       o.stats = true;
       return Problem{};
     },
     [](const Options& o) { return std::string(o.stats ? kFlagSet : ""); }},
    {"", "syscalls", "", "", "", "print the system calls and how far each is supported",
     [](Options& o, std::string_view) {
       o.action = Options::Action::Syscalls;
       return Problem{};
     },
     nullptr},
    {"version", "version", "", "", "", "print the version",
     [](Options& o, std::string_view) {
       o.action = Options::Action::Version;
       return Problem{};
     },
     nullptr},
    {"h", "help", "", "", "", "print this text",
     [](Options& o, std::string_view) {
       o.action = Options::Action::Help;
       return Problem{};
     },
     nullptr},
    {"help", "", "", "", "", "",
     [](Options& o, std::string_view) {
       o.action = Options::Action::Help;
       return Problem{};
     },
     nullptr},
    {"", "exec-path", "NAME", "", "", "",
     [](Options& o, std::string_view v) {
       o.exec_path = v;
       return Problem{};
     },
     nullptr},
    {"", "exec-fd", "N", "", "", "",
     [](Options& o, std::string_view v) {
       uint32_t fd = 0;
       Problem problem = parse_number(v, fd, 0, 1u << 30);
       if (problem.empty()) o.exec_fd = static_cast<int>(fd);
       return problem;
     },
     nullptr},
    {"", "preserve-argv0", "", "", "", "",
     [](Options& o, std::string_view) {
       o.preserve_argv0 = true;
       return Problem{};
     },
     nullptr},
};

const OptionRow* find_option(std::string_view name, bool is_long) {
  if (name.empty()) return nullptr;
  for (const OptionRow& row : kOptions) {
    if ((is_long ? row.long_name : row.short_name) == name) return &row;
  }
  return nullptr;
}

/// A flag's variable counts unless it is empty or 0.
bool is_off(std::string_view value) { return value.empty() || value == "0"; }

Problem apply_variable(Options& options, const OptionRow& row, std::string_view name,
                       std::string_view value) {
  if (row.value_name.empty() && is_off(value)) return {};
  const Problem problem = row.apply(options, value);
  return problem.empty() ? problem : "the variable " + std::string(name) + " " + problem;
}

/// QEMU's variables first, so that ferry's own win.
Problem apply_environment(Options& options, std::span<char* const> environment) {
  for (const bool own : {false, true}) {
    for (const char* entry : environment) {
      const std::string_view text = entry;
      if (!text.starts_with(own ? "FERRY_" : "QEMU_")) continue;
      const size_t equals = text.find('=');
      if (equals == text.npos) continue;
      for (const OptionRow& row : kOptions) {
        if ((own ? row.ferry_env : row.qemu_env) != text.substr(0, equals)) continue;
        Problem problem = apply_variable(options, row, text.substr(0, equals), text.substr(equals + 1));
        if (!problem.empty()) return problem;
      }
    }
  }
  return {};
}

/// Applies the option at `index`, which is moved past its value.
Problem apply_argument(Options& options, std::span<char* const> arguments, size_t& index) {
  const std::string_view word = arguments[index];
  const bool is_long = word.starts_with("--");
  std::string_view name = word.substr(is_long ? 2 : 1);
  std::string_view value;
  const size_t equals = is_long ? name.find('=') : name.npos;
  const bool has_value = equals != name.npos;
  if (has_value) {
    value = name.substr(equals + 1);
    name = name.substr(0, equals);
  }
  const OptionRow* row = find_option(name, is_long);
  if (!row) return "does not know the option '" + std::string(word) + "'; see ferry --help";
  if (row->value_name.empty() && has_value) return "takes no value with --" + std::string(name);
  if (!row->value_name.empty() && !has_value) {
    if (index + 1 >= arguments.size()) return "wants a value after " + std::string(word);
    value = arguments[++index];
  }
  const Problem problem = row->apply(options, value);
  return problem.empty() ? problem
                         : std::string(is_long ? word.substr(0, name.size() + 2) : word) + " " + problem;
}

void take_program(Options& options, std::span<char* const> words) {
  options.program = words.front();
  for (const char* word : words.subspan(1)) options.arguments.emplace_back(word);
}

}  // namespace

Result<Options> parse_options(std::span<char* const> arguments, std::span<char* const> environment,
                              const StartInfo& start) {
  Options options;
  if (Problem problem = apply_environment(options, environment); !problem.empty()) return Error{problem};
  options.exec_fd = start.exec_fd;
  options.preserve_argv0 = start.preserve_argv0;
  size_t index = 1;
  if (!start.preserve_argv0) {
    for (; index < arguments.size(); ++index) {
      const std::string_view word = arguments[index];
      if (word == "--") {
        ++index;
        break;
      }
      if (word.size() < 2 || word[0] != '-') break;
      if (Problem problem = apply_argument(options, arguments, index); !problem.empty())
        return Error{problem};
      if (options.action != Options::Action::Run) return options;
    }
  }
  if (index >= arguments.size()) return Error{"wants a program to run; see ferry --help"};
  take_program(options, arguments.subspan(index));
  if (options.preserve_argv0 && options.arguments.empty())
    return Error{"wants the program's argv[0] after its path"};
  return options;
}

std::vector<std::string> inherit_arguments(const Options& options) {
  std::vector<std::string> words;
  for (const OptionRow& row : kOptions) {
    if (!row.print) continue;
    const std::string value = row.print(options);
    if (value.empty()) continue;
    std::string word = "--" + std::string(row.long_name);
    if (!row.value_name.empty()) word += "=" + value;
    words.push_back(std::move(word));
  }
  return words;
}

std::vector<std::string> guest_environment(const Options& options, std::span<char* const> environment) {
  std::vector<std::string> result(environment.begin(), environment.end());
  for (const std::string& change : options.environment_changes) {
    const std::string_view name = std::string_view(change).substr(0, change.find('='));
    std::erase_if(result, [&](const std::string& entry) {
      return entry.size() > name.size() && entry.starts_with(name) && entry[name.size()] == '=';
    });
    if (name.size() != change.size()) result.push_back(change);
  }
  return result;
}

std::string help_text() {
  std::string text =
      "Usage: ferry [OPTION]... PROGRAM [ARGUMENT]...\n"
      "       ferry binfmt install|remove|status\n"
      "       ferry cache stats|clear|verify [--repair] [--cache-dir=DIR]\n"
      "Runs PROGRAM, built for AArch64 Linux, on this machine.\n\n";
  for (const OptionRow& row : kOptions) {
    if (row.help.empty()) continue;
    std::string left = "  ";
    if (!row.short_name.empty()) left += "-" + std::string(row.short_name) + ", ";
    left += "--" + std::string(row.long_name);
    if (!row.value_name.empty()) left += "=" + std::string(row.value_name);
    if (left.size() < 32) left.resize(32, ' ');
    text += left + " " + std::string(row.help);
    std::string variables;
    for (const std::string_view name : {row.ferry_env, row.qemu_env}) {
      if (!name.empty()) variables += (variables.empty() ? "" : ", ") + std::string(name);
    }
    if (!variables.empty()) text += "\n" + std::string(33, ' ') + "[" + variables + "]";
    text += "\n";
  }
  text +=
      "\nNames in brackets are environment variables that do the same. Exit status: the program's; 127 if "
      "PROGRAM is not\n"
      "found, 126 if it cannot be executed, 125 if ferry itself fails.\n";
  return text;
}

std::string version_text() { return "ferry " FERRY_VERSION "\n"; }

}  // namespace ferry::linux_user
