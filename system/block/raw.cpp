#include "system/block/raw.h"

namespace ferry::system {

Result<std::unique_ptr<RawImage>> RawImage::open(HostFile file) {
  const auto size = file.size();
  if (!size) return size.error();
  return std::unique_ptr<RawImage>(new RawImage(std::move(file), *size));
}

Status RawImage::read(uint64_t offset, std::span<std::byte> bytes) {
  if (Status failed = check_range(*this, offset, bytes.size())) return failed;
  return file_.read(offset, bytes);
}

Status RawImage::write(uint64_t offset, std::span<const std::byte> bytes) {
  if (Status failed = check_change(*this, offset, bytes.size())) return failed;
  return file_.write(offset, bytes);
}

Status RawImage::write_zeroes(uint64_t offset, uint64_t length) {
  if (Status failed = check_change(*this, offset, length)) return failed;
  return file_.write_zeroes(offset, length);
}

Status RawImage::discard(uint64_t offset, uint64_t length) {
  if (Status failed = check_change(*this, offset, length)) return failed;
  file_.discard(offset, length);
  return {};
}

Result<Extent> RawImage::extent(uint64_t offset, uint64_t length) {
  if (Status failed = check_range(*this, offset, length)) return *failed;
  return file_.extent(offset, length);
}

Status RawImage::resize(uint64_t size) {
  if (Status failed = file_.resize(size)) return failed;
  size_ = size;
  return {};
}

}  // namespace ferry::system
