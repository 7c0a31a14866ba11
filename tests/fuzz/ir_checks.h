// What must hold of any verified function, whoever made it.
#pragma once

#include "ir/function.h"
#include "ir/parse.h"

namespace ferry::fuzz {

/// `function` obeys the verifier's rules, its text form reads back as the same text, and the passes of each
/// tier leave a function that obeys the rules too. `names` are for reading the text.
void check_function(const ir::Function& function, const ir::ParseNames& names);

}  // namespace ferry::fuzz
