#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "tests/guest/runner.h"

namespace ferry::guest_test {

std::vector<GuestRun> run_under_qemu(const std::string& driver, const std::vector<GuestRun>& starts) {
  std::string folder = (std::filesystem::temp_directory_path() / "ferry-qemu-XXXXXX").string();
  if (mkdtemp(folder.data()) == nullptr) return {};
  const auto size = static_cast<std::streamsize>(starts.size() * sizeof(GuestRun));
  std::ofstream(folder + "/in", std::ios::binary).write(reinterpret_cast<const char*>(starts.data()), size);
  // QEMU 7.2 loses vector registers that a signal handler changes when the frame has an SVE record.
  const std::string command = "timeout 60 qemu-aarch64 -cpu max,sve=off,sme=off " + driver + " <" + folder +
                              "/in >" + folder + "/out";
  std::vector<GuestRun> results(starts.size());
  bool good = std::system(command.c_str()) == 0;
  if (good) {
    std::ifstream out(folder + "/out", std::ios::binary);
    good = static_cast<bool>(out.read(reinterpret_cast<char*>(results.data()), size));
  }
  std::error_code ignored;
  std::filesystem::remove_all(folder, ignored);
  return good ? results : std::vector<GuestRun>{};
}

}  // namespace ferry::guest_test
