#include "system/block/qcow2/cluster_map.h"

#include <fmt/format.h>

#include <algorithm>

namespace ferry::system::qcow2 {

Result<std::vector<uint64_t>> read_l2(const HostFile& file, const Header& header, uint64_t l1_entry) {
  const uint64_t offset = host_offset(l1_entry);
  if (offset % header.cluster_size() != 0)
    return file.error(fmt::format("is corrupt: an L2 table has the invalid offset {:#x}", offset));
  return read_table(file, offset, header.l2_entries(), "L2 table");
}

Status ClusterMap::load() {
  auto l1 = read_table(file_, header_.l1_offset, header_.l1_entries, "L1 table");
  if (!l1) return l1.error();
  l1_ = std::move(*l1);
  tables_.clear();
  find_table_clusters();
  return {};
}

void ClusterMap::find_table_clusters() {
  table_clusters_.clear();
  for (uint64_t i = 0; i < header_.clusters(l1_.size() * 8); ++i)
    table_clusters_.insert((header_.l1_offset >> header_.cluster_bits) + i);
  for (const uint64_t entry : l1_) {
    if (host_offset(entry) != 0) table_clusters_.insert(host_offset(entry) >> header_.cluster_bits);
  }
}

void ClusterMap::evict() {
  if (tables_.size() < max_tables()) return;
  // The older half of those that can be read again.
  std::vector<uint64_t> uses;
  for (const auto& [index, table] : tables_) {
    if (!table.changed) uses.push_back(table.last_use);
  }
  if (uses.empty()) return;
  const auto middle = uses.begin() + static_cast<ptrdiff_t>(uses.size() / 2);
  std::nth_element(uses.begin(), middle, uses.end());
  const uint64_t limit = *middle;
  std::erase_if(tables_,
                [&](const auto& item) { return !item.second.changed && item.second.last_use <= limit; });
}

Result<ClusterMap::Table*> ClusterMap::find_table(uint64_t index) {
  if (host_offset(l1_[index]) == 0) return static_cast<Table*>(nullptr);
  const auto found = tables_.find(index);
  if (found != tables_.end()) {
    found->second.last_use = ++clock_;
    return &found->second;
  }
  auto entries = read_l2(file_, header_, l1_[index]);
  if (!entries) return entries.error();
  evict();
  Table& table = tables_[index];
  table.entries = std::move(*entries);
  table.last_use = ++clock_;
  return &table;
}

void ClusterMap::mark_changed(Table& table) {
  if (!table.changed) ++changed_tables_;
  table.changed = true;
}

/// A table of this L1 table alone: a new one where there is none or a snapshot has it too.
Result<ClusterMap::Table*> ClusterMap::writable_table(uint64_t index) {
  auto table = find_table(index);
  if (!table || (*table && (l1_[index] & kCopied))) return table;
  const auto cluster = refcounts_.allocate(1);
  if (!cluster) return cluster.error();
  if (is_in_table(*cluster))
    return file_.error("is corrupt: a table in use counts as free; repair it with `check -r all`");
  if (*table) {
    table_clusters_.erase(host_offset(l1_[index]) >> header_.cluster_bits);
    refcounts_.release_later(host_offset(l1_[index]));
  } else {
    evict();
    *table = &tables_[index];
    (*table)->entries.resize(header_.l2_entries());
    (*table)->last_use = ++clock_;
  }
  (*table)->is_new = true;
  mark_changed(**table);
  table_clusters_.insert(*cluster);
  l1_[index] = *cluster << header_.cluster_bits | kCopied;
  l1_changed_ = true;
  return table;
}

Result<uint64_t> ClusterMap::entry(uint64_t cluster) {
  const auto table = find_table(l1_index(cluster));
  if (!table) return table.error();
  if (!*table) return uint64_t{0};
  const uint64_t entry = (*table)->entries[cluster % header_.l2_entries()];
  if (!is_compressed(entry) && host_offset(entry) % header_.cluster_size() != 0)
    return file_.error(
        fmt::format("is corrupt: cluster {} has the invalid offset {:#x}", cluster, host_offset(entry)));
  return entry;
}

Status ClusterMap::replace(uint64_t cluster, uint64_t entry) {
  const auto table = writable_table(l1_index(cluster));
  if (!table) return table.error();
  uint64_t& place = (*table)->entries[cluster % header_.l2_entries()];
  if (place == entry) return {};
  const bool keeps =
      !is_compressed(place) && !is_compressed(entry) && host_offset(place) == host_offset(entry);
  if (!keeps) refcounts_.release_later(clusters_of(header_, place));
  place = entry;
  mark_changed(**table);
  return {};
}

Status ClusterMap::switch_table(std::vector<uint64_t> l1) {
  const uint64_t clusters = header_.clusters(l1.size() * 8);
  const auto first = refcounts_.allocate(std::max<uint64_t>(clusters, 1));
  if (!first) return first.error();
  refcounts_.release_later({header_.l1_offset >> header_.cluster_bits, header_.clusters(l1_.size() * 8)});
  header_.l1_offset = *first << header_.cluster_bits;
  header_.l1_entries = static_cast<uint32_t>(l1.size());
  // Tables that stay where they were stay in memory.
  std::erase_if(tables_, [&](const auto& item) {
    return item.first >= l1.size() || host_offset(l1[item.first]) != host_offset(l1_[item.first]);
  });
  l1_ = std::move(l1);
  l1_changed_ = l1_moved_ = true;
  find_table_clusters();
  return {};
}

Status ClusterMap::refresh_copied() {
  const auto refresh = [&](uint64_t& entry) -> Result<bool> {
    const auto count = refcounts_.get(host_offset(entry) >> header_.cluster_bits);
    if (!count) return count.error();
    const uint64_t right = *count == 1 ? entry | kCopied : entry & ~kCopied;
    return std::exchange(entry, right) != right;
  };
  for (uint64_t index = 0; index < l1_.size(); ++index) {
    const auto table = find_table(index);
    if (!table) return table.error();
    if (!*table) continue;
    const auto changed = refresh(l1_[index]);
    if (!changed) return changed.error();
    l1_changed_ |= *changed;
    for (uint64_t& entry : (*table)->entries) {
      if (is_compressed(entry) || host_offset(entry) == 0) continue;
      const auto differs = refresh(entry);
      if (!differs) return differs.error();
      if (*differs) mark_changed(**table);
    }
  }
  return {};
}

Status ClusterMap::write_new() {
  for (auto& [index, table] : tables_) {
    if (!table.is_new) continue;
    if (Status failed = write_table(file_, host_offset(l1_[index]), table.entries)) return failed;
    table.is_new = table.changed = false;
    --changed_tables_;
  }
  if (l1_moved_) {
    if (Status failed = write_table(file_, header_.l1_offset, l1_)) return failed;
    l1_moved_ = l1_changed_ = false;
  }
  return {};
}

Status ClusterMap::write_in_place() {
  for (auto& [index, table] : tables_) {
    if (!table.changed) continue;
    if (Status failed = write_table(file_, host_offset(l1_[index]), table.entries)) return failed;
    table.changed = false;
    --changed_tables_;
  }
  if (l1_changed_) {
    if (Status failed = write_table(file_, header_.l1_offset, l1_)) return failed;
    l1_changed_ = false;
  }
  return {};
}

}  // namespace ferry::system::qcow2
