#include "system/block/open.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

#include "system/block/qcow2/image.h"
#include "system/block/raw.h"

namespace ferry::system {

namespace {

struct FormatRow {
  Format format;
  std::string_view name;
};
constexpr FormatRow kFormats[] = {{Format::Raw, "raw"}, {Format::Qcow2, "qcow2"}};

using Chain = std::vector<HostFile::Identity>;
/// Each image of a chain keeps a file open.
constexpr size_t kMaxChain = 200;

Result<std::unique_ptr<BlockDevice>> open_link(const std::string& path, const OpenOptions& options,
                                               Chain& chain);

Result<std::unique_ptr<BlockDevice>> open_backing(const HostFile& file, const qcow2::Header& header,
                                                  Locking locking, Chain& chain) {
  if (header.backing_file.empty()) return std::unique_ptr<BlockDevice>();
  const auto path = backing_path(file.path(), header.backing_file);
  if (!path) return path.error();
  OpenOptions options{{}, Access::Read, locking};
  if (!header.backing_format.empty()) {
    const auto format = format_named(header.backing_format);
    if (!format) return file.error("its backing file: " + format.error().message);
    options.format = *format;
  }
  auto backing = open_link(*path, options, chain);
  if (!backing) return file.error("its backing file: " + backing.error().message);
  return backing;
}

Result<std::unique_ptr<BlockDevice>> open_link(const std::string& path, const OpenOptions& options,
                                               Chain& chain) {
  auto file = HostFile::open(path, options.access, options.locking);
  if (!file) return file.error();
  const auto identity = file->identity();
  if (!identity) return identity.error();
  if (std::find(chain.begin(), chain.end(), *identity) != chain.end())
    return file->error("is its own backing file");
  if (chain.size() >= kMaxChain) return file->error(fmt::format("has more than {} backing files", kMaxChain));
  chain.push_back(*identity);
  const auto format = options.format ? Result<Format>(*options.format) : probe_format(*file);
  if (!format) return format.error();
  if (*format == Format::Raw) {
    auto raw = RawImage::open(std::move(*file));
    if (!raw) return raw.error();
    return std::unique_ptr<BlockDevice>(std::move(*raw));
  }
  const auto header = qcow2::read_header(*file);
  if (!header) return header.error();
  auto backing = open_backing(*file, *header, options.locking, chain);
  if (!backing) return backing.error();
  auto image = qcow2::Image::open(std::move(*file), std::move(*backing));
  if (!image) return image.error();
  return std::unique_ptr<BlockDevice>(std::move(*image));
}

}  // namespace

std::string_view format_name(Format format) {
  return std::find_if(std::begin(kFormats), std::end(kFormats),
                      [&](const FormatRow& r) { return r.format == format; })
      ->name;
}

Result<Format> format_named(std::string_view name) {
  for (const FormatRow& row : kFormats) {
    if (row.name == name) return row.format;
  }
  return Error{fmt::format("the format '{}' is not supported (raw and qcow2 are)", name)};
}

Result<Format> probe_format(const HostFile& file) {
  std::array<std::byte, 4> start;
  if (Status failed = file.read_padded(0, start)) return *failed;
  return qcow2::has_magic(start) ? Format::Qcow2 : Format::Raw;
}

Result<std::unique_ptr<BlockDevice>> open_image(const std::string& path, const OpenOptions& options) {
  Chain chain;
  return open_link(path, options, chain);
}

Result<std::string> backing_path(const std::string& image_path, const std::string& name) {
  constexpr std::string_view kFile = "file:";
  std::string_view path = name;
  if (path.starts_with(kFile)) path.remove_prefix(kFile.size());
  const size_t colon = path.find(':');
  if (colon != path.npos && colon < path.find('/'))
    return Error{fmt::format("{}: its backing file '{}' is no file of this machine", image_path, name)};
  const size_t slash = image_path.rfind('/');
  if (path.starts_with('/') || slash == std::string::npos) return std::string(path);
  return image_path.substr(0, slash + 1) + std::string(path);
}

}  // namespace ferry::system
