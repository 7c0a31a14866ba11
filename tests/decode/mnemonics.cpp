#include "tests/decode/mnemonics.h"

#include <algorithm>
#include <cctype>
#include <string>

namespace ferry::decode_test {
namespace {

struct Alias {
  std::string_view alias;
  std::string_view names;  ///< the mnemonics it stands for, each between spaces
};

// "This instruction is an alias of" in the Arm ARM, C6.2 and C7.2. Aliases of only one row that no rule
// covers (SXTL of SSHLL, STADD of LDADD) are in a64.def itself.
constexpr Alias kAliases[] = {
    {"mov", " ADD MOVZ MOVN ORR "},
    {"cmp", " SUBS "},
    {"cmn", " ADDS "},
    {"neg", " SUB "},
    {"negs", " SUBS "},
    {"mvn", " ORN "},
    {"tst", " ANDS "},
    {"lsl", " UBFM LSLV "},
    {"lsr", " UBFM LSRV "},
    {"asr", " SBFM ASRV "},
    {"ror", " EXTR RORV "},
    {"sxtb", " SBFM "},
    {"sxth", " SBFM "},
    {"sxtw", " SBFM "},
    {"sbfiz", " SBFM "},
    {"sbfx", " SBFM "},
    {"uxtb", " UBFM "},
    {"uxth", " UBFM "},
    {"ubfiz", " UBFM "},
    {"ubfx", " UBFM "},
    {"bfi", " BFM "},
    {"bfxil", " BFM "},
    {"bfc", " BFM "},
    {"cset", " CSINC "},
    {"cinc", " CSINC "},
    {"csetm", " CSINV "},
    {"cinv", " CSINV "},
    {"cneg", " CSNEG "},
    {"ngc", " SBC "},
    {"ngcs", " SBCS "},
    {"mul", " MADD "},
    {"mneg", " MSUB "},
    {"smull", " SMADDL "},
    {"smnegl", " SMSUBL "},
    {"umull", " UMADDL "},
    {"umnegl", " UMSUBL "},
    {"cmpp", " SUBPS "},
    {"cfp", " SYS "},
    {"dvp", " SYS "},
    {"cpp", " SYS "},
    {"cosp", " SYS "},
    {"rev64", " REV "},
    {"smstart", " MSR "},
    {"smstop", " MSR "},
};

std::string lower(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(),
                 [](unsigned char c) { return std::tolower(c); });
  return result;
}

bool name_fits(const std::string& name, std::string_view mnemonic) {
  constexpr std::string_view kCondition = ".cond";
  if (name.back() == '*') return mnemonic.starts_with(name.substr(0, name.size() - 1));
  if (name.ends_with(kCondition)) return mnemonic.starts_with(name.substr(0, name.size() - 4));
  return name == mnemonic;
}

bool alias_fits(std::string_view name, std::string_view mnemonic) {
  for (const Alias& alias : kAliases) {
    if (alias.alias != mnemonic) continue;
    if (alias.names.find(" " + std::string(name) + " ") != std::string_view::npos) return true;
  }
  return false;
}

}  // namespace

bool is_mnemonic_of(const arm64::Row& row, std::string_view mnemonic) {
  std::string_view names = row.names;
  names = names.substr(0, names.find(" ("));
  while (!names.empty()) {
    const std::size_t comma = names.find(", ");
    const std::string_view name = names.substr(0, comma);
    if (name_fits(lower(name), mnemonic) || alias_fits(name, mnemonic)) return true;
    names = comma == std::string_view::npos ? std::string_view{} : names.substr(comma + 2);
  }
  return false;
}

std::string_view mnemonic_of(std::string_view disassembly) {
  return disassembly.substr(0, disassembly.find(' '));
}

}  // namespace ferry::decode_test
