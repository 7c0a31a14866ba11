#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "ir/support/result.h"

namespace ferry::system {

using support::Error;
using support::Result;
/// What went wrong, or nothing.
using Status = std::optional<Error>;

/// A part of a device whose bytes have the same origin.
struct Extent {
  uint64_t length;
  bool zero;  ///< known to read as zeroes; otherwise it may still do
};

/// A disk: numbered bytes. Calls come from one thread at a time, whichever that is: a worker thread may have
/// the device for itself. A call ends when it is done; what a write wrote outlives a crash of the machine
/// once a later flush() has ended.
class BlockDevice {
 public:
  virtual ~BlockDevice() = default;

  virtual uint64_t size() const = 0;
  virtual bool read_only() const = 0;
  /// Ranges must lie inside of size().
  virtual Status read(uint64_t offset, std::span<std::byte> bytes) = 0;
  virtual Status write(uint64_t offset, std::span<const std::byte> bytes) = 0;
  virtual Status write_zeroes(uint64_t offset, uint64_t length) = 0;
  /// The range is not needed any more. It reads as zeroes or as before.
  virtual Status discard(uint64_t offset, uint64_t length) = 0;
  virtual Status flush() = 0;
  /// The extent that begins at `offset`, not longer than `length`, which is not 0.
  virtual Result<Extent> extent(uint64_t offset, uint64_t length) = 0;
};

/// Refuses a range that does not lie inside of the device, and changes of one that is read only.
Status check_range(const BlockDevice& device, uint64_t offset, uint64_t length);
Status check_change(const BlockDevice& device, uint64_t offset, uint64_t length);

}  // namespace ferry::system
