#include "frontend/arm64/helpers.h"

#include <array>
#include <type_traits>

#include "frontend/arm64/helpers_base.h"
#include "frontend/arm64/helpers_fp.h"
#include "frontend/arm64/helpers_memory.h"
#include "frontend/arm64/helpers_simd.h"
#include "frontend/arm64/helpers_tags.h"
#include "frontend/arm64/helpers_vdso.h"

namespace ferry::arm64 {
namespace {

template <typename T>
constexpr ir::Type type_of() {
  using ir::Type;
  if constexpr (std::is_void_v<T>)
    return Type::Void;
  else if constexpr (std::is_same_v<T, bool>)
    return Type::I1;
  else if constexpr (std::is_unsigned_v<T>)
    return ir::int_type(8 * sizeof(T));
  else if constexpr (std::is_same_v<T, float>)
    return Type::F32;
  else if constexpr (std::is_same_v<T, double>)
    return Type::F64;
  else if constexpr (std::is_same_v<T, helpers::Half>)
    return Type::F16;
  else {
    static_assert(std::is_same_v<T, helpers::Vector128>, "a type that a helper cannot take or return");
    return Type::V16I8;
  }
}

template <typename Result, typename... Args>
ir::HelperInfo describe(std::string_view name, Result (*function)(Args...), ir::HelperEffect effect) {
  return {name,
          reinterpret_cast<void (*)()>(function),
          type_of<Result>(),
          false,
          effect,
          sizeof...(Args),
          {type_of<Args>()...}};
}

template <typename Result, typename... Args>
ir::HelperInfo describe(std::string_view name, Result (*function)(State*, Args...), ir::HelperEffect effect) {
  return {name,
          reinterpret_cast<void (*)()>(function),
          type_of<Result>(),
          true,
          effect,
          sizeof...(Args),
          {type_of<Args>()...}};
}

}  // namespace

std::span<const ir::HelperInfo> helper_table() {
  static const std::array<ir::HelperInfo, static_cast<std::size_t>(Helper::kCount)> kTable = {
#define HELPER(function, effect) describe(#function, &helpers::function, ir::HelperEffect::effect),
#include "frontend/arm64/helpers.def"
  };
  return kTable;
}

}  // namespace ferry::arm64
