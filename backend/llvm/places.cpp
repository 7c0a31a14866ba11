#include "backend/llvm/places.h"

#include <llvm/Object/StackMapParser.h>

#include <unordered_map>

namespace ferry::backend::llvm_tier {

namespace {

using Parser = llvm::StackMapParser<llvm::endianness::little>;
using Location = Parser::LocationAccessor;
using Kind = RegisterPlace::Kind;

/// x86-64 encodings by DWARF number (System V ABI, figure 3.36).
constexpr uint8_t kEncodings[16] = {0, 2, 1, 3, 6, 7, 5, 4, 8, 9, 10, 11, 12, 13, 14, 15};
constexpr uint16_t kXmm0 = 17, kXmm15 = 32, kXmm16 = 67, kXmm31 = 82;

/// Adds what comes at ascending fault points; the same place at consecutive ones is one row.
class Collector {
 public:
  std::optional<Places> take() {
    if (broken_) return std::nullopt;
    return std::move(out_);
  }
  void add_point(const FaultPoint& point) { out_.points.push_back(point); }
  /// At the point added last.
  void add(ir::RegId reg, const Parser& parser, const Location& location) {
    const auto point = static_cast<uint32_t>(out_.points.size() - 1);
    RegisterPlace place{point, point + 1, reg, Kind::Constant, 0, 0};
    if (!describe(parser, location, place)) {
      broken_ = true;
      return;
    }
    const auto last = last_.find(reg);
    if (last != last_.end() && goes_on(out_.places[last->second], place)) {
      out_.places[last->second].end_point = point + 1;
    } else {
      last_[reg] = out_.places.size();
      out_.places.push_back(place);
    }
  }

 private:
  static bool goes_on(const RegisterPlace& last, const RegisterPlace& now) {
    return last.end_point == now.first_point && last.kind == now.kind && last.host == now.host &&
           last.value == now.value;
  }

  static bool describe(const Parser& parser, const Location& location, RegisterPlace& place) {
    switch (location.getKind()) {
      case Parser::LocationKind::Register:
        return describe_register(location.getDwarfRegNum(), place);
      case Parser::LocationKind::Indirect:
        place.kind = Kind::Memory;
        place.value = location.getOffset();
        if (location.getDwarfRegNum() >= std::size(kEncodings)) return false;
        place.host = kEncodings[location.getDwarfRegNum()];
        return true;
      case Parser::LocationKind::Constant:
        place.value = static_cast<int32_t>(location.getSmallConstant());
        return true;
      case Parser::LocationKind::ConstantIndex:
        place.value = static_cast<int64_t>(parser.getConstant(location.getConstantIndex()).getValue());
        return true;
      case Parser::LocationKind::Direct:
        return false;
    }
    return false;
  }

  static bool describe_register(uint16_t number, RegisterPlace& place) {
    if (number < std::size(kEncodings)) {
      place.kind = Kind::General;
      place.host = kEncodings[number];
      return true;
    }
    place.kind = Kind::Vector;
    if (number >= kXmm0 && number <= kXmm15) {
      place.host = static_cast<uint8_t>(number - kXmm0);
    } else {
      place.host = static_cast<uint8_t>(number - kXmm16 + 16);
      return number >= kXmm16 && number <= kXmm31;
    }
    return true;
  }

  Places out_;
  std::unordered_map<ir::RegId, size_t> last_;  ///< places, by register
  bool broken_ = false;
};

}  // namespace

std::optional<Places> read_places(llvm::ArrayRef<uint8_t> section, const Plan& plan, uint32_t code_bytes) {
  if (section.empty()) return Places{};
  const Parser parser(section);
  Collector collector;
  for (auto record = parser.records_begin(); record != parser.records_end(); ++record) {
    auto next = record;
    ++next;
    const uint32_t at = record->getInstructionOffset();
    const uint32_t end = next != parser.records_end() ? next->getInstructionOffset() : code_bytes;
    if (record->getID() == kPlacesEnd || end == at) continue;
    if (record->getID() >= plan.faults.size()) return std::nullopt;
    const FaultSite& site = plan.faults[record->getID()];
    if (end < at || record->getNumLocations() != site.regs.size()) return std::nullopt;
    collector.add_point({at, end - at, site.pc});
    for (unsigned i = 0; i < site.regs.size(); ++i)
      collector.add(site.regs[i], parser, record->getLocation(i));
  }
  return collector.take();
}

}  // namespace ferry::backend::llvm_tier
