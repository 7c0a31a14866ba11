#include "system/block/qcow2/check.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <unordered_map>

#include "system/block/qcow2/cluster_map.h"
#include "system/block/qcow2/snapshot_table.h"

namespace ferry::system::qcow2 {

namespace {

constexpr size_t kMaxFindings = 100;

/// Numbers of references to clusters. An image of any size has few where they are dense.
class References {
 public:
  void add(uint64_t cluster) { ++groups_[cluster / kGroup][cluster % kGroup]; }
  uint32_t of(uint64_t cluster) const {
    const auto group = groups_.find(cluster / kGroup);
    return group == groups_.end() ? 0 : group->second[cluster % kGroup];
  }
  template <typename Fn>
  void for_each(Fn fn) const {
    for (const auto& [group, counts] : groups_) {
      for (uint64_t i = 0; i < kGroup; ++i) {
        if (counts[i] != 0) fn(group * kGroup + i, counts[i]);
      }
    }
  }

 private:
  static constexpr uint64_t kGroup = 64;
  std::unordered_map<uint64_t, std::array<uint32_t, kGroup>> groups_;
};

class Checker {
 public:
  Checker(HostFile& file, Header& header) : file_(file), header_(header) {}

  Result<CheckResult> run(Repair repair);

 private:
  void corruption(std::string text);
  void leak(std::string text);
  void report(std::string text);
  void refer(uint64_t offset, uint64_t length, std::string_view what);
  Status count_references();
  void count_table(const std::vector<uint64_t>& l1, bool active);
  void count_entry(uint64_t entry, bool active);
  Status compare();
  Status compare_copied();
  Status repair_leaks();
  Status rebuild();
  Status repair_copied();
  Status finish_repair(bool complete);
  void clear_findings();

