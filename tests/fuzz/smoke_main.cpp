// Runs a fuzz target without libFuzzer:
//   TARGET [--seed N] [--count N]  the seeds, then N random changes of them (the default: what CTest runs)
//   TARGET --write-seeds FOLDER    the seeds as files, for libFuzzer's corpus
//   TARGET FILE...                 these inputs, such as a crash that libFuzzer kept
#include <algorithm>
#include <cctype>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string_view>

#include "tests/fuzz/target.h"

namespace ferry::fuzz {
namespace {

/// The input under way: when the target ends the process, it is what one wants to have.
Input current;

void keep_input(int signal) {
  if (std::FILE* file = std::fopen("fuzz-crash", "wb")) {
    std::fwrite(current.data(), 1, current.size(), file);
    std::fclose(file);
    std::fputs("fuzz: the input is in ./fuzz-crash\n", stderr);
  }
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

void run(const Input& input) {
  current = input;
  // Of its own, exactly as long as the input: what reads past the end shows under a sanitizer.
  const Input exact(input.begin(), input.end());
  LLVMFuzzerTestOneInput(exact.data(), exact.size());
}

/// Numbers that code which checks sizes and offsets gets wrong.
uint64_t edge(Random& random) {
  constexpr uint64_t kEdges[] = {0,          1,          7,
                                 8,          0xfff,      0x1000,
                                 0x7fffffff, 0x80000000, 0xffffffff,
                                 1ull << 47, 1ull << 63, ~uint64_t{0},
                                 56,         64,         ~uint64_t{0} - 0xfff};
  return kEdges[random() % std::size(kEdges)];
}

void change_bytes(Input& input, const Input& other, Random& random) {
  const size_t at = random() % input.size();
  const size_t room = input.size() - at;
  const auto offset = static_cast<ptrdiff_t>(at);
  switch (random() % 8) {
    case 0:
    case 1:
      input[at] = static_cast<uint8_t>(input[at] ^ (1u << (random() % 8)));
      break;
    case 2:
      input[at] = static_cast<uint8_t>(random());
      break;
    case 3:
    case 4: {
      const size_t length = std::min<size_t>(room, size_t{1} << (random() % 4));
      const uint64_t value = edge(random);
      std::memcpy(input.data() + at, &value, length);
      break;
    }
    case 5:
      input.erase(input.begin() + offset,
                  input.begin() + offset + static_cast<ptrdiff_t>(random() % room + 1));
      break;
    case 6: {
      const size_t length = std::min<size_t>(random() % 32 + 1, room);
      const Input part(input.begin() + offset, input.begin() + offset + static_cast<ptrdiff_t>(length));
      input.insert(input.begin() + static_cast<ptrdiff_t>(random() % input.size()), part.begin(), part.end());
      break;
    }
    default:
      if (other.empty()) break;
      std::memcpy(input.data() + at, other.data(), std::min(room, other.size()));
  }
}

/// A piece of an input.
struct Part {
  size_t begin, end;
};

/// The word or number around a random place; one character where there is none.
Part word_somewhere(const Input& text, Random& random) {
  const auto in_word = [&](size_t i) { return std::isalnum(text[i]) != 0 || text[i] == '_'; };
  Part part{random() % text.size(), 0};
  part.end = part.begin + 1;
  while (part.begin > 0 && in_word(part.begin) && in_word(part.begin - 1)) --part.begin;
  while (part.end < text.size() && in_word(part.end - 1) && in_word(part.end)) ++part.end;
  return part;
}

Part line_somewhere(const Input& text, Random& random) {
  Part part{random() % text.size(), 0};
  part.end = part.begin;
  while (part.begin > 0 && text[part.begin - 1] != '\n') --part.begin;
  while (part.end < text.size() && text[part.end++] != '\n') continue;
  return part;
}

/// Words and lines change places, so that much of what comes out can still be read.
void change_text(Input& text, const Input& other, Random& random) {
  const bool lines = random() % 4 == 0;
  const Part from = lines ? line_somewhere(other, random) : word_somewhere(other, random);
  Part to = lines ? line_somewhere(text, random) : word_somewhere(text, random);
  if (lines && random() % 2 == 0) to.end = to.begin;  // one line more
  const Input part(other.begin() + static_cast<ptrdiff_t>(from.begin),
                   other.begin() + static_cast<ptrdiff_t>(from.end));
  const auto place = text.erase(text.begin() + static_cast<ptrdiff_t>(to.begin),
                                text.begin() + static_cast<ptrdiff_t>(to.end));
  text.insert(place, part.begin(), part.end());
}

bool is_text(const Input& input) {
  return std::all_of(input.begin(), input.end(),
                     [](uint8_t c) { return c == '\n' || (c >= ' ' && c < 127); });
}

void change_once(Input& input, const Input& other, Random& random) {
  if (input.empty()) {
    input.push_back(static_cast<uint8_t>(random()));
  } else if (!other.empty() && random() % 16 != 0 && is_text(input) && is_text(other)) {
    change_text(input, random() % 2 == 0 ? Input(input) : other, random);
  } else {
    change_bytes(input, other, random);
  }
}

void run_random(uint64_t seed, uint64_t count) {
  std::printf("seed %llu, %llu inputs\n", static_cast<unsigned long long>(seed),
              static_cast<unsigned long long>(count));
  const std::vector<Input> corpus = seeds();
  for (const Input& input : corpus) run(input);
  run({});
  Random random(seed);
  for (uint64_t i = 0; i < count; ++i) {
    Input input = corpus[random() % corpus.size()];
    for (uint64_t changes = uint64_t{1} << (random() % 4); changes != 0; --changes) {
      change_once(input, corpus[random() % corpus.size()], random);
    }
    run(input);
  }
}

void write_seeds(const std::filesystem::path& folder) {
  std::filesystem::create_directories(folder);
  unsigned number = 0;
  for (const Input& input : seeds()) {
    std::ofstream file(folder / ("seed" + std::to_string(number++)), std::ios::binary);
    file.write(reinterpret_cast<const char*>(input.data()), static_cast<std::streamsize>(input.size()));
  }
}

int run_files(int count, char** names) {
  for (int i = 0; i < count; ++i) {
    std::ifstream file(names[i], std::ios::binary);
    if (!file) {
      std::fprintf(stderr, "fuzz: cannot read %s\n", names[i]);
      return 1;
    }
    run(Input(std::istreambuf_iterator<char>(file), {}));
  }
  return 0;
}

}  // namespace
}  // namespace ferry::fuzz

int main(int argc, char** argv) {
  using namespace ferry::fuzz;
  for (const int signal : {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL}) std::signal(signal, keep_input);
  if (argc == 3 && std::string_view(argv[1]) == "--write-seeds") {
    write_seeds(argv[2]);
    return 0;
  }
  if (argc > 1 && std::string_view(argv[1]).substr(0, 2) != "--") return run_files(argc - 1, argv + 1);
  uint64_t seed = 1, count = 1000;
  for (int i = 1; i < argc; i += 2) {
    const std::string_view name = argv[i];
    if (i + 1 == argc || (name != "--seed" && name != "--count")) {
      std::fprintf(stderr, "usage: %s [--seed N] [--count N] | --write-seeds FOLDER | FILE...\n", argv[0]);
      return 2;
    }
    (name == "--seed" ? seed : count) = std::strtoull(argv[i + 1], nullptr, 0);
  }
  run_random(seed, count);
  return 0;
}
