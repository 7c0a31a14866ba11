#include "system/block/qcow2/snapshot_table.h"

#include <fmt/format.h>

#include <algorithm>

namespace ferry::system::qcow2 {

namespace {

constexpr size_t kEntryBytes = 40, kExtraBytes = 16;
constexpr uint32_t kMaxExtraBytes = 1024;  // QEMU's limit
constexpr uint64_t kMaxTableBytes = 64 << 20;

std::string text(const std::vector<std::byte>& bytes, size_t at, size_t length) {
  return {reinterpret_cast<const char*>(bytes.data()) + at, length};
}

void append(std::vector<std::byte>& out, std::span<const std::byte> bytes) {
  out.insert(out.end(), bytes.begin(), bytes.end());
}

void encode(const Snapshot& s, std::vector<std::byte>& out) {
  std::vector<std::byte> fixed(kEntryBytes), extra = s.extra;
  extra.resize(std::max(extra.size(), kExtraBytes));
  store_be(extra, 0, s.vm_state_size);
  store_be(extra, 8, s.disk_size);
  store_be(fixed, 0, s.l1_offset);
  store_be(fixed, 8, s.l1_entries);
  store_be(fixed, 12, static_cast<uint16_t>(s.id.size()));
  store_be(fixed, 14, static_cast<uint16_t>(s.name.size()));
  store_be(fixed, 16, s.seconds);
  store_be(fixed, 20, s.nanoseconds);
  store_be(fixed, 24, s.vm_clock);
  store_be(fixed, 32, static_cast<uint32_t>(std::min<uint64_t>(s.vm_state_size, UINT32_MAX)));
  store_be(fixed, 36, static_cast<uint32_t>(extra.size()));
  append(out, fixed);
  append(out, extra);
  append(out, std::as_bytes(std::span(s.id)));
  append(out, std::as_bytes(std::span(s.name)));
  out.resize(round_up(out.size(), 8));
}

}  // namespace

Result<SnapshotTable> read_snapshots(const HostFile& file, const Header& header) {
  SnapshotTable table;
  const auto size = file.size();
  if (!size) return size.error();
  uint64_t at = header.snapshots_offset;
  const auto take = [&](uint64_t bytes) -> Result<std::vector<std::byte>> {
    if (at > *size || bytes > *size - at || at - header.snapshots_offset > kMaxTableBytes)
      return file.error("is corrupt or truncated: its snapshot table is not in the file");
    std::vector<std::byte> part(bytes);
    if (Status failed = file.read(at, part)) return *failed;
    at += bytes;
    return part;
  };
  for (uint32_t i = 0; i < header.snapshots; ++i) {
    const auto fixed = take(kEntryBytes);
    if (!fixed) return fixed.error();
    Snapshot s;
    s.l1_offset = load_be<uint64_t>(*fixed, 0);
    s.l1_entries = load_be<uint32_t>(*fixed, 8);
    const size_t id = load_be<uint16_t>(*fixed, 12), name = load_be<uint16_t>(*fixed, 14);
    s.seconds = load_be<uint32_t>(*fixed, 16);
    s.nanoseconds = load_be<uint32_t>(*fixed, 20);
    s.vm_clock = load_be<uint64_t>(*fixed, 24);
    s.vm_state_size = load_be<uint32_t>(*fixed, 32);
    const auto extra = load_be<uint32_t>(*fixed, 36);
    if (extra > kMaxExtraBytes) return file.error(fmt::format("is corrupt: snapshot {} is invalid", i));
    auto rest = take(extra + id + name);
    if (!rest) return rest.error();
    s.extra.assign(rest->begin(), rest->begin() + extra);
    if (extra >= 8) s.vm_state_size = load_be<uint64_t>(s.extra, 0);
    s.disk_size = extra >= kExtraBytes ? load_be<uint64_t>(s.extra, 8) : header.size;
    s.id = text(*rest, extra, id);
    s.name = text(*rest, extra + id, name);
    at = header.snapshots_offset + round_up(at - header.snapshots_offset, 8);
    table.snapshots.push_back(std::move(s));
  }
  table.bytes = at - header.snapshots_offset;
  return table;
}

std::vector<std::byte> encode_snapshots(const std::vector<Snapshot>& snapshots) {
  std::vector<std::byte> out;
  for (const Snapshot& snapshot : snapshots) encode(snapshot, out);
  return out;
}

Result<std::vector<uint64_t>> read_l1(const HostFile& file, const Header& header, const Snapshot& snapshot) {
  if (snapshot.l1_offset % header.cluster_size() != 0 || uint64_t{snapshot.l1_entries} * 8 > kMaxL1Bytes)
    return file.error("is corrupt: the L1 table of a snapshot is invalid");
  return read_table(file, snapshot.l1_offset, snapshot.l1_entries, "snapshot's L1 table");
}

}  // namespace ferry::system::qcow2
