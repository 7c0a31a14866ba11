#pragma once

#include <set>
#include <unordered_map>
#include <vector>

#include "system/block/qcow2/format.h"

namespace ferry::system::qcow2 {

/// How often each cluster of the file is referred to. Changes stay in memory until Image::commit() writes
/// them: what is new before what refers to it, what is released after nothing does any more.
class Refcounts {
 public:
  Refcounts(HostFile& file, Header& header) : file_(file), header_(header) {}
  Status load();

  Result<uint64_t> get(uint64_t cluster);
  Status set(uint64_t cluster, uint64_t count);
  /// One reference more.
  Status retain(uint64_t cluster);
  /// One less, once no table in the file refers to them (apply_releases()).
  void release_later(Clusters clusters);
  void release_later(uint64_t offset) { release_later({offset >> header_.cluster_bits, 1}); }
  Status apply_releases();

  /// The first of `count` clusters in a row, referred to once.
  Result<uint64_t> allocate(uint64_t count);
  /// Room for compressed data: not aligned, may share its first cluster with what was allocated before it.
  Result<uint64_t> allocate_bytes(uint64_t bytes);

  Status write_blocks();  ///< and a table that has moved
  Status write_table();   ///< in its place; the header is the caller's
  bool has_changed_table() const { return table_changed_; }

  uint64_t max_count() const;
  const std::vector<uint64_t>& table() const { return table_; }
  bool is_in_table_or_block(uint64_t cluster) const;

  uint64_t counts_per_block() const { return header_.cluster_size() * 8 >> header_.refcount_order; }

 private:
  using Block = std::vector<std::byte>;

  Result<Block*> find_block(uint64_t index);  ///< nullptr: there is none, all counts are 0
  Error corrupt() const;
  Status grow_table(uint64_t index);
  void add_block(uint64_t index, uint64_t cluster);
  uint64_t count_in(const Block& block, uint64_t position) const;
  void put_count(Block& block, uint64_t position, uint64_t count) const;

  HostFile& file_;
  Header& header_;
  std::vector<uint64_t> table_;
  std::unordered_map<uint64_t, Block> blocks_;             ///< by their index in the table
  std::unordered_map<uint64_t, uint64_t> block_clusters_;  ///< cluster of a block -> its index
  std::set<uint64_t> changed_blocks_;
  bool table_changed_ = false, table_moved_ = false;
  std::vector<Clusters> releases_;
  uint64_t first_free_ = 0;  ///< no cluster before it is free
  uint64_t bytes_end_ = 0;   ///< where the last compressed data ended
};

}  // namespace ferry::system::qcow2
