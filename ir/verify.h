#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "ir/function.h"

namespace ferry::ir {

/// The rules, each explained in ir/verify_rules.def.
enum class Rule : uint8_t {
#define RULE(name, text) name,
#include "ir/verify_rules.def"
#undef RULE
};

/// The rule's name, as in verify_rules.def.
std::string_view name_of(Rule rule);

/// The first rule that a function breaks.
struct VerifyError {
  Rule rule;
  ValueId inst;         ///< the instruction at fault, or kNoValue when it is the function or a block
  std::string message;  ///< one line: the instruction's text, the rule's name and what it demands
};

/// Checks a function; nothing is returned when all rules hold. Safe on any function whose memory is sound.
std::optional<VerifyError> verify(const Function& function);

}  // namespace ferry::ir