  HostFile& file_;
  Header& header_;
  uint64_t file_size_ = 0;
  References references_;
  CheckResult result_;
  uint64_t broken_ = 0;  ///< corruptions that are no wrong numbers: no repair makes them good
  bool reports_ = true;
};

void Checker::report(std::string text) {
  if (reports_ && result_.findings.size() < kMaxFindings) result_.findings.push_back(std::move(text));
}

void Checker::corruption(std::string text) {
  ++result_.corruptions;
  report("ERROR " + std::move(text));
}

void Checker::leak(std::string text) {
  ++result_.leaks;
  report("Leaked " + std::move(text));
}

/// Counts the clusters of a range, which must lie in the file.
void Checker::refer(uint64_t offset, uint64_t length, std::string_view what) {
  if (length == 0) return;
  if (offset >= round_up(file_size_, header_.cluster_size()) ||
      length > round_up(file_size_, header_.cluster_size()) - offset) {
    ++broken_;
    return corruption(fmt::format("{} at {:#x} is not in the file", what, offset));
  }
  for (uint64_t cluster = offset >> header_.cluster_bits;
       cluster <= (offset + length - 1) >> header_.cluster_bits; ++cluster)
    references_.add(cluster);
}

void Checker::count_entry(uint64_t entry, bool active) {
  if (is_compressed(entry)) {
    const Range range = compressed_range(header_, entry);
    // The last sector may be cut short.
    const uint64_t end = round_up(file_size_, header_.cluster_size());
    refer(range.offset, range.offset < end ? std::min(range.length, end - range.offset) : range.length,
          "compressed cluster");
    result_.compressed_clusters += active;
    result_.allocated_clusters += active;
    return;
  }
  const uint64_t offset = host_offset(entry);
  if (offset == 0) return;
  if (offset % header_.cluster_size() != 0) {
    ++broken_;
    return corruption(fmt::format("data cluster at {:#x} is not aligned", offset));
  }
  refer(offset, header_.cluster_size(), "data cluster");
  result_.allocated_clusters += active;
}

void Checker::count_table(const std::vector<uint64_t>& l1, bool active) {
  for (const uint64_t l1_entry : l1) {
    if (host_offset(l1_entry) == 0) continue;
    const auto table = read_l2(file_, header_, l1_entry);
    if (!table) {
      ++broken_;
      corruption(fmt::format("L2 table at {:#x} is not in the file or not aligned", host_offset(l1_entry)));
      continue;
    }
    refer(host_offset(l1_entry), header_.cluster_size(), "L2 table");
    for (const uint64_t entry : *table) count_entry(entry, active);
  }
}

Status Checker::count_references() {
  refer(0, header_.cluster_size(), "header");
  const auto l1 = read_table(file_, header_.l1_offset, header_.l1_entries, "L1 table");
  if (!l1) return l1.error();
  refer(header_.l1_offset, l1->size() * 8, "L1 table");
  count_table(*l1, true);
  const auto snapshots = read_snapshots(file_, header_);
  if (!snapshots) return snapshots.error();
  refer(header_.snapshots_offset, snapshots->bytes, "snapshot table");
  for (const Snapshot& snapshot : snapshots->snapshots) {
    const auto table = read_l1(file_, header_, snapshot);
    if (!table) return table.error();
    refer(snapshot.l1_offset, table->size() * 8, "L1 table of a snapshot");
    count_table(*table, false);
  }
  return {};
}

/// All numbers in the file against the references, those of the reference counts' own tables included.
Status Checker::compare() {
  const auto table =
      read_table(file_, header_.refcount_table_offset,
                 header_.refcount_table_clusters * header_.cluster_size() / 8, "refcount table");
  if (!table) return table.error();
  Refcounts refcounts(file_, header_);
  if (Status failed = refcounts.load()) return failed;
  References all = references_;
  for (uint64_t i = 0; i < header_.refcount_table_clusters; ++i)
    all.add((header_.refcount_table_offset >> header_.cluster_bits) + i);
  for (const uint64_t offset : *table) {
    if (offset != 0) all.add(offset >> header_.cluster_bits);
  }
  uint64_t last = 0;
  Status failed;
  const auto compare_one = [&](uint64_t cluster, uint64_t wanted) {
    const auto count = refcounts.get(cluster);
    if (!count) {
      failed = count.error();
    } else if (*count < wanted) {
      corruption(fmt::format("cluster {} refcount={} reference={}", cluster, *count, wanted));
    } else if (*count > wanted) {
      leak(fmt::format("cluster {} refcount={} reference={}", cluster, *count, wanted));
    }
  };
  all.for_each([&](uint64_t cluster, uint64_t wanted) {
    last = std::max(last, cluster);
    if (!failed) compare_one(cluster, wanted);
  });
  for (uint64_t block = 0; block < table->size() && !failed; ++block) {
    if ((*table)[block] == 0) continue;
    const uint64_t first = block * refcounts.counts_per_block();
    for (uint64_t cluster = first; cluster < first + refcounts.counts_per_block() && !failed; ++cluster) {
      if (all.of(cluster) == 0) compare_one(cluster, 0);
    }
  }
  result_.image_end = (last + 1) << header_.cluster_bits;
  return failed;
}

Status Checker::compare_copied() {
  Refcounts refcounts(file_, header_);
  if (Status failed = refcounts.load()) return failed;
  const auto l1 = read_table(file_, header_.l1_offset, header_.l1_entries, "L1 table");
  if (!l1) return l1.error();
  const auto compare_one = [&](uint64_t entry, const char* what) -> Status {
    const auto count = refcounts.get(host_offset(entry) >> header_.cluster_bits);
    if (!count) return count.error();
    if ((*count == 1) != ((entry & kCopied) != 0))
      corruption(
          fmt::format("copied bit of {} at {:#x} is wrong: refcount={}", what, host_offset(entry), *count));
    return {};
  };
  for (const uint64_t l1_entry : *l1) {
    if (host_offset(l1_entry) == 0) continue;
    const auto table = read_l2(file_, header_, l1_entry);
    if (!table) continue;  // reported
    if (Status failed = compare_one(l1_entry, "L2 table")) return failed;
    for (const uint64_t entry : *table) {
      if (is_compressed(entry) || host_offset(entry) == 0) continue;
      if (Status failed = compare_one(entry, "data cluster")) return failed;
    }
  }
  return {};
}

Status Checker::repair_leaks() {
  Refcounts refcounts(file_, header_);
  if (Status failed = refcounts.load()) return failed;
  const auto table = refcounts.table();
  References all = references_;
  for (uint64_t i = 0; i < header_.refcount_table_clusters; ++i)
    all.add((header_.refcount_table_offset >> header_.cluster_bits) + i);
  for (const uint64_t offset : table) {
    if (offset != 0) all.add(offset >> header_.cluster_bits);
  }
  for (uint64_t block = 0; block < table.size(); ++block) {
    if (table[block] == 0) continue;
    const uint64_t first = block * refcounts.counts_per_block();
    for (uint64_t cluster = first; cluster < first + refcounts.counts_per_block(); ++cluster) {
      const auto count = refcounts.get(cluster);
      if (!count) return count.error();
      if (*count <= all.of(cluster)) continue;
      if (Status failed = refcounts.set(cluster, all.of(cluster))) return failed;
    }
  }
  if (Status failed = refcounts.write_blocks()) return failed;
  return file_.sync();
}

/// New reference counts in new clusters behind all others: the old ones, which may lie anywhere, are not
/// used.
Status Checker::rebuild() {
  const uint64_t per_block = header_.cluster_size() * 8 >> header_.refcount_order;
  const uint64_t start = header_.clusters(file_size_);
  uint64_t blocks = 0, clusters = 0;
  for (uint64_t before = UINT64_MAX; before != blocks + clusters;) {
    before = blocks + clusters;
    blocks = divide_up(start + blocks + clusters, per_block);
    clusters = header_.clusters(blocks * 8);
  }
  if (clusters * header_.cluster_size() > kMaxRefcountTableBytes)
    return file_.error("cannot be repaired: it is too large");
  Header fresh = header_;
  fresh.refcount_table_offset = start << header_.cluster_bits;
  fresh.refcount_table_clusters = static_cast<uint32_t>(clusters);
  std::vector<uint64_t> table(clusters * header_.cluster_size() / 8);
  for (uint64_t i = 0; i < blocks; ++i) table[i] = (start + clusters + i) << header_.cluster_bits;
  if (Status failed =
          file_.write_zeroes(fresh.refcount_table_offset, (clusters + blocks) << header_.cluster_bits))
    return failed;
  if (Status failed = write_table(file_, fresh.refcount_table_offset, table)) return failed;

  Refcounts refcounts(file_, fresh);
  if (Status failed = refcounts.load()) return failed;
  Status failed;
  references_.for_each([&](uint64_t cluster, uint64_t count) {
    if (failed) return;
    failed = count > refcounts.max_count()
                 ? file_.error("cannot be repaired: its refcounts have too few bits")
                 : refcounts.set(cluster, count);
  });
  if (failed) return failed;
  for (uint64_t i = 0; i < clusters + blocks; ++i) {
    if (Status problem = refcounts.set(start + i, 1)) return problem;
  }
  if (Status problem = refcounts.write_blocks()) return problem;
  if (Status problem = file_.sync()) return problem;
  header_ = fresh;
  if (Status problem = file_.write(0, encode_fixed(header_))) return problem;
  return file_.sync();
}

Status Checker::repair_copied() {
  Refcounts refcounts(file_, header_);
  ClusterMap map(file_, header_, refcounts);
  if (Status failed = refcounts.load()) return failed;
  if (Status failed = map.load()) return failed;
  if (Status failed = map.refresh_copied()) return failed;
  if (Status failed = map.write_in_place()) return failed;
  return file_.sync();
}

Status Checker::finish_repair(bool complete) {
  if (!complete || !(header_.has(incompatible::kDirty) || header_.has(incompatible::kCorrupt))) return {};
  header_.incompatible &= ~(incompatible::kDirty | incompatible::kCorrupt);
  if (Status failed = file_.write(0, encode_fixed(header_))) return failed;
  return file_.sync();
}

Result<CheckResult> Checker::run(Repair repair) {
  if (header_.autoclear & kBitmaps && repair != Repair::None)
    return file_.error("has bitmaps, which ferry cannot repair");
  const auto size = file_.size();
  if (!size) return size.error();
  file_size_ = *size;
  result_.total_clusters = header_.clusters(header_.size);
  if (Status failed = count_references()) return *failed;
  Status unreadable = compare();
  const bool counts_are_wrong = unreadable || result_.corruptions > broken_;
  if (unreadable && repair != Repair::All) return *unreadable;
  if (unreadable) corruption(unreadable->message);
  if (Status failed = counts_are_wrong ? Status{} : compare_copied()) return *failed;
  const bool found_wrong = result_.corruptions != broken_;
  if (repair == Repair::None || (result_.corruptions == 0 && result_.leaks == 0)) {
    if (repair == Repair::All) {
      if (Status failed = finish_repair(true)) return *failed;
    }
    return result_;
  }
  if (repair == Repair::All && broken_ != 0)
    return file_.error("cannot be repaired: " + result_.findings.front());

  const uint64_t corruptions = result_.corruptions, leaks = result_.leaks;
  if (repair == Repair::All && counts_are_wrong) {
    if (Status failed = rebuild()) return *failed;
  } else if (Status failed = repair_leaks()) {
    return *failed;
  }
  if (repair == Repair::All && found_wrong) {
    if (Status failed = repair_copied()) return *failed;
  }
  result_.corruptions = result_.leaks = 0;
  reports_ = false;
  file_size_ = *file_.size();
  if (Status failed = compare()) return *failed;
  result_.corruptions += broken_;
  if (Status failed = compare_copied()) return *failed;
  result_.corruptions_fixed = corruptions - std::min(corruptions, result_.corruptions);
  result_.leaks_fixed = leaks - std::min(leaks, result_.leaks);
  if (repair == Repair::All) {
    if (Status failed = finish_repair(result_.corruptions == 0)) return *failed;
  }
  return result_;
}

}  // namespace

Result<CheckResult> check(HostFile& file, Header& header, Repair repair) {
  return Checker(file, header).run(repair);
}

}  // namespace ferry::system::qcow2
