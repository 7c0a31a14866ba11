#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <vector>

#include "system/block/open.h"
#include "system/block/qcow2/check.h"
#include "system/block/qcow2/image.h"

namespace ferry::system {

/// A folder of images that lives as long as a test.
class TempFolder {
 public:
  TempFolder() : path_(std::filesystem::temp_directory_path() / "ferry-block-XXXXXX") {
    std::string name = path_.string();
    path_ = ::mkdtemp(name.data());
  }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  ~TempFolder() { std::filesystem::remove_all(path_); }

  std::string path(const std::string& name) const { return (path_ / name).string(); }

  void write(const std::string& name, std::span<const std::byte> bytes) const {
    std::ofstream(path(name), std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  }

  HostFile file(const std::string& name) const {
    write(name, {});
    return std::move(*HostFile::open(path(name), Access::Write, Locking::None));
  }

  void create(const std::string& name, const qcow2::CreateOptions& options) const {
    HostFile target = file(name);
    const Status failed = qcow2::create(target, options);
    ASSERT_FALSE(failed) << failed->message;
  }

  std::unique_ptr<qcow2::Image> open(const std::string& name, Access access) const {
    auto disk = open_image(path(name), {Format::Qcow2, access, Locking::Image});
    if (!disk) {
      ADD_FAILURE() << disk.error().message;
      return nullptr;
    }
    return std::unique_ptr<qcow2::Image>(static_cast<qcow2::Image*>(disk->release()));
  }

  /// The error of opening an image, or "".
  std::string open_error(const std::string& name, Access access = Access::Read) const {
    const auto disk = open_image(path(name), {Format::Qcow2, access, Locking::Image});
    return disk ? "" : disk.error().message;
  }

  qcow2::CheckResult check(const std::string& name, qcow2::Repair repair = qcow2::Repair::None) const {
    auto opened = HostFile::open(path(name), Access::Write, Locking::None);
    auto header = qcow2::read_header(*opened);
    EXPECT_TRUE(header) << header.error().message;
    if (!header) return {};
    auto result = qcow2::check(*opened, *header, repair);
    EXPECT_TRUE(result) << result.error().message;
    return result ? *result : qcow2::CheckResult{};
  }

  void expect_clean(const std::string& name) const {
    const auto result = check(name);
    EXPECT_EQ(result.corruptions + result.leaks, 0u)
        << (result.findings.empty() ? "" : result.findings.front());
  }

 private:
  std::filesystem::path path_;
};

}  // namespace ferry::system
