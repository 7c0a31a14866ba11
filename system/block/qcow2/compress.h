#pragma once

#include "system/block/qcow2/format.h"

namespace ferry::system::qcow2 {

/// Empty if it does not get smaller.
std::vector<std::byte> compress(Compression type, std::span<const std::byte> cluster);
/// Fills `cluster`; false: `data` does not hold so much, or is damaged. More may follow it in `data`.
bool decompress(Compression type, std::span<const std::byte> data, std::span<std::byte> cluster);

}  // namespace ferry::system::qcow2
