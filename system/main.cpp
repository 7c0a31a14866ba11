#include <cstdio>
#include <string_view>

#include "system/img/img.h"

namespace {

constexpr const char* kHelp =
    "usage: ferry-system img COMMAND [OPTION]... FILE...\n"
    "\n"
    "  img          create, examine and change disk images; see ferry-system img --help\n"
    "  -h, --help   print this text\n"
    "  --version    print the version\n";

}  // namespace

int main(int count, char** words) {
  const std::string_view command = count > 1 ? words[1] : "";
  if (command == "img") return ferry::system::img::main(count - 1, words + 1);
  if (command == "-h" || command == "--help" || command == "-help") return std::fputs(kHelp, stdout) < 0;
  if (command == "--version" || command == "-version") return std::puts("ferry-system " FERRY_VERSION) < 0;
  std::fprintf(stderr, "ferry-system: %s; see ferry-system --help\n",
               command.empty() ? "wants a command" : "does not know this command");
  return 1;
}
