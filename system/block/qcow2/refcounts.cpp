#include "system/block/qcow2/refcounts.h"

#include <fmt/format.h>

#include <algorithm>

namespace ferry::system::qcow2 {

Status Refcounts::load() {
  auto table = read_table(file_, header_.refcount_table_offset,
                          header_.refcount_table_clusters * header_.cluster_size() / 8, "refcount table");
  if (!table) return table.error();
  table_ = std::move(*table);
  for (uint64_t i = 0; i < table_.size(); ++i) {
    if (table_[i] % header_.cluster_size() != 0 || table_[i] > kOffsetMask)
      return file_.error(
          fmt::format("is corrupt: refcount block {} has the invalid offset {:#x}", i, table_[i]));
    if (table_[i] != 0) block_clusters_.emplace(table_[i] >> header_.cluster_bits, i);
  }
  return {};
}

uint64_t Refcounts::max_count() const {
  return header_.refcount_order == 6 ? UINT64_MAX
                                     : (uint64_t{1} << (uint64_t{1} << header_.refcount_order)) - 1;
}

uint64_t Refcounts::count_in(const Block& block, uint64_t position) const {
  switch (header_.refcount_order) {
    case 6:
      return load_be<uint64_t>(block, position * 8);
    case 5:
      return load_be<uint32_t>(block, position * 4);
    case 4:
      return load_be<uint16_t>(block, position * 2);
    default: {
      const unsigned bits = 1u << header_.refcount_order;
      const uint64_t bit = position * bits;
      return std::to_integer<uint64_t>(block[bit / 8]) >> (bit % 8) & max_count();
    }
  }
}

void Refcounts::put_count(Block& block, uint64_t position, uint64_t count) const {
  switch (header_.refcount_order) {
    case 6:
      return store_be(block, position * 8, count);
    case 5:
      return store_be(block, position * 4, static_cast<uint32_t>(count));
    case 4:
      return store_be(block, position * 2, static_cast<uint16_t>(count));
    default: {
      const uint64_t bit = position << header_.refcount_order;
      std::byte& byte = block[bit / 8];
      byte &= static_cast<std::byte>(~(max_count() << (bit % 8)));
      byte |= static_cast<std::byte>(count << (bit % 8));
    }
  }
}

Result<Refcounts::Block*> Refcounts::find_block(uint64_t index) {
  if (index >= table_.size() || table_[index] == 0) return static_cast<Block*>(nullptr);
  const auto found = blocks_.find(index);
  if (found != blocks_.end()) return &found->second;
  Block block(header_.cluster_size());
  const auto size = file_.size();
  if (!size) return size.error();
  if (table_[index] >= *size)
    return file_.error(fmt::format("is corrupt or truncated: its refcount block at {:#x} is not in the file",
                                   table_[index]));
  if (Status failed = file_.read_padded(table_[index], block)) return *failed;
  return &blocks_.emplace(index, std::move(block)).first->second;
}

void Refcounts::add_block(uint64_t index, uint64_t cluster) {
  table_[index] = cluster << header_.cluster_bits;
  table_changed_ = true;
  blocks_[index] = Block(header_.cluster_size());
  block_clusters_[cluster] = index;
  changed_blocks_.insert(index);
}

/// The table moves behind all that it counts, followed by the blocks that count it, of which it needs
/// to have all.
Status Refcounts::grow_table(uint64_t index) {
  const uint64_t per_block = counts_per_block();
  const uint64_t start = std::max(index, table_.size()) * per_block;
  uint64_t clusters = 0, blocks = 1;
  for (uint64_t before = 0; before != blocks + clusters;) {
    before = blocks + clusters;
    blocks = divide_up(clusters + blocks, per_block);
    const uint64_t entries = std::max(start / per_block + blocks, table_.size() * 3 / 2);
    clusters = header_.clusters(entries * 8);
  }
  if (clusters * header_.cluster_size() > kMaxRefcountTableBytes)
    return file_.error("cannot grow: its refcount table would be too large");
  release_later({header_.refcount_table_offset >> header_.cluster_bits, header_.refcount_table_clusters});
  table_.resize(clusters * header_.cluster_size() / 8);
  header_.refcount_table_offset = start << header_.cluster_bits;
  header_.refcount_table_clusters = static_cast<uint32_t>(clusters);
  table_changed_ = table_moved_ = true;
  for (uint64_t i = 0; i < blocks; ++i) add_block(start / per_block + i, start + clusters + i);
  for (uint64_t i = 0; i < clusters + blocks; ++i) {
    if (Status failed = set(start + i, 1)) return failed;
  }
  return {};
}

Error Refcounts::corrupt() const {
  return file_.error("is corrupt: a cluster in use counts as free; repair it with `check -r all`");
}

Result<uint64_t> Refcounts::get(uint64_t cluster) {
  const auto block = find_block(cluster / counts_per_block());
  if (!block) return block.error();
  return *block ? count_in(**block, cluster % counts_per_block()) : 0;
}

Status Refcounts::set(uint64_t cluster, uint64_t count) {
  const uint64_t index = cluster / counts_per_block();
  const auto block = find_block(index);
  if (!block) return block.error();
  if (!*block) return corrupt();
  put_count(**block, cluster % counts_per_block(), count);
  changed_blocks_.insert(index);
  if (count == 0) first_free_ = std::min(first_free_, cluster);
  return {};
}

Status Refcounts::retain(uint64_t cluster) {
  const auto count = get(cluster);
  if (!count) return count.error();
  if (*count == 0 || *count == max_count())
    return *count == 0 ? corrupt() : file_.error("has refcounts of too few bits for another reference");
  return set(cluster, *count + 1);
}

void Refcounts::release_later(Clusters clusters) {
  if (clusters.count == 0) return;
  if (!releases_.empty() && releases_.back().first + releases_.back().count == clusters.first) {
    releases_.back().count += clusters.count;
  } else {
    releases_.push_back(clusters);
  }
}

Status Refcounts::apply_releases() {
  const std::vector<Clusters> releases = std::exchange(releases_, {});
  for (const Clusters& run : releases) {
    uint64_t freed_from = run.first;  // [freed_from, cluster) is free now
    for (uint64_t cluster = run.first; cluster <= run.first + run.count; ++cluster) {
      bool free = false;
      if (cluster < run.first + run.count) {
        const auto count = get(cluster);
        if (!count) return count.error();
        if (*count == 0) return corrupt();
        if (Status failed = set(cluster, *count - 1)) return failed;
        free = *count == 1;
        if (free && cluster == bytes_end_ >> header_.cluster_bits) bytes_end_ = 0;
      }
      if (free) continue;
      if (cluster > freed_from)
        file_.discard(freed_from << header_.cluster_bits, (cluster - freed_from) << header_.cluster_bits);
      freed_from = cluster + 1;
    }
  }
  return {};
}

/// Blocks that are missing for the clusters, and for themselves, follow them.
Result<uint64_t> Refcounts::allocate(uint64_t count) {
  uint64_t start = first_free_, found = 0, missing = 0;
  while (found < count + missing) {
    const uint64_t cluster = start + found, index = cluster / counts_per_block();
    if (index >= table_.size()) {
      if (Status failed = grow_table(index)) return *failed;
    }
    const auto references = get(cluster);
    if (!references) return references.error();
    if (*references == 0) {
      if (table_[index] == 0 && (found == 0 || cluster % counts_per_block() == 0)) ++missing;
      ++found;
      continue;
    }
    if (start == first_free_ && found == 0) ++first_free_;
    start = cluster + 1;
    found = missing = 0;
  }
  if (start + found > kOffsetMask >> header_.cluster_bits) return file_.error("is too large");
  for (uint64_t cluster = start; cluster < start + found; ++cluster) {
    if (is_in_table_or_block(cluster)) return corrupt();
  }
  uint64_t block = start + count;
  for (uint64_t index = start / counts_per_block(); block < start + found; ++index) {
    if (table_[index] == 0) add_block(index, block++);
  }
  for (uint64_t cluster = start; cluster < start + found; ++cluster) {
    if (Status failed = set(cluster, 1)) return *failed;
  }
  return start;
}

Result<uint64_t> Refcounts::allocate_bytes(uint64_t bytes) {
  const uint64_t size = header_.cluster_size();
  const uint64_t rest = bytes_end_ == 0 ? 0 : round_up(bytes_end_, size) - bytes_end_;
  const uint64_t shared = bytes_end_ / size;
  bool may_share = rest != 0;
  if (may_share) {
    const auto count = get(shared);
    if (!count) return count.error();
    may_share = *count != 0 && *count < max_count();
  }
  if (may_share && bytes <= rest) {
    if (Status failed = retain(shared)) return *failed;
    bytes_end_ += bytes;
    return bytes_end_ - bytes;
  }
  const auto cluster = allocate(1);
  if (!cluster) return cluster.error();
  uint64_t start = *cluster * size;
  if (may_share && *cluster == shared + 1) {
    if (Status failed = retain(shared)) return *failed;
    start = bytes_end_;
  }
  bytes_end_ = start + bytes;
  return start;
}

Status Refcounts::write_blocks() {
  if (table_moved_) {
    if (Status failed = qcow2::write_table(file_, header_.refcount_table_offset, table_)) return failed;
    table_moved_ = false;
  }
  while (!changed_blocks_.empty()) {
    const uint64_t index = *changed_blocks_.begin();
    if (Status failed = file_.write(table_[index], blocks_.at(index))) return failed;
    changed_blocks_.erase(changed_blocks_.begin());
  }
  return {};
}

Status Refcounts::write_table() {
  if (Status failed = qcow2::write_table(file_, header_.refcount_table_offset, table_)) return failed;
  table_changed_ = false;
  return {};
}

bool Refcounts::is_in_table_or_block(uint64_t cluster) const {
  const uint64_t table = header_.refcount_table_offset >> header_.cluster_bits;
  return cluster == 0 || (cluster >= table && cluster - table < header_.refcount_table_clusters) ||
         block_clusters_.contains(cluster);
}

}  // namespace ferry::system::qcow2
