#pragma once

#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "system/block/qcow2/refcounts.h"

namespace ferry::system::qcow2 {

/// Where the disk's clusters are: the L1 table and the L2 tables it leads to. Changes stay in memory until
/// Image::commit() writes them.
class ClusterMap {
 public:
  ClusterMap(HostFile& file, Header& header, Refcounts& refcounts)
      : file_(file), header_(header), refcounts_(refcounts) {}
  Status load();

  /// The L2 entry of a cluster of the disk. 0 where there is no L2 table.
  Result<uint64_t> entry(uint64_t cluster);
  bool has_table(uint64_t cluster) const { return host_offset(l1_[l1_index(cluster)]) != 0; }
  /// Changes an entry and releases what the old one referred to, unless the new one has it too.
  Status replace(uint64_t cluster, uint64_t entry);

  const std::vector<uint64_t>& l1() const { return l1_; }
  /// Puts another L1 table in the place of this one, in new clusters; the old one's are released.
  Status switch_table(std::vector<uint64_t> l1);
  /// Makes the bit "referred to once" agree with the reference counts.
  Status refresh_copied();

  Status write_new();       ///< what nothing in the file refers to yet
  Status write_in_place();  ///< the rest
  bool has_changes() const { return changed_tables_ != 0 || l1_changed_; }
  /// Memory is bounded: with more changed tables than this, changes must be written.
  bool is_full() const { return changed_tables_ >= max_tables() / 2; }
  bool is_in_table(uint64_t host_cluster) const { return table_clusters_.contains(host_cluster); }

 private:
  struct Table {
    std::vector<uint64_t> entries;
    bool is_new = false, changed = false;
    uint64_t last_use = 0;
  };

  uint64_t l1_index(uint64_t cluster) const { return cluster / header_.l2_entries(); }
  size_t max_tables() const { return std::max<size_t>(64, (size_t{32} << 20) / header_.cluster_size()); }
  Result<Table*> find_table(uint64_t index);
  Result<Table*> writable_table(uint64_t index);
  void find_table_clusters();
  void mark_changed(Table& table);
  void evict();

  HostFile& file_;
  Header& header_;
  Refcounts& refcounts_;
  std::vector<uint64_t> l1_;
  bool l1_changed_ = false, l1_moved_ = false;
  std::unordered_map<uint64_t, Table> tables_;   ///< by their index in the L1 table
  std::unordered_set<uint64_t> table_clusters_;  ///< where L1 and L2 tables are
  size_t changed_tables_ = 0;
  uint64_t clock_ = 0;
};

/// The L2 entries of a table in the file, checked for its place.
Result<std::vector<uint64_t>> read_l2(const HostFile& file, const Header& header, uint64_t l1_entry);

}  // namespace ferry::system::qcow2
