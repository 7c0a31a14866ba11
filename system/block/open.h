#pragma once

#include <memory>
#include <string_view>

#include "system/block/host_file.h"

namespace ferry::system {

enum class Format : uint8_t { Raw, Qcow2 };

std::string_view format_name(Format format);
Result<Format> format_named(std::string_view name);
/// What the file's first bytes say.
Result<Format> probe_format(const HostFile& file);

struct OpenOptions {
  std::optional<Format> format;  ///< none: probe_format(), which a guest that writes a raw disk can deceive
  Access access = Access::Read;
  Locking locking = Locking::Image;
};

/// An image with all that is behind it (its backing files are only read).
Result<std::unique_ptr<BlockDevice>> open_image(const std::string& path, const OpenOptions& options);

/// The path of an image's backing file; names are relative to the image's folder.
Result<std::string> backing_path(const std::string& image_path, const std::string& name);

}  // namespace ferry::system
