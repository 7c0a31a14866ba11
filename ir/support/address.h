#pragma once

#include <compare>
#include <cstdint>

namespace ferry::support {

/// An address as the guest program sees it.
struct GuestAddr {
  uint64_t value = 0;

  constexpr auto operator<=>(const GuestAddr&) const = default;
  constexpr GuestAddr operator+(uint64_t offset) const { return {value + offset}; }
  constexpr uint64_t operator-(GuestAddr other) const { return value - other.value; }
};

}  // namespace ferry::support

namespace ferry {
using support::GuestAddr;
}
