#include <fmt/format.h>

#include "system/block/qcow2/image.h"

namespace ferry::system::qcow2 {

/// Header, refcount table, its first block, L1 table: a cluster each, but for the last. The first block
/// counts all of them, or the image is too large for its clusters.
Status create(HostFile& file, const CreateOptions& options) {
  constexpr uint64_t kTableCluster = 1, kBlockCluster = 2, kL1Cluster = 3;
  Header header;
  header.version = options.version;
  header.cluster_bits = options.cluster_bits;
  header.size = round_up(options.size, 512);
  header.refcount_order = options.refcount_order;
  header.compatible = options.lazy_refcounts ? kLazyRefcounts : 0;
  header.compression = options.compression;
  if (options.compression != Compression::Zlib) header.incompatible |= incompatible::kCompressionType;
  header.backing_file = options.backing_file;
  header.backing_format = options.backing_format;
  const uint64_t l1_entries = header.l1_entries_for(header.size);
  if (header.size > uint64_t{INT64_MAX} || l1_entries * 8 > kMaxL1Bytes)
    return file.error(
        fmt::format("cannot have {} bytes with clusters of {}", header.size, header.cluster_size()));
  header.refcount_table_offset = kTableCluster << header.cluster_bits;
  header.refcount_table_clusters = 1;
  header.l1_offset = kL1Cluster << header.cluster_bits;
  header.l1_entries = 0;

  const auto first = encode_first_cluster(header);
  if (!first) return file.error(first.error().message);
  std::vector<uint64_t> table(header.cluster_size() / 8);
  table[0] = kBlockCluster << header.cluster_bits;
  if (Status failed = file.resize(0)) return failed;
  if (Status failed = file.resize((kL1Cluster + 1) << header.cluster_bits)) return failed;
  if (Status failed = write_table(file, header.refcount_table_offset, table)) return failed;
  Refcounts refcounts(file, header);
  if (Status failed = refcounts.load()) return failed;
  for (uint64_t cluster = 0; cluster < kL1Cluster; ++cluster) {
    if (Status failed = refcounts.set(cluster, 1)) return failed;
  }
  const uint64_t l1_clusters = std::max<uint64_t>(1, header.clusters(l1_entries * 8));
  const auto l1 = refcounts.allocate(l1_clusters);
  if (!l1) return l1.error();
  header.l1_offset = *l1 << header.cluster_bits;
  header.l1_entries = static_cast<uint32_t>(l1_entries);
  if (Status failed = file.write_zeroes(header.l1_offset, l1_clusters << header.cluster_bits)) return failed;
  if (Status failed = refcounts.apply_releases()) return failed;
  if (Status failed = refcounts.write_blocks()) return failed;
  if (Status failed = refcounts.write_table()) return failed;
  if (Status failed = file.write(0, *first)) return failed;
  return file.write(0, encode_fixed(header));
}

}  // namespace ferry::system::qcow2
