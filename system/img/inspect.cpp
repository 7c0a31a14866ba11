// info and check.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>

#include "system/block/raw.h"
#include "system/img/commands.h"
#include "system/img/snapshot_list.h"

namespace ferry::system::img {

namespace {

using Json = nlohmann::ordered_json;

struct InspectArguments {
  std::string format, file, output = "human", repair;
  bool quiet = false, force_share = false;
};

/// A name from an image may hold bytes that are no text.
std::string json_text(const Json& json) { return json.dump(4, ' ', false, Json::error_handler_t::replace); }

std::string compat(const qcow2::Header& header) { return header.version >= 3 ? "1.1" : "0.10"; }
std::string compression(const qcow2::Header& header) {
  return header.compression == qcow2::Compression::Zstd ? "zstd" : "zlib";
}

Json format_json(const qcow2::Header& header) {
  Json data = {{"compat", compat(header)}, {"compression-type", compression(header)}};
  if (header.version >= 3) data["lazy-refcounts"] = (header.compatible & qcow2::kLazyRefcounts) != 0;
  data["refcount-bits"] = 1u << header.refcount_order;
  if (header.version >= 3) {
    data["corrupt"] = header.has(qcow2::incompatible::kCorrupt);
    data["extended-l2"] = false;
  }
  return {{"type", "qcow2"}, {"data", data}};
}

void print_format(const qcow2::Header& header) {
  fmt::print("Format specific information:\n    compat: {}\n    compression type: {}\n", compat(header),
             compression(header));
  if (header.version >= 3)
    fmt::print("    lazy refcounts: {}\n", (header.compatible & qcow2::kLazyRefcounts) != 0);
  fmt::print("    refcount bits: {}\n", 1u << header.refcount_order);
  if (header.version >= 3)
    fmt::print("    corrupt: {}\n    extended l2: false\n", header.has(qcow2::incompatible::kCorrupt));
}

/// What info tells about an image of any format.
struct ImageFacts {
  Format format;
  uint64_t size, allocated;
  std::optional<qcow2::Header> header;
  std::vector<qcow2::Snapshot> snapshots;
  std::string full_backing_path;
};

Result<ImageFacts> find_facts(const InspectArguments& arguments) {
  const auto how = open_options(arguments.format, Access::Read, arguments.force_share);
  if (!how) return how.error();
  const auto file = HostFile::open(arguments.file, how->access, how->locking);
  if (!file) return file.error();
  const auto format = how->format ? Result<Format>(*how->format) : probe_format(*file);
  if (!format) return format.error();
  const auto allocated = file->allocated_bytes();
  if (!allocated) return allocated.error();
  ImageFacts facts{*format, 0, *allocated, {}, {}, {}};
  if (*format == Format::Raw) {
    const auto size = file->size();
    if (!size) return size.error();
    facts.size = *size;
    return facts;
  }
  const auto header = qcow2::read_header(*file);
  if (!header) return header.error();
  const auto snapshots = qcow2::read_snapshots(*file, *header);
  if (!snapshots) return snapshots.error();
  facts.size = header->size;
  facts.header = *header;
  facts.snapshots = snapshots->snapshots;
  if (!header->backing_file.empty()) {
    const auto path = backing_path(arguments.file, header->backing_file);
    facts.full_backing_path = path ? *path : header->backing_file;
  }
  return facts;
}

Json facts_json(const std::string& file, const ImageFacts& facts) {
  Json json = {{"virtual-size", facts.size}, {"filename", file}};
  if (facts.header) json["cluster-size"] = facts.header->cluster_size();
  json["format"] = format_name(facts.format);
  json["actual-size"] = facts.allocated;
  if (!facts.snapshots.empty()) json["snapshots"] = snapshots_json(facts.snapshots);
  if (facts.header) {
    json["format-specific"] = format_json(*facts.header);
    if (!facts.header->backing_file.empty()) {
      json["full-backing-filename"] = facts.full_backing_path;
      json["backing-filename"] = facts.header->backing_file;
    }
    if (!facts.header->backing_format.empty()) json["backing-filename-format"] = facts.header->backing_format;
  }
  json["dirty-flag"] = facts.header && facts.header->has(qcow2::incompatible::kDirty);
  return json;
}

void print_facts(const std::string& file, const ImageFacts& facts) {
  fmt::print("image: {}\nfile format: {}\nvirtual size: {} ({} bytes)\ndisk size: {}\n", file,
             format_name(facts.format), size_text(facts.size), facts.size, size_text(facts.allocated));
  if (!facts.header) return;
  if (facts.header->has(qcow2::incompatible::kDirty)) fmt::print("cleanly shut down: no\n");
  fmt::print("cluster_size: {}\n", facts.header->cluster_size());
  if (!facts.header->backing_file.empty()) {
    fmt::print("backing file: {}", facts.header->backing_file);
    if (facts.full_backing_path != facts.header->backing_file)
      fmt::print(" (actual path: {})", facts.full_backing_path);
    fmt::print("\n");
  }
  if (!facts.header->backing_format.empty())
    fmt::print("backing file format: {}\n", facts.header->backing_format);
  print_snapshots(facts.snapshots);
  print_format(*facts.header);
}

int info(const InspectArguments& arguments) {
  const auto facts = find_facts(arguments);
  if (!facts) return fail(facts.error());
  if (arguments.output == "json") {
    fmt::print("{}\n", json_text(facts_json(arguments.file, *facts)));
  } else {
    print_facts(arguments.file, *facts);
  }
  return kDone;
}

Json check_json(const std::string& file, const qcow2::CheckResult& result) {
  Json json = {
      {"image-end-offset", result.image_end}, {"total-clusters", result.total_clusters}, {"check-errors", 0}};
  const auto add = [&](const char* name, uint64_t value) {
    if (value != 0) json[name] = value;
  };
  add("corruptions", result.corruptions);
  add("leaks", result.leaks);
  add("corruptions-fixed", result.corruptions_fixed);
  add("leaks-fixed", result.leaks_fixed);
  add("allocated-clusters", result.allocated_clusters);
  add("compressed-clusters", result.compressed_clusters);
  json["filename"] = file;
  json["format"] = "qcow2";
  return json;
}

void print_check(const qcow2::CheckResult& result) {
  for (const std::string& finding : result.findings) fmt::print("{}\n", finding);
  if (result.corruptions_fixed + result.leaks_fixed != 0)
    fmt::print(
        "The following inconsistencies were found and repaired:\n\n    {} leaked clusters\n    {} "
        "corruptions\n\n",
        result.leaks_fixed, result.corruptions_fixed);
  if (result.corruptions != 0)
    fmt::print(
        "\n{} errors were found on the image.\nData may be corrupted, or further writes to the image may "
        "corrupt it.\n",
        result.corruptions);
  if (result.leaks != 0)
    fmt::print(
        "\n{} leaked clusters were found on the image.\nThis means waste of disk space, but no harm to "
        "data.\n",
        result.leaks);
  if (result.corruptions + result.leaks == 0) fmt::print("No errors were found on the image.\n");
  if (result.total_clusters != 0 && result.allocated_clusters != 0)
    fmt::print(
        "{}/{} = {:.2f}% allocated, {:.2f}% compressed clusters\n", result.allocated_clusters,
        result.total_clusters,
        100.0 * static_cast<double>(result.allocated_clusters) / static_cast<double>(result.total_clusters),
        100.0 * static_cast<double>(result.compressed_clusters) /
            static_cast<double>(result.allocated_clusters));
  fmt::print("Image end offset: {}\n", result.image_end);
}

int check(const InspectArguments& arguments) {
  const auto repair = arguments.repair == "all"     ? qcow2::Repair::All
                      : arguments.repair == "leaks" ? qcow2::Repair::Leaks
                                                    : qcow2::Repair::None;
  const Access access = repair == qcow2::Repair::None ? Access::Read : Access::Write;
  const auto how = open_options(arguments.format, access, arguments.force_share);
  if (!how) return fail(how.error());
  auto file = HostFile::open(arguments.file, how->access, how->locking);
  if (!file) return fail(file.error());
  const auto format = how->format ? Result<Format>(*how->format) : probe_format(*file);
  if (!format) return fail(format.error());
  if (*format == Format::Raw) {
    fail(arguments.file + ": raw images have nothing to check");
    return kNotSupported;
  }
  auto header = qcow2::read_header(*file);
  if (!header) return fail(header.error());
  const auto result = qcow2::check(*file, *header, repair);
  if (!result) return fail(result.error());
  if (arguments.output == "json") {
    fmt::print("{}\n", json_text(check_json(arguments.file, *result)));
  } else if (!arguments.quiet) {
    print_check(*result);
  }
  return result->corruptions != 0 ? kCorrupt : result->leaks != 0 ? kLeaks : kDone;
}

CLI::App* add_inspection(CLI::App& app, const char* name, const char* help,
                         std::shared_ptr<InspectArguments> arguments) {
  auto* command = app.add_subcommand(name, help);
  command->add_option("-f", arguments->format, "Format of the image; found out if not given");
  command->add_option("--output", arguments->output, "human (the default) or json")
      ->check(CLI::IsMember({"human", "json"}));
  command->add_flag("-U,--force-share", arguments->force_share, "Read an image that another process writes");
  command->add_option("FILE", arguments->file)->required();
  return command;
}

}  // namespace

void add_info(CLI::App& app, int& status) {
  auto arguments = std::make_shared<InspectArguments>();
  auto* command = add_inspection(app, "info", "Tell what an image is", arguments);
  command->callback([arguments, &status] { status = info(*arguments); });
}

void add_check(CLI::App& app, int& status) {
  auto arguments = std::make_shared<InspectArguments>();
  auto* command = add_inspection(app, "check", "Look for mistakes in an image", arguments);
  command->add_option("-r,--repair", arguments->repair, "Repair: leaks (clusters that nothing uses), or all")
      ->check(CLI::IsMember({"leaks", "all"}));
  command->add_flag("-q", arguments->quiet, "Print nothing");
  command->callback([arguments, &status] { status = check(*arguments); });
}

}  // namespace ferry::system::img
