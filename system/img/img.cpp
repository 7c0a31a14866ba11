#include "system/img/img.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>

#include "system/img/commands.h"

namespace ferry::system::img {

int fail(const std::string& message) {
  fmt::print(stderr, "ferry-system: img: {}\n", message);
  return kFailed;
}

int fail(const Error& error) { return fail(error.message); }

Result<OpenOptions> open_options(const std::string& format, Access access, bool force_share) {
  OpenOptions options{{}, access, force_share ? Locking::None : Locking::Image};
  if (format.empty()) return options;
  const auto known = format_named(format);
  if (!known) return known.error();
  options.format = *known;
  return options;
}

int main(int count, char** words) {
  CLI::App app("Disk images: raw files and qcow2.", "ferry-system img");
  app.require_subcommand(1);
  int status = kDone;
  for (const auto add : {add_create, add_info, add_check, add_convert, add_resize, add_snapshot})
    add(app, status);
  try {
    app.parse(count, words);
  } catch (const CLI::CallForHelp& help) {
    return app.exit(help);
  } catch (const CLI::ParseError& error) {
    return fail(std::string(error.what()) + "; see ferry-system img --help");
  }
  if (std::fflush(stdout) != 0) return fail("cannot write to standard output");
  return status;
}

}  // namespace ferry::system::img
