// Snapshots of an image: the part of Image that changes which tables are the disk's.
#include <fmt/format.h>

#include <algorithm>
#include <ctime>

#include "system/block/qcow2/image.h"

namespace ferry::system::qcow2 {

template <typename Fn>
Status Image::for_each_reference(const std::vector<uint64_t>& l1, Fn fn) {
  for (const uint64_t l1_entry : l1) {
    if (host_offset(l1_entry) == 0) continue;
    const auto table = read_l2(file_, header_, l1_entry);
    if (!table) return table.error();
    for (const uint64_t entry : *table) {
      if (Status failed = fn(clusters_of(header_, entry))) return failed;
    }
    if (Status failed = fn(Clusters{host_offset(l1_entry) >> header_.cluster_bits, 1})) return failed;
  }
  return {};
}

Status Image::retain_all(const std::vector<uint64_t>& l1) {
  return for_each_reference(l1, [&](Clusters clusters) -> Status {
    for (uint64_t i = 0; i < clusters.count; ++i) {
      if (Status failed = refcounts_.retain(clusters.first + i)) return failed;
    }
    return {};
  });
}

Status Image::release_all(const std::vector<uint64_t>& l1) {
  return for_each_reference(l1, [&](Clusters clusters) -> Status {
    refcounts_.release_later(clusters);
    return {};
  });
}

Result<size_t> Image::find_snapshot(const std::string& name) const {
  const auto& all = snapshots_.snapshots;
  for (const auto part : {&Snapshot::name, &Snapshot::id}) {
    const auto found =
        std::find_if(all.begin(), all.end(), [&](const Snapshot& s) { return s.*part == name; });
    if (found != all.end()) return static_cast<size_t>(found - all.begin());
  }
  return file_.error(fmt::format("has no snapshot '{}'", name));
}

/// The header refers to the new table from the next commit on.
Status Image::write_snapshot_table() {
  const std::vector<std::byte> bytes = encode_snapshots(snapshots_.snapshots);
  refcounts_.release_later(
      {header_.snapshots_offset >> header_.cluster_bits, header_.clusters(snapshots_.bytes)});
  header_.snapshots = static_cast<uint32_t>(snapshots_.snapshots.size());
  header_.snapshots_offset = 0;
  snapshots_.bytes = bytes.size();
  if (bytes.empty()) return {};
  const auto first = refcounts_.allocate(header_.clusters(bytes.size()));
  if (!first) return first.error();
  header_.snapshots_offset = *first << header_.cluster_bits;
  return file_.write(header_.snapshots_offset, bytes);
}

Status Image::create_snapshot(const std::string& name) {
  if (read_only()) return Error{"the disk is read only"};
  auto& all = snapshots_.snapshots;
  if (name.empty() || name.size() > UINT16_MAX) return Error{"the name of a snapshot has 1 to 65535 bytes"};
  if (std::any_of(all.begin(), all.end(), [&](const Snapshot& s) { return s.name == name; }))
    return file_.error(fmt::format("has a snapshot '{}' already", name));
  if (all.size() >= kMaxSnapshots) return file_.error("has too many snapshots");
  uint64_t last_id = 0;
  for (const Snapshot& s : all)
    last_id = std::max<uint64_t>(last_id, std::strtoull(s.id.c_str(), nullptr, 10));

  // The tables lose their claim to be the only ones before the snapshot has one.
  if (Status failed = commit()) return failed;
  if (Status failed = retain_all(map_.l1())) return failed;
  if (Status failed = map_.refresh_copied()) return failed;
  if (Status failed = commit()) return failed;

  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  Snapshot snapshot;
  snapshot.id = std::to_string(last_id + 1);
  snapshot.name = name;
  snapshot.seconds = static_cast<uint32_t>(now.tv_sec);
  snapshot.nanoseconds = static_cast<uint32_t>(now.tv_nsec);
  snapshot.disk_size = header_.size;
  snapshot.l1_entries = static_cast<uint32_t>(map_.l1().size());
  const auto first = refcounts_.allocate(std::max<uint64_t>(1, header_.clusters(map_.l1().size() * 8)));
  if (!first) return first.error();
  snapshot.l1_offset = *first << header_.cluster_bits;
  if (Status failed = write_table(file_, snapshot.l1_offset, map_.l1())) return failed;
  all.push_back(std::move(snapshot));
  if (Status failed = write_snapshot_table()) return failed;
  return flush();
}

Status Image::apply_snapshot(const std::string& name) {
  if (read_only()) return Error{"the disk is read only"};
  const auto index = find_snapshot(name);
  if (!index) return index.error();
  const Snapshot& snapshot = snapshots_.snapshots[*index];
  auto l1 = read_l1(file_, header_, snapshot);
  if (!l1) return l1.error();
  if (snapshot.disk_size > uint64_t{INT64_MAX} ||
      header_.l1_entries_for(snapshot.disk_size) > kMaxL1Bytes / 8)
    return file_.error(fmt::format("is corrupt: the size of snapshot '{}' is invalid", name));
  l1->resize(std::max<uint64_t>(l1->size(), header_.l1_entries_for(snapshot.disk_size)));

  if (Status failed = commit()) return failed;
  if (Status failed = retain_all(*l1)) return failed;
  if (Status failed = commit()) return failed;
  // From here on the snapshot's tables are shared; they must say so before they are the disk's.
  for (uint64_t& l1_entry : *l1) {
    if (host_offset(l1_entry) == 0) continue;
    l1_entry &= ~kCopied;
    auto table = read_l2(file_, header_, l1_entry);
    if (!table) return table.error();
    bool changed = false;
    for (uint64_t& entry : *table) {
      if (is_compressed(entry) || (entry & kCopied) == 0) continue;
      entry &= ~kCopied;
      changed = true;
    }
    if (!changed) continue;
    if (Status failed = write_table(file_, host_offset(l1_entry), *table)) return failed;
  }
  if (Status failed = release_all(map_.l1())) return failed;
  if (Status failed = map_.switch_table(std::move(*l1))) return failed;
  header_.size = snapshot.disk_size;
  cached_entry_ = 0;
  return flush();
}

Status Image::delete_snapshot(const std::string& name) {
  if (read_only()) return Error{"the disk is read only"};
  const auto index = find_snapshot(name);
  if (!index) return index.error();
  const Snapshot snapshot = snapshots_.snapshots[*index];
  const auto l1 = read_l1(file_, header_, snapshot);
  if (!l1) return l1.error();
  if (Status failed = commit()) return failed;
  if (Status failed = release_all(*l1)) return failed;
  refcounts_.release_later(
      {snapshot.l1_offset >> header_.cluster_bits, std::max<uint64_t>(1, header_.clusters(l1->size() * 8))});
  snapshots_.snapshots.erase(snapshots_.snapshots.begin() + static_cast<ptrdiff_t>(*index));
  if (Status failed = write_snapshot_table()) return failed;
  if (Status failed = commit()) return failed;
  if (Status failed = map_.refresh_copied()) return failed;
  return flush();
}

}  // namespace ferry::system::qcow2
