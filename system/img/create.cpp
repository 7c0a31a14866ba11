// create and resize.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <bit>
#include <memory>

#include "system/block/raw.h"
#include "system/img/commands.h"

namespace ferry::system::img {

namespace {

using Value = const std::string&;

Status set_flag(bool& flag, Value value) {
  if (value != "on" && value != "off") return Error{"wants on or off, not '" + value + "'"};
  flag = value == "on";
  return {};
}

Status refuse_unless_off(Value value) {
  return value == "off" ? Status{} : Error{"can only be off: ferry does not have it"};
}

/// An option of -o.
struct ImageOption {
  std::string_view name;
  bool for_raw;
  Status (*apply)(NewImage&, Value);
};

const ImageOption kImageOptions[] = {
    {"size", true,
     [](NewImage& image, Value value) -> Status {
       const auto size = parse_size(value);
       if (!size) return size.error();
       image.qcow2.size = *size;
       return {};
     }},
    {"preallocation", true,
     [](NewImage& image, Value value) -> Status {
       const bool known = value == "off" || value == (image.format == Format::Raw ? "falloc" : "metadata");
       if (!known) return Error{"wants off, falloc (raw) or metadata (qcow2), not '" + value + "'"};
       image.preallocate = value != "off";
       return {};
     }},
    {"compat", false,
     [](NewImage& image, Value value) -> Status {
       if (value != "0.10" && value != "v2" && value != "1.1" && value != "v3")
         return Error{"wants 0.10 (v2) or 1.1 (v3), not '" + value + "'"};
       image.qcow2.version = value == "0.10" || value == "v2" ? 2 : 3;
       return {};
     }},
    {"cluster_size", false,
     [](NewImage& image, Value value) -> Status {
       const auto size = parse_size(value);
       if (!size) return size.error();
       const auto bits = static_cast<uint32_t>(std::countr_zero(*size));
       if (!std::has_single_bit(*size) || bits < qcow2::kMinClusterBits || bits > qcow2::kMaxClusterBits)
         return Error{"wants a power of two from 512 to 2M, not '" + value + "'"};
       image.qcow2.cluster_bits = bits;
       return {};
     }},
    {"refcount_bits", false,
     [](NewImage& image, Value value) -> Status {
       const auto bits = parse_size(value);
       if (!bits || !std::has_single_bit(*bits) || *bits > 64)
         return Error{"wants 1, 2, 4, 8, 16, 32 or 64, not '" + value + "'"};
       image.qcow2.refcount_order = static_cast<uint32_t>(std::countr_zero(*bits));
       return {};
     }},
    {"lazy_refcounts", false,
     [](NewImage& image, Value value) { return set_flag(image.qcow2.lazy_refcounts, value); }},
    {"compression_type", false,
     [](NewImage& image, Value value) -> Status {
       if (value != "zlib" && value != "zstd") return Error{"wants zlib or zstd, not '" + value + "'"};
       image.qcow2.compression = value == "zstd" ? qcow2::Compression::Zstd : qcow2::Compression::Zlib;
       return {};
     }},
    {"backing_file", false,
     [](NewImage& image, Value value) -> Status {
       image.qcow2.backing_file = value;
       return {};
     }},
    {"backing_fmt", false,
     [](NewImage& image, Value value) -> Status {
       image.qcow2.backing_format = value;
       return {};
     }},
    {"extended_l2", false, [](NewImage&, Value value) { return refuse_unless_off(value); }},
    {"encryption", false, [](NewImage&, Value value) { return refuse_unless_off(value); }},
};

Status apply_option(NewImage& image, Value name, Value value) {
  for (const ImageOption& option : kImageOptions) {
    if (option.name != name || (image.format == Format::Raw && !option.for_raw)) continue;
    Status failed = option.apply(image, value);
    if (failed) return Error{fmt::format("-o {} {}", name, failed->message)};
    return {};
  }
  return Error{fmt::format("-o does not know '{}' for {}", name, format_name(image.format))};
}

Status check_version(const qcow2::CreateOptions& options) {
  if (options.version >= 3) return {};
  if (options.refcount_order != 4 || options.lazy_refcounts ||
      options.compression != qcow2::Compression::Zlib)
    return Error{"refcount_bits, lazy_refcounts and compression_type need compat=1.1"};
  return {};
}

struct CreateArguments {
  std::string format = "raw", file, size, backing_file, backing_format;
  std::vector<std::string> options;
  bool quiet = false, trust_backing = false;
};

/// The size of the image that the new one is put on.
Result<uint64_t> backing_size(const CreateArguments& arguments, const qcow2::CreateOptions& options) {
  const auto path = backing_path(arguments.file, options.backing_file);
  if (!path) return path.error();
  const auto how = open_options(options.backing_format, Access::Read, true);
  if (!how) return how.error();
  const auto backing = open_image(*path, *how);
  if (!backing) return backing.error();
  return (*backing)->size();
}

int create_image(const CreateArguments& arguments) {
  auto image =
      describe_image(arguments.format, arguments.options, arguments.backing_file, arguments.backing_format);
  if (!image) return fail(image.error());
  uint64_t size = image->qcow2.size;
  if (!arguments.size.empty()) {
    const auto given = parse_size(arguments.size);
    if (!given) return fail(given.error());
    size = *given;
  }
  const bool has_size = !arguments.size.empty() || size != 0;
  if (!image->qcow2.backing_file.empty()) {
    if (image->qcow2.backing_format.empty()) return fail("-b wants the format of the backing file: -F");
    if (!arguments.trust_backing || !has_size) {
      const auto found = backing_size(arguments, image->qcow2);
      if (!found) return fail(found.error());
      if (!has_size) size = *found;
    }
  } else if (!has_size) {
    return fail("create wants a size");
  }
  auto target = NewFile::create(arguments.file);
  if (!target) return fail(target.error());
  if (Status failed = write_empty(target->file(), *image, size)) return fail(*failed);
  if (Status failed = target->finish()) return fail(*failed);
  if (!arguments.quiet)
    fmt::print("{}: {}, {} bytes\n", arguments.file, format_name(image->format), qcow2::round_up(size, 512));
  return kDone;
}

struct ResizeArguments {
  std::string format, file, size;
  bool shrink = false, quiet = false;
};

Result<uint64_t> new_size(const std::string& text, uint64_t old_size) {
  const bool adds = text.starts_with('+'), takes = text.starts_with('-');
  const auto size = parse_size(std::string_view(text).substr(adds || takes));
  if (!size) return size;
  if (takes && *size > old_size) return Error{"the disk is not so large"};
  return qcow2::round_up(adds ? old_size + *size : takes ? old_size - *size : *size, 512);
}

int resize_image(const ResizeArguments& arguments) {
  const auto how = open_options(arguments.format, Access::Write);
  if (!how) return fail(how.error());
  const auto disk = open_image(arguments.file, *how);
  if (!disk) return fail(disk.error());
  const auto size = new_size(arguments.size, (*disk)->size());
  if (!size) return fail(size.error());
  if (*size < (*disk)->size() && !arguments.shrink)
    return fail(arguments.file + ": a smaller size loses what is behind it; --shrink allows that");
  auto* image = dynamic_cast<qcow2::Image*>(disk->get());
  Status failed = image ? image->resize(*size) : static_cast<RawImage&>(**disk).resize(*size);
  if (failed) return fail(*failed);
  if (!arguments.quiet) fmt::print("Image resized.\n");
  return kDone;
}

}  // namespace

Result<NewImage> describe_image(const std::string& format, const std::vector<std::string>& options,
                                const std::string& backing_file, const std::string& backing_format) {
  const auto known = format_named(format);
  if (!known) return known.error();
  NewImage image;
  image.format = *known;
  const auto pairs = parse_pairs(options);
  if (!pairs) return pairs.error();
  for (const auto& [name, value] : *pairs) {
    if (Status failed = apply_option(image, name, value)) return *failed;
  }
  if (!backing_file.empty()) image.qcow2.backing_file = backing_file;
  if (!backing_format.empty()) image.qcow2.backing_format = backing_format;
  if (image.format == Format::Raw && !image.qcow2.backing_file.empty())
    return Error{"a raw image cannot have a backing file"};
  if (Status failed = check_version(image.qcow2)) return *failed;
  return image;
}

Status write_empty(HostFile& file, const NewImage& image, uint64_t size) {
  size = qcow2::round_up(size, 512);
  if (image.format == Format::Raw) {
    if (Status failed = file.resize(size)) return failed;
    return image.preallocate ? file.allocate(size) : Status{};
  }
  qcow2::CreateOptions options = image.qcow2;
  options.size = size;
  if (Status failed = qcow2::create(file, options)) return failed;
  if (!image.preallocate) return {};
  auto shared = file.share();
  if (!shared) return shared.error();
  auto whole = qcow2::Image::open(std::move(*shared), nullptr);
  if (!whole) return whole.error();
  if (Status failed = (*whole)->preallocate()) return failed;
  return (*whole)->flush();
}

void add_create(CLI::App& app, int& status) {
  auto* command = app.add_subcommand("create", "Make an empty image");
  auto arguments = std::make_shared<CreateArguments>();
  command->add_option("-f", arguments->format, "Format of the image: raw (the default) or qcow2");
  command
      ->add_option("-o", arguments->options, "Options of the format, as key=value with commas between them")
      ->take_all()
      ->allow_extra_args(false);
  command->add_option("-b", arguments->backing_file,
                      "What the image is put on: unchanged parts are read from there");
  command->add_option("-F", arguments->backing_format, "Format of the backing file");
  command->add_flag("-u", arguments->trust_backing, "Do not open the backing file");
  command->add_flag("-q", arguments->quiet, "Print nothing");
  command->add_option("FILE", arguments->file)->required();
  command->add_option("SIZE", arguments->size, "Bytes, or with K, M, G, T; may be left out with -b");
  command->callback([arguments, &status] { status = create_image(*arguments); });
}

void add_resize(CLI::App& app, int& status) {
  auto* command = app.add_subcommand("resize", "Change the size of a disk");
  auto arguments = std::make_shared<ResizeArguments>();
  command->add_option("-f", arguments->format, "Format of the image; found out if not given");
  command->add_flag("--shrink", arguments->shrink, "Allow a smaller size");
  command->add_flag("-q", arguments->quiet, "Print nothing");
  command->add_option("FILE", arguments->file)->required();
  command->add_option("SIZE", arguments->size, "The new size, or a difference with + or - before it")
      ->required();
  command->callback([arguments, &status] { status = resize_image(*arguments); });
}

}  // namespace ferry::system::img
