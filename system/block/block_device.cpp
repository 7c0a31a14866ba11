#include "system/block/block_device.h"

#include <fmt/format.h>

namespace ferry::system {

Status check_range(const BlockDevice& device, uint64_t offset, uint64_t length) {
  if (offset <= device.size() && length <= device.size() - offset) return {};
  return Error{fmt::format("{} bytes at {} do not lie inside of the disk, which has {}", length, offset,
                           device.size())};
}

Status check_change(const BlockDevice& device, uint64_t offset, uint64_t length) {
  if (device.read_only()) return Error{"the disk is read only"};
  return check_range(device, offset, length);
}

}  // namespace ferry::system
