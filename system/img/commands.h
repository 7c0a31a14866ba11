#pragma once

#include <string>
#include <vector>

#include "system/block/qcow2/check.h"
#include "system/block/qcow2/image.h"
#include "system/img/values.h"

namespace CLI {
class App;
}

namespace ferry::system::img {

/// Exit statuses are qemu-img's.
enum Exit : int { kDone = 0, kFailed = 1, kCorrupt = 2, kLeaks = 3, kNotSupported = 63 };

int fail(const std::string& message);  ///< one line on standard error; kFailed
int fail(const Error& error);

/// What a new image is to be, as options say it.
struct NewImage {
  Format format = Format::Raw;
  qcow2::CreateOptions qcow2;
  bool preallocate = false;  ///< tables for all clusters, or of a raw image its space
};

/// From -O or -f, -o, -b and -F. Does not look at files.
Result<NewImage> describe_image(const std::string& format, const std::vector<std::string>& options,
                                const std::string& backing_file, const std::string& backing_format);
/// Writes an empty image into a file.
Status write_empty(HostFile& file, const NewImage& image, uint64_t size);

// Each adds a subcommand whose callback puts the exit status in `status`.
void add_create(CLI::App& app, int& status);
void add_resize(CLI::App& app, int& status);
void add_info(CLI::App& app, int& status);
void add_check(CLI::App& app, int& status);
void add_convert(CLI::App& app, int& status);
void add_snapshot(CLI::App& app, int& status);

/// -f: none where the option is not given.
Result<OpenOptions> open_options(const std::string& format, Access access, bool force_share = false);

}  // namespace ferry::system::img
