#pragma once

#include "system/block/qcow2/format.h"

namespace ferry::system::qcow2 {

/// An entry of the snapshot table.
struct Snapshot {
  uint64_t l1_offset = 0;
  uint32_t l1_entries = 0;
  std::string id, name;
  uint32_t seconds = 0, nanoseconds = 0;  ///< when it was taken, since the Epoch
  uint64_t vm_clock = 0;                  ///< nanoseconds that the guest had run
  uint64_t vm_state_size = 0;
  uint64_t disk_size = 0;
  std::vector<std::byte> extra;  ///< as in the file; its first two numbers are the two above
};

/// The snapshots, and the bytes that their table has in the file.
struct SnapshotTable {
  std::vector<Snapshot> snapshots;
  uint64_t bytes = 0;
};

Result<SnapshotTable> read_snapshots(const HostFile& file, const Header& header);
std::vector<std::byte> encode_snapshots(const std::vector<Snapshot>& snapshots);
Result<std::vector<uint64_t>> read_l1(const HostFile& file, const Header& header, const Snapshot& snapshot);

}  // namespace ferry::system::qcow2
