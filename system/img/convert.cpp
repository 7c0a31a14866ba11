// convert: copies a disk into a new image.
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstring>
#include <memory>

#include "system/block/raw.h"
#include "system/img/commands.h"

namespace ferry::system::img {

namespace {

struct ConvertArguments {
  std::string source_format, format = "raw", source, target, backing_file, backing_format, sparse_size = "4k";
  std::vector<std::string> options;
  bool compress = false, progress = false, quiet = false, force_share = false;
};

constexpr uint64_t kStep = 2 << 20;  ///< a multiple of every cluster size

bool is_zero(std::span<const std::byte> bytes) {
  return bytes.empty() ||
         (bytes[0] == std::byte{0} && std::memcmp(bytes.data(), bytes.data() + 1, bytes.size() - 1) == 0);
}

/// Rewrites one line of a terminal.
class Progress {
 public:
  Progress(bool wanted, uint64_t total) : shown_(wanted && ::isatty(STDOUT_FILENO)), total_(total) {}
  ~Progress() {
    if (shown_) fmt::print("\n");
  }
  void show(uint64_t done) {
    const uint64_t percent =
        total_ == 0 ? 100
                    : static_cast<uint64_t>(100.0 * static_cast<double>(done) / static_cast<double>(total_));
    if (!shown_ || percent == last_) return;
    last_ = percent;
    fmt::print("\r    ({}/100%)", percent);
    std::fflush(stdout);
  }

 private:
  bool shown_;
  uint64_t total_, last_ = UINT64_MAX;
};

/// Copies what is not zero; the target reads as zeroes where nothing is written.
class Copier {
 public:
  Copier(BlockDevice& source, BlockDevice& target, uint64_t unit, qcow2::Image* compressed)
      : source_(source), target_(target), unit_(unit), compressed_(compressed) {}

  /// `hides` : a backing file shows through where nothing is written.
  Status copy(bool hides, Progress& progress) {
    for (uint64_t offset = 0; offset < source_.size();) {
      const auto extent = source_.extent(offset, source_.size() - offset);
      if (!extent) return extent.error();
      // Pieces begin and end where the target's clusters do.
      uint64_t length = extent->length;
      const bool reaches_unit = offset % unit_ == 0 && (length >= unit_ || offset + length == source_.size());
      if (extent->zero && reaches_unit) {
        if (offset + length != source_.size()) length -= length % unit_;
        if (hides) {
          if (Status failed = target_.write_zeroes(offset, length)) return failed;
        }
      } else {
        length = std::min(kStep - offset % kStep, source_.size() - offset);
        if (!extent->zero && extent->length >= unit_)
          length = std::min(length, extent->length - extent->length % unit_);
        if (Status failed = copy_data(offset, length, hides)) return failed;
      }
      offset += length;
      progress.show(offset);
    }
    return target_.flush();
  }

 private:
  Status copy_data(uint64_t offset, uint64_t length, bool hides) {
    buffer_.resize(length);
    if (Status failed = source_.read(offset, buffer_)) return failed;
    for (uint64_t at = 0; at < length;) {
      const bool zero = is_zero(piece(at));
      uint64_t end = at;
      while (end < length && is_zero(piece(end)) == zero && (end == at || !compressed_ || zero))
        end += piece(end).size();
      const auto run = std::span(buffer_).subspan(at, end - at);
      Status failed;
      if (!zero) {
        failed =
            compressed_ ? compressed_->write_compressed(offset + at, run) : target_.write(offset + at, run);
      } else if (hides) {
        failed = target_.write_zeroes(offset + at, run.size());
      }
      if (failed) return failed;
      at = end;
    }
    return {};
  }

  std::span<const std::byte> piece(uint64_t at) const {
    return std::span<const std::byte>(buffer_).subspan(at, std::min<uint64_t>(unit_, buffer_.size() - at));
  }

