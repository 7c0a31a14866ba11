#pragma once

#include <memory>

#include "system/block/host_file.h"

namespace ferry::system {

/// A file whose bytes are the disk's.
class RawImage final : public BlockDevice {
 public:
  static Result<std::unique_ptr<RawImage>> open(HostFile file);

  uint64_t size() const override { return size_; }
  bool read_only() const override { return file_.access() == Access::Read; }
  Status read(uint64_t offset, std::span<std::byte> bytes) override;
  Status write(uint64_t offset, std::span<const std::byte> bytes) override;
  Status write_zeroes(uint64_t offset, uint64_t length) override;
  Status discard(uint64_t offset, uint64_t length) override;
  Status flush() override { return file_.sync(); }
  Result<Extent> extent(uint64_t offset, uint64_t length) override;

  Status resize(uint64_t size);
  const HostFile& file() const { return file_; }

 private:
  RawImage(HostFile file, uint64_t size) : file_(std::move(file)), size_(size) {}

  HostFile file_;
  uint64_t size_;
};

}  // namespace ferry::system
