#pragma once

#include <memory>

#include "system/block/qcow2/cluster_map.h"
#include "system/block/qcow2/snapshot_table.h"

namespace ferry::system::qcow2 {

/// A disk in qcow2's format. What the file refers to is complete whenever the process ends: commit() writes
/// in an order in which only clusters can be lost that nothing refers to, which `check -r` finds.
class Image final : public BlockDevice {
 public:
  /// `backing` may be nullptr. A file opened for writing that another program left dirty is repaired.
  static Result<std::unique_ptr<Image>> open(HostFile file, std::unique_ptr<BlockDevice> backing);

  uint64_t size() const override { return header_.size; }
  bool read_only() const override { return file_.access() == Access::Read; }
  Status read(uint64_t offset, std::span<std::byte> bytes) override;
  Status write(uint64_t offset, std::span<const std::byte> bytes) override;
  Status write_zeroes(uint64_t offset, uint64_t length) override;
  Status discard(uint64_t offset, uint64_t length) override;
  Status flush() override;
  Result<Extent> extent(uint64_t offset, uint64_t length) override;

  /// A whole cluster of the disk (its last one may be shorter).
  Status write_compressed(uint64_t offset, std::span<const std::byte> bytes);
  /// Reserves clusters for all that has none: they read as zeroes.
  Status preallocate();
  Status resize(uint64_t size);

  const std::vector<Snapshot>& snapshots() const { return snapshots_.snapshots; }
  Status create_snapshot(const std::string& name);
  Status apply_snapshot(const std::string& name);  ///< or its ID
  Status delete_snapshot(const std::string& name);

  const Header& header() const { return header_; }
  const HostFile& file() const { return file_; }

 private:
  Image(HostFile file, Header header, std::unique_ptr<BlockDevice> backing);
  Status load();

  /// A part of the disk that does not cross the end of a cluster.
  struct Piece {
    uint64_t cluster, in_cluster, length;
  };
  Piece piece_at(uint64_t offset, uint64_t length) const;
  bool covers_cluster(const Piece& piece) const;
  Status read_piece(const Piece& piece, uint64_t entry, std::span<std::byte> bytes);
  Status read_backing(uint64_t offset, std::span<std::byte> bytes);
  Status read_compressed(uint64_t entry, const Piece& piece, std::span<std::byte> bytes);
  Status write_piece(const Piece& piece, std::span<const std::byte> bytes);
  Status place_cluster(uint64_t cluster, uint64_t old_entry, std::span<const std::byte> bytes);
  Status clear(uint64_t offset, uint64_t length, bool must_read_zero);
  Status clear_piece(const Piece& piece, bool must_read_zero);
  Result<Extent> extent_of(const Piece& piece);
  uint64_t rest_of_table(const Piece& piece) const;
  Status drop_clusters(uint64_t first, uint64_t end);
  bool backing_covers(uint64_t cluster) const;
  bool is_metadata(uint64_t host_cluster) const;
  Status bound_memory() { return map_.is_full() ? commit() : Status{}; }
  Status commit();
  Status write_header();

  Result<size_t> find_snapshot(const std::string& name) const;
  Status write_snapshot_table();
  /// Calls fn with all that an L1 table refers to: its L2 tables and what they refer to.
  template <typename Fn>
  Status for_each_reference(const std::vector<uint64_t>& l1, Fn fn);
  Status retain_all(const std::vector<uint64_t>& l1);
  Status release_all(const std::vector<uint64_t>& l1);

  HostFile file_;
  Header header_;
  std::vector<std::byte> written_header_;
  Refcounts refcounts_;
  ClusterMap map_;
  SnapshotTable snapshots_;
  std::unique_ptr<BlockDevice> backing_;
  uint64_t cached_entry_ = 0;  ///< of the compressed cluster whose content is in cached_cluster_; 0: none
  std::vector<std::byte> cached_cluster_;
  bool ends_in_compressed_ = false;  ///< the file may end in the middle of a cluster
};

/// What a new image is to be.
struct CreateOptions {
  uint64_t size = 0;
  uint32_t version = 3;
  uint32_t cluster_bits = 16;
  uint32_t refcount_order = 4;
  bool lazy_refcounts = false;
  Compression compression = Compression::Zlib;
  std::string backing_file, backing_format;
};

/// Writes an empty image.
Status create(HostFile& file, const CreateOptions& options);

}  // namespace ferry::system::qcow2
