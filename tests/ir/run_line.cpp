#include "tests/ir/run_line.h"

#include <bit>
#include <charconv>
#include <cstring>
#include <optional>
#include <sstream>

#include "ir/names.h"
#include "tests/ir/machine.h"

namespace ferry::ir_test {
namespace {

using ir::Bits128;

constexpr std::string_view kMxcsrRounding[] = {"nearest_even", "toward_minus_inf", "toward_plus_inf",
                                               "toward_zero"};

struct Exception {
  std::string_view name;
  uint32_t flag;
};
constexpr Exception kExceptions[] = {{"invalid", 1u << 0},
                                     {"divide", 1u << 2},
                                     {"overflow", 1u << 3},
                                     {"underflow", 1u << 4},
                                     {"inexact", 1u << 5}};
std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> out;
  std::istringstream in{std::string(text)};
  for (std::string part; std::getline(in, part, separator);) out.push_back(part);
  return out;
}

/// Reads one line's words into machines.
class LineReader {
 public:
  std::string error;

  void read(std::string_view text, Machine& machine, bool after) {
    std::istringstream in{std::string(text)};
    for (std::string word; in >> word && error.empty();) {
      const size_t equals = word.find('=');
      const bool done = equals != std::string::npos &&
                        (after ? set_after(word, equals, machine) : set_before(word, equals, machine));
      if (!done && error.empty()) error = "cannot read `" + word + "`";
    }
  }

 private:
  bool set_before(const std::string& word, size_t equals, Machine& machine) {
    const std::string place = word.substr(0, equals);
    const std::string value = word.substr(equals + 1);
    if (place != "rounding") return set_place(place, value, machine);
    for (unsigned i = 0; i < std::size(kMxcsrRounding); ++i) {
      if (kMxcsrRounding[i] != value) continue;
      machine.mxcsr |= i << kMxcsrRoundingShift;
      return true;
    }
    return false;
  }

  bool set_after(const std::string& word, size_t equals, Machine& machine) {
    const std::string place = word.substr(0, equals);
    const std::string value = word.substr(equals + 1);
    if (place == "fp") return set_exceptions(value, machine);
    static constexpr std::string_view kLeaves[] = {"goto",          "indirect", "call",
                                                   "call_indirect", "ret",      "trap"};
    for (unsigned i = 0; i < std::size(kLeaves); ++i) {
      if (kLeaves[i] == place) return set_leave(static_cast<ir::Leave>(i), value, machine);
    }
    return set_place(place, value, machine);
  }

  bool set_exceptions(const std::string& value, Machine& machine) {
    for (const std::string& name : split(value, '+')) {
      const Exception* found = nullptr;
      for (const Exception& exception : kExceptions) {
        if (exception.name == name) found = &exception;
      }
      if (found == nullptr) return false;
      machine.mxcsr |= found->flag;
    }
    return true;
  }

  bool set_leave(ir::Leave how, const std::string& value, Machine& machine) {
    const auto parts = split(value, ',');
    machine.left = {.how = how};
    const size_t wanted =
        how == ir::Leave::Call || how == ir::Leave::CallIndirect || how == ir::Leave::Trap ? 2 : 1;
    if (parts.size() != wanted) return false;
    if (how == ir::Leave::Trap) {
      for (unsigned i = 0; i < std::size(ir::kTrapKindText); ++i) {
        if (ir::kTrapKindText[i] == parts[0]) machine.left.trap = static_cast<ir::TrapKind>(i);
      }
      machine.left.target.value = number(parts[1]);
      return ir::kTrapKindText[static_cast<unsigned>(machine.left.trap)] == parts[0];
    }
    machine.left.target.value = number(parts[0]);
    if (wanted == 2) machine.left.return_to.value = number(parts[1]);
    return true;
  }

  bool set_place(const std::string& place, const std::string& text, Machine& machine) {
    const std::optional<Bits128> value = this->value(text);
    if (!value) return false;
    if (place.front() == '[') {
      const auto parts = split(place.substr(1, place.size() - 2), ':');
      if (parts.size() != 2 || number(parts[0]) + number(parts[1]) > kMemoryBytes || number(parts[1]) > 16)
        return false;
      std::memcpy(machine.memory.data() + number(parts[0]), &*value, number(parts[1]));
      return true;
    }
    for (const ir::StateReg& reg : toy_layout().regs) {
      if (reg.name != place) continue;
      std::memcpy(reinterpret_cast<std::byte*>(&machine.state) + reg.offset, &*value, ir::bytes(reg.type));
      return true;
    }
    return false;
  }

  /// A scalar: decimal, hexadecimal, negative.
  uint64_t number(std::string_view text) {
    const bool negative = text.starts_with('-');
    if (negative) text.remove_prefix(1);
    const bool is_hex = text.starts_with("0x");
    if (is_hex) text.remove_prefix(2);
    uint64_t out = 0;
    const auto end = std::from_chars(text.data(), text.data() + text.size(), out, is_hex ? 16 : 10);
    if (end.ptr != text.data() + text.size() || end.ec != std::errc{})
      error = "not a number: " + std::string(text);
    return negative ? 0 - out : out;
  }

  uint64_t lane(ir::Type type, const std::string& text) {
    if (!ir::is_float(type) || text.starts_with("0x")) return number(text);
    const double value = std::strtod(text.c_str(), nullptr);
    if (type == ir::Type::F64) return std::bit_cast<uint64_t>(value);
    return std::bit_cast<uint32_t>(static_cast<float>(value));
  }

  std::optional<Bits128> value(const std::string& text) {
    const uint64_t base = guest_memory_address();
    if (text == "mem") return Bits128{base, 0};
    if (text.starts_with("mem+")) return Bits128{base + number(text.substr(4)), 0};
    const size_t colon = text.find(':');
    if (colon == std::string::npos) return Bits128{number(text), 0};
    for (unsigned i = 1; i < std::size(ir::kTypeInfo); ++i) {
      const auto type = static_cast<ir::Type>(i);
      if (ir::info(type).text == text.substr(0, colon)) return lanes_of(type, text.substr(colon + 1));
    }
    return std::nullopt;
  }

  std::optional<Bits128> lanes_of(ir::Type type, const std::string& text) {
    const unsigned bytes = ir::bytes(type);
    const auto parts = split(text, ',');
    if (ir::is_vector(type) || type == ir::Type::F16 || parts.size() * bytes > sizeof(Bits128))
      return std::nullopt;
    Bits128 out;
    for (size_t i = 0; i < parts.size(); ++i) {
      const uint64_t bits = lane(type, parts[i]);
      std::memcpy(reinterpret_cast<std::byte*>(&out) + i * bytes, &bits, bytes);
    }
    return out;
  }
};

}  // namespace

std::string check_run(IrEngine& engine, const ir::Function& function, const RunLine& line) {
  const size_t arrow = line.text.find("=>");
  if (arrow == std::string::npos) return "line " + std::to_string(line.line) + ": no `=>`";
  LineReader reader;
  Machine before;
  reader.read(line.text.substr(0, arrow), before, false);
  Machine wanted = before;
  reader.read(line.text.substr(arrow + 2), wanted, true);
  if (!reader.error.empty()) return "line " + std::to_string(line.line) + ": " + reader.error;

  const std::string where = "line " + std::to_string(line.line) + ", " + std::string(engine.name()) + ": ";
  Machine got = before;
  const std::string complaint = run_on(engine, function, got);
  if (!complaint.empty()) return where + complaint;
  const std::string wrong = difference(wanted, got, engine);
  return wrong.empty() ? wrong : where + wrong;
}

}  // namespace ferry::ir_test
