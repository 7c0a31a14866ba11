#include "system/img/values.h"

#include <fmt/format.h>

#include <cmath>
#include <cstdlib>

namespace ferry::system::img {

namespace {
constexpr std::string_view kSuffixes = "bKMGTPE";
}

Result<uint64_t> parse_size(std::string_view text) {
  const Error error{
      fmt::format("'{}' is no size: a number, with b, K, M, G, T or P behind it if wanted", text)};
  std::string digits(text);
  unsigned shift = 0;
  if (!digits.empty()) {
    const char last = digits.back() == 'B' ? 'b' : digits.back() == 'k' ? 'K' : digits.back();
    if (const size_t at = kSuffixes.find(last); at != kSuffixes.npos) {
      shift = static_cast<unsigned>(10 * at);
      digits.pop_back();
    }
  }
  if (digits.empty() || digits.find_first_not_of("0123456789.") != std::string::npos) return error;
  char* end = nullptr;
  if (digits.find('.') != std::string::npos) {
    const double value = std::ldexp(std::strtod(digits.c_str(), &end), static_cast<int>(shift));
    if (*end != 0 || shift == 0 || !(value < std::ldexp(1.0, 63))) return error;
    return static_cast<uint64_t>(value);
  }
  errno = 0;
  const uint64_t value = std::strtoull(digits.c_str(), &end, 10);
  if (*end != 0 || errno != 0 || value > uint64_t{INT64_MAX} >> shift) return error;
  return value << shift;
}

std::string size_text(uint64_t bytes) {
  constexpr const char* kUnits[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  size_t unit = 0;
  auto value = static_cast<double>(bytes);
  for (; value >= 1000 && unit + 1 < std::size(kUnits); ++unit) value /= 1024;
  return fmt::format("{:.3g} {}", value, kUnits[unit]);
}

Result<std::map<std::string, std::string>> parse_pairs(const std::vector<std::string>& lists) {
  std::map<std::string, std::string> pairs;
  for (std::string_view list : lists) {
    while (!list.empty()) {
      const size_t comma = std::min(list.find(','), list.size());
      const std::string_view word = list.substr(0, comma);
      list.remove_prefix(std::min(comma + 1, list.size()));
      const size_t equals = word.find('=');
      if (equals == word.npos) return Error{fmt::format("-o wants key=value, not '{}'", word)};
      pairs[std::string(word.substr(0, equals))] = word.substr(equals + 1);
    }
  }
  return pairs;
}

}  // namespace ferry::system::img
