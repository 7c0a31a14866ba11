#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

#include "frontend/arm64/decode.h"
#include "frontend/arm64/patterns.h"

// Calls a visitor's handler for a decoded word. A visitor is a class with public member functions named as
// the rows of a64.def, `bool Handler(uint32_t field, ...)`, one argument per field. True: translation of the
// block goes on; false: the block ends here. Handlers must not be overloaded.

namespace ferry::arm64 {

enum class Outcome : uint8_t {
  Continue,     ///< the handler returned true
  EndBlock,     ///< the handler returned false
  Unsupported,  ///< the visitor has no handler of that name
};

namespace detail {

template <typename>
struct HandlerTraits;
template <typename Result, typename Class, typename... Args>
struct HandlerTraits<Result (Class::*)(Args...)> {
  static constexpr std::size_t kArity = sizeof...(Args);
  static constexpr bool kGoodTypes = std::same_as<Result, bool> && (std::same_as<Args, uint32_t> && ...);
};

template <InsnId id, auto handler, typename Visitor>
Outcome call_handler(Visitor& visitor, uint32_t word) {
  using Traits = HandlerTraits<decltype(handler)>;
  constexpr const frontend::BitPattern& kRow = kPattern<id>;
  static_assert(Traits::kGoodTypes, "a handler takes uint32_t fields and returns bool");
  static_assert(Traits::kArity == kRow.field_count, "a handler takes one argument per field of its row");
  return [&]<std::size_t... index>(std::index_sequence<index...>) {
    return (visitor.*handler)(kRow.fields[index].extract(word)...) ? Outcome::Continue : Outcome::EndBlock;
  }(std::make_index_sequence<kRow.field_count>());
}

template <typename Visitor>
Outcome no_handler(Visitor&, uint32_t) {
  return Outcome::Unsupported;
}

template <typename Visitor>
using Thunk = Outcome (*)(Visitor&, uint32_t);

inline constexpr std::size_t kInsnCount = static_cast<std::size_t>(InsnId::kCount);

/// One thunk per row, in the order of a64.def.
template <typename Visitor>
constexpr std::array<Thunk<Visitor>, kInsnCount> make_thunks() {
  return {
#define INSN(handler, names, pattern, feature)                           \
  [] {                                                                   \
    if constexpr (requires { &Visitor::handler; }) {                     \
      return &call_handler<InsnId::handler, &Visitor::handler, Visitor>; \
    } else {                                                             \
      return &no_handler<Visitor>;                                       \
    }                                                                    \
  }(),
#include "frontend/arm64/a64.def"
  };
}

template <typename Visitor>
inline constexpr std::array<Thunk<Visitor>, kInsnCount> kThunks = make_thunks<Visitor>();

}  // namespace detail

/// Calls `visitor`'s handler for `word`, which decoded to `row`.
template <typename Visitor>
Outcome dispatch(Visitor& visitor, const Row& row, uint32_t word) {
  return detail::kThunks<Visitor>[static_cast<std::size_t>(row.id)](visitor, word);
}

/// Whether `Visitor` has a handler, for every row in the order of a64.def.
template <typename Visitor>
constexpr std::array<bool, detail::kInsnCount> handled_rows() {
  return {
#define INSN(handler, names, pattern, feature) requires { &Visitor::handler; },
#include "frontend/arm64/a64.def"
  };
}

}  // namespace ferry::arm64