  BlockDevice& source_;
  BlockDevice& target_;
  uint64_t unit_;
  qcow2::Image* compressed_;
  std::vector<std::byte> buffer_;
};

Result<std::unique_ptr<BlockDevice>> open_target(HostFile& file, const NewImage& image,
                                                 const ConvertArguments& arguments) {
  auto shared = file.share();
  if (!shared) return shared.error();
  if (image.format == Format::Raw) {
    auto raw = RawImage::open(std::move(*shared));
    if (!raw) return raw.error();
    return std::unique_ptr<BlockDevice>(std::move(*raw));
  }
  std::unique_ptr<BlockDevice> backing;
  if (!image.qcow2.backing_file.empty()) {
    const auto path = backing_path(arguments.target, image.qcow2.backing_file);
    if (!path) return path.error();
    const auto how = open_options(image.qcow2.backing_format, Access::Read, arguments.force_share);
    if (!how) return how.error();
    auto opened = open_image(*path, *how);
    if (!opened) return opened.error();
    backing = std::move(*opened);
  }
  auto target = qcow2::Image::open(std::move(*shared), std::move(backing));
  if (!target) return target.error();
  return std::unique_ptr<BlockDevice>(std::move(*target));
}

int convert(const ConvertArguments& arguments) {
  const auto how = open_options(arguments.source_format, Access::Read, arguments.force_share);
  if (!how) return fail(how.error());
  const auto source = open_image(arguments.source, *how);
  if (!source) return fail(source.error());
  const auto image =
      describe_image(arguments.format, arguments.options, arguments.backing_file, arguments.backing_format);
  if (!image) return fail(image.error());
  const auto sparse_size = parse_size(arguments.sparse_size);
  if (!sparse_size) return fail(sparse_size.error());
  if (arguments.compress && image->format != Format::Qcow2) return fail("-c wants -O qcow2");
  const bool hides = !image->qcow2.backing_file.empty();
  if (hides && image->qcow2.backing_format.empty())
    return fail("-B wants the format of the backing file: -F");

  auto new_file = NewFile::create(arguments.target);
  if (!new_file) return fail(new_file.error());
  if (Status failed = write_empty(new_file->file(), *image, (*source)->size())) return fail(*failed);
  const auto target = open_target(new_file->file(), *image, arguments);
  if (!target) return fail(target.error());
  auto* compressed = arguments.compress ? static_cast<qcow2::Image*>(target->get()) : nullptr;
  const uint64_t unit = image->format == Format::Qcow2
                            ? uint64_t{1} << image->qcow2.cluster_bits
                            : std::clamp<uint64_t>(*sparse_size / 512 * 512, 512, kStep);
  {
    Progress progress(arguments.progress && !arguments.quiet, (*source)->size());
    if (Status failed = Copier(**source, **target, unit, compressed).copy(hides, progress))
      return fail(*failed);
  }
  if (Status failed = new_file->finish()) return fail(*failed);
  return kDone;
}

}  // namespace

void add_convert(CLI::App& app, int& status) {
  auto* command = app.add_subcommand("convert", "Copy a disk into a new image");
  auto arguments = std::make_shared<ConvertArguments>();
  command->add_option("-f", arguments->source_format, "Format of the source; found out if not given");
  command->add_option("-O", arguments->format, "Format of the new image: raw (the default) or qcow2");
  command
      ->add_option("-o", arguments->options, "Options of the format, as key=value with commas between them")
      ->take_all()
      ->allow_extra_args(false);
  command->add_option("-B", arguments->backing_file,
                      "What the new image is put on, with the same content as the source's");
  command->add_option("-F", arguments->backing_format, "Format of the backing file");
  command->add_option("-S", arguments->sparse_size,
                      "Zeroes of this size in a raw image become holes; default 4k");
  command->add_flag("-c", arguments->compress, "Compress clusters");
  command->add_flag("-p", arguments->progress, "Show the progress on a terminal");
  command->add_flag("-q", arguments->quiet, "Print nothing");
  command->add_flag("-U,--force-share", arguments->force_share, "Read images that another process writes");
  command->add_option("SOURCE", arguments->source)->required();
  command->add_option("TARGET", arguments->target)->required();
  command->callback([arguments, &status] { status = convert(*arguments); });
}

}  // namespace ferry::system::img
