#include "system/block/qcow2/image.h"

#include <fmt/format.h>

#include <algorithm>

#include "system/block/qcow2/check.h"
#include "system/block/qcow2/compress.h"

namespace ferry::system::qcow2 {

Image::Image(HostFile file, Header header, std::unique_ptr<BlockDevice> backing)
    : file_(std::move(file)),
      header_(std::move(header)),
      written_header_(encode_fixed(header_)),
      refcounts_(file_, header_),
      map_(file_, header_, refcounts_),
      backing_(std::move(backing)) {}

Result<std::unique_ptr<Image>> Image::open(HostFile file, std::unique_ptr<BlockDevice> backing) {
  auto header = read_header(file);
  if (!header) return header.error();
  if (file.access() == Access::Write && header->has(incompatible::kCorrupt))
    return file.error("is marked as corrupt and can only be read; repair it with `check -r all`");
  if (file.access() == Access::Write && header->has(incompatible::kDirty)) {
    const auto checked = check(file, *header, Repair::All);
    if (!checked) return checked.error();
    if (checked->corruptions != 0) return file.error("is corrupt; see what `check` says");
  }
  std::unique_ptr<Image> image(new Image(std::move(file), std::move(*header), std::move(backing)));
  if (Status failed = image->load()) return *failed;
  return image;
}

Status Image::load() {
  if (Status failed = map_.load()) return failed;
  auto snapshots = read_snapshots(file_, header_);
  if (!snapshots) return snapshots.error();
  snapshots_ = std::move(*snapshots);
  if (read_only()) return {};
  if (Status failed = refcounts_.load()) return failed;
  if (header_.autoclear == 0) return {};
  // Bitmaps and what else others keep beside the data are not kept up from here on.
  header_.autoclear = 0;
  if (Status failed = write_header()) return failed;
  return file_.sync();
}

// --- reading ---

Image::Piece Image::piece_at(uint64_t offset, uint64_t length) const {
  const uint64_t in_cluster = offset % header_.cluster_size();
  return {offset >> header_.cluster_bits, in_cluster, std::min(length, header_.cluster_size() - in_cluster)};
}

/// Behind the end of the disk there is nothing to keep.
bool Image::covers_cluster(const Piece& piece) const {
  const uint64_t start = piece.cluster << header_.cluster_bits;
  return piece.in_cluster == 0 && start + piece.length >= std::min(start + header_.cluster_size(), size());
}

/// From the piece's start to the end of what its L2 table describes.
uint64_t Image::rest_of_table(const Piece& piece) const {
  const uint64_t clusters = header_.l2_entries() - piece.cluster % header_.l2_entries();
  return (clusters << header_.cluster_bits) - piece.in_cluster;
}

Status Image::read(uint64_t offset, std::span<std::byte> bytes) {
  if (Status failed = check_range(*this, offset, bytes.size())) return failed;
  while (!bytes.empty()) {
    const Piece piece = piece_at(offset, bytes.size());
    const auto entry = map_.entry(piece.cluster);
    if (!entry) return entry.error();
    if (Status failed = read_piece(piece, *entry, bytes.first(piece.length))) return failed;
    offset += piece.length;
    bytes = bytes.subspan(piece.length);
  }
  return {};
}

Status Image::read_piece(const Piece& piece, uint64_t entry, std::span<std::byte> bytes) {
  if (is_compressed(entry)) return read_compressed(entry, piece, bytes);
  if (is_data(entry)) return file_.read_padded(host_offset(entry) + piece.in_cluster, bytes);
  if (!is_zero(entry)) return read_backing((piece.cluster << header_.cluster_bits) + piece.in_cluster, bytes);
  std::fill(bytes.begin(), bytes.end(), std::byte{0});
  return {};
}

Status Image::read_backing(uint64_t offset, std::span<std::byte> bytes) {
  const uint64_t end = backing_ ? backing_->size() : 0;
  const uint64_t there = offset >= end ? 0 : std::min<uint64_t>(bytes.size(), end - offset);
  std::fill(bytes.begin() + static_cast<ptrdiff_t>(there), bytes.end(), std::byte{0});
  return there == 0 ? Status{} : backing_->read(offset, bytes.first(there));
}

Status Image::read_compressed(uint64_t entry, const Piece& piece, std::span<std::byte> bytes) {
  if (cached_entry_ != entry) {
    const Range range = compressed_range(header_, entry);
    const auto end = file_.size();
    if (!end) return end.error();
    if (range.offset >= *end)
      return file_.error(fmt::format("is corrupt or truncated: its compressed cluster {} is not in the file",
                                     piece.cluster));
    std::vector<std::byte> data(std::min(range.length, *end - range.offset));
    if (Status failed = file_.read(range.offset, data)) return failed;
    cached_entry_ = 0;
    cached_cluster_.resize(header_.cluster_size());
    if (!decompress(header_.compression, data, cached_cluster_))
      return file_.error(
          fmt::format("is corrupt: its compressed cluster {} cannot be decompressed", piece.cluster));
    cached_entry_ = entry;
  }
  std::copy_n(cached_cluster_.begin() + static_cast<ptrdiff_t>(piece.in_cluster), piece.length,
              bytes.begin());
  return {};
}

Result<Extent> Image::extent(uint64_t offset, uint64_t length) {
  if (Status failed = check_range(*this, offset, length)) return *failed;
  Extent all{0, false};
  while (all.length < length) {
    Piece piece = piece_at(offset + all.length, length - all.length);
    if (!backing_ && !map_.has_table(piece.cluster))
      piece.length = std::min(length - all.length, rest_of_table(piece));
    const auto next = extent_of(piece);
    if (!next) return next.error();
    if (all.length != 0 && next->zero != all.zero) break;
    all = {all.length + next->length, next->zero};
    if (next->length < piece.length) break;
  }
  return all;
}

Result<Extent> Image::extent_of(const Piece& piece) {
  const auto entry = map_.entry(piece.cluster);
  if (!entry) return entry.error();
  if (is_zero(*entry)) return Extent{piece.length, true};
  if (is_compressed(*entry) || is_data(*entry)) return Extent{piece.length, false};
  const uint64_t offset = (piece.cluster << header_.cluster_bits) + piece.in_cluster;
  if (!backing_ || offset >= backing_->size()) return Extent{piece.length, true};
  return backing_->extent(offset, std::min(piece.length, backing_->size() - offset));
}

// --- writing ---

bool Image::backing_covers(uint64_t cluster) const {
  return backing_ && (cluster << header_.cluster_bits) < backing_->size();
}

bool Image::is_metadata(uint64_t host_cluster) const {
  const uint64_t table = header_.snapshots_offset >> header_.cluster_bits;
  return refcounts_.is_in_table_or_block(host_cluster) || map_.is_in_table(host_cluster) ||
         (snapshots_.bytes != 0 && host_cluster >= table &&
          host_cluster - table < header_.clusters(snapshots_.bytes));
}

Status Image::write(uint64_t offset, std::span<const std::byte> bytes) {
  if (Status failed = check_change(*this, offset, bytes.size())) return failed;
  while (!bytes.empty()) {
    const Piece piece = piece_at(offset, bytes.size());
    if (Status failed = write_piece(piece, bytes.first(piece.length))) return failed;
    offset += piece.length;
    bytes = bytes.subspan(piece.length);
  }
  return {};
}

Status Image::write_piece(const Piece& piece, std::span<const std::byte> bytes) {
  const auto entry = map_.entry(piece.cluster);
  if (!entry) return entry.error();
  if (is_data(*entry) && (*entry & kCopied)) {
    if (is_metadata(host_offset(*entry) >> header_.cluster_bits))
      return file_.error(fmt::format("is corrupt: cluster {} lies on a table of the image", piece.cluster));
    return file_.write(host_offset(*entry) + piece.in_cluster, bytes);
  }
  if (bytes.size() == header_.cluster_size()) return place_cluster(piece.cluster, *entry, bytes);
  std::vector<std::byte> content(header_.cluster_size());
  if (!covers_cluster(piece)) {
    if (Status failed = read_piece({piece.cluster, 0, content.size()}, *entry, content)) return failed;
  }
  std::copy(bytes.begin(), bytes.end(), content.begin() + static_cast<ptrdiff_t>(piece.in_cluster));
  return place_cluster(piece.cluster, *entry, content);
}

Status Image::place_cluster(uint64_t cluster, uint64_t old_entry, std::span<const std::byte> bytes) {
  uint64_t host = host_offset(old_entry);
  const bool is_reserved = is_zero(old_entry) && host != 0 && (old_entry & kCopied);
  if (!is_reserved) {
    const auto allocated = refcounts_.allocate(1);
    if (!allocated) return allocated.error();
    host = *allocated << header_.cluster_bits;
  }
  if (is_metadata(host >> header_.cluster_bits))
    return file_.error("is corrupt: a table in use counts as free; repair it with `check -r all`");
  if (Status failed = file_.write(host, bytes)) {
    if (!is_reserved) (void)refcounts_.set(host >> header_.cluster_bits, 0);
    return failed;
  }
  if (Status failed = map_.replace(cluster, host | kCopied)) return failed;
  return bound_memory();
}

Status Image::write_compressed(uint64_t offset, std::span<const std::byte> bytes) {
  if (Status failed = check_change(*this, offset, bytes.size())) return failed;
  const Piece piece = piece_at(offset, bytes.size());
  if (!covers_cluster(piece) || piece.length != bytes.size())
    return Error{"compressed writes are of whole clusters"};
  std::vector<std::byte> content(bytes.begin(), bytes.end());
  content.resize(header_.cluster_size());
  const std::vector<std::byte> data = compress(header_.compression, content);
  if (data.empty()) return write(offset, bytes);
  const auto place = refcounts_.allocate_bytes(data.size());
  if (!place) return place.error();
  const auto entry = compressed_entry(header_, {*place, data.size()});
  if (!entry) return file_.error("is too large for compressed clusters");
  if (Status failed = file_.write(*place, data)) return failed;
  cached_entry_ = 0;
  ends_in_compressed_ = true;
  if (Status failed = map_.replace(piece.cluster, *entry)) return failed;
  return bound_memory();
}

Status Image::write_zeroes(uint64_t offset, uint64_t length) { return clear(offset, length, true); }
Status Image::discard(uint64_t offset, uint64_t length) { return clear(offset, length, false); }

Status Image::clear(uint64_t offset, uint64_t length, bool must_read_zero) {
  if (Status failed = check_change(*this, offset, length)) return failed;
  while (length != 0) {
    const Piece piece = piece_at(offset, length);
    uint64_t step = piece.length;
    if (backing_ || map_.has_table(piece.cluster)) {
      if (Status failed = clear_piece(piece, must_read_zero)) return failed;
    } else {
      step = std::min(length, rest_of_table(piece));
    }
    offset += step;
    length -= step;
  }
  return {};
}

Status Image::clear_piece(const Piece& piece, bool must_read_zero) {
  const auto entry = map_.entry(piece.cluster);
  if (!entry) return entry.error();
  const bool covered = backing_covers(piece.cluster);
  const bool is_clear = is_zero(*entry) || (*entry == 0 && !covered);
  if (covers_cluster(piece) && (header_.version >= 3 || !covered)) {
    const uint64_t empty = covered ? kZero : 0;
    if (*entry == empty || (is_clear && host_offset(*entry) == 0)) return {};
    if (Status failed = map_.replace(piece.cluster, empty)) return failed;
    return bound_memory();
  }
  if (!must_read_zero || is_clear) return {};
  return write_piece(piece, std::vector<std::byte>(piece.length));
}

Status Image::preallocate() {
  for (uint64_t cluster = 0; cluster < header_.clusters(size()); ++cluster) {
    const auto entry = map_.entry(cluster);
    if (!entry) return entry.error();
    if (*entry != 0) continue;
    const auto place = refcounts_.allocate(1);
    if (!place) return place.error();
    if (Status failed = file_.write_zeroes(*place << header_.cluster_bits, header_.cluster_size()))
      return failed;
    if (Status failed = map_.replace(cluster, *place << header_.cluster_bits | kCopied)) return failed;
    if (Status failed = bound_memory()) return failed;
  }
  return {};
}

Status Image::resize(uint64_t new_size) {
  const uint64_t old_size = size();
  if (read_only()) return Error{"the disk is read only"};
  if (!snapshots_.snapshots.empty() && (header_.version < 3 || new_size < old_size))
    return file_.error("has snapshots and cannot be resized so");
  const uint64_t entries = header_.l1_entries_for(new_size);
  if (new_size > uint64_t{INT64_MAX} || entries * 8 > kMaxL1Bytes)
    return file_.error(
        fmt::format("cannot have {} bytes with clusters of {}", new_size, header_.cluster_size()));
  if (new_size < old_size) {
    if (Status failed = drop_clusters(header_.clusters(new_size), header_.clusters(old_size))) return failed;
    if (Status failed = commit()) return failed;
    header_.size = new_size;
    return flush();
  }
  if (entries > map_.l1().size()) {
    std::vector<uint64_t> l1 = map_.l1();
    l1.resize(entries);
    if (Status failed = map_.switch_table(std::move(l1))) return failed;
  }
  // What shows now reads as zeroes: no left-over clusters, the rest of the last one, or a longer backing
  // file.
  if (Status failed = drop_clusters(header_.clusters(old_size), header_.clusters(new_size))) return failed;
  header_.size = new_size;
  const uint64_t visible_end =
      std::max(round_up(old_size, header_.cluster_size()), backing_ ? backing_->size() : 0);
  if (visible_end > old_size) {
    if (Status failed = write_zeroes(old_size, std::min(new_size, visible_end) - old_size)) return failed;
  }
  return flush();
}

Status Image::drop_clusters(uint64_t first, uint64_t end) {
  for (uint64_t cluster = first; cluster < end;) {
    if (!map_.has_table(cluster)) {
      cluster += header_.l2_entries() - cluster % header_.l2_entries();
      continue;
    }
    if (Status failed = map_.replace(cluster++, 0)) return failed;
    if (Status failed = bound_memory()) return failed;
  }
  return {};
}

// --- what the file holds ---

Status Image::write_header() {
  std::vector<std::byte> bytes = encode_fixed(header_);
  if (Status failed = file_.write(0, bytes)) return failed;
  written_header_ = std::move(bytes);
  return {};
}

/// In this order nothing in the file refers to what is not there, and nothing that is referred to counts as
/// free, wherever it is cut off: data, reference counts and new tables; then the header and where the counts
/// are; then tables that change in place; and at last counts that get less.
Status Image::commit() {
  if (ends_in_compressed_) {
    const auto end = file_.size();
    if (!end) return end.error();
    if (Status failed = file_.resize(round_up(*end, header_.cluster_size()))) return failed;
    ends_in_compressed_ = false;
  }
  if (Status failed = refcounts_.write_blocks()) return failed;
  if (Status failed = map_.write_new()) return failed;
  if (Status failed = file_.sync()) return failed;
  const bool header_changed = encode_fixed(header_) != written_header_;
  if (refcounts_.has_changed_table() || header_changed) {
    if (refcounts_.has_changed_table()) {
      if (Status failed = refcounts_.write_table()) return failed;
    }
    if (header_changed) {
      if (Status failed = write_header()) return failed;
    }
    if (Status failed = file_.sync()) return failed;
  }
  if (map_.has_changes()) {
    if (Status failed = map_.write_in_place()) return failed;
    if (Status failed = file_.sync()) return failed;
  }
  return refcounts_.apply_releases();
}

Status Image::flush() {
  if (read_only()) return {};
  if (Status failed = commit()) return failed;
  return refcounts_.write_blocks();
}

}  // namespace ferry::system::qcow2
