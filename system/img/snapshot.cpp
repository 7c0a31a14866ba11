// snapshot: lists, creates, applies and deletes those inside of an image.
#include <fmt/chrono.h>
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <ctime>
#include <memory>
#include <nlohmann/json.hpp>

#include "system/img/commands.h"
#include "system/img/snapshot_list.h"

namespace ferry::system::img {

namespace {

struct SnapshotArguments {
  std::string format, file, create, apply, remove;
  bool list = false, quiet = false, force_share = false;
};

std::string date_text(uint32_t seconds) {
  const time_t time = seconds;
  std::tm local{};
  ::localtime_r(&time, &local);
  return fmt::format("{:%Y-%m-%d %H:%M:%S}", local);
}

std::string clock_text(uint64_t nanoseconds) {
  const uint64_t milliseconds = nanoseconds / 1000000, seconds = milliseconds / 1000;
  return fmt::format("{:02}:{:02}:{:02}.{:03}", seconds / 3600, seconds / 60 % 60, seconds % 60,
                     milliseconds % 1000);
}

int change_snapshots(const SnapshotArguments& arguments) {
  const bool changes = !arguments.list;
  const auto how =
      open_options(arguments.format, changes ? Access::Write : Access::Read, arguments.force_share);
  if (!how) return fail(how.error());
  const auto disk = open_image(arguments.file, *how);
  if (!disk) return fail(disk.error());
  auto* image = dynamic_cast<qcow2::Image*>(disk->get());
  if (!image) return fail(arguments.file + ": raw images have no snapshots");
  if (arguments.list) {
    print_snapshots(image->snapshots());
    return kDone;
  }
  const Status failed = !arguments.create.empty()  ? image->create_snapshot(arguments.create)
                        : !arguments.apply.empty() ? image->apply_snapshot(arguments.apply)
                                                   : image->delete_snapshot(arguments.remove);
  return failed ? fail(*failed) : kDone;
}

}  // namespace

nlohmann::ordered_json snapshots_json(const std::vector<qcow2::Snapshot>& snapshots) {
  auto list = nlohmann::ordered_json::array();
  for (const qcow2::Snapshot& s : snapshots) {
    list.push_back({{"vm-clock-nsec", s.vm_clock % 1000000000},
                    {"name", s.name},
                    {"date-sec", s.seconds},
                    {"date-nsec", s.nanoseconds},
                    {"vm-clock-sec", s.vm_clock / 1000000000},
                    {"id", s.id},
                    {"vm-state-size", s.vm_state_size}});
  }
  return list;
}

void print_snapshots(const std::vector<qcow2::Snapshot>& snapshots) {
  if (snapshots.empty()) return;
  fmt::print("Snapshot list:\n{:<10}{:<17}{:>8}{:>20}{:>13}\n", "ID", "TAG", "VM SIZE", "DATE", "VM CLOCK");
  for (const qcow2::Snapshot& s : snapshots)
    fmt::print("{:<9} {:<16} {:>8} {:>19} {:>12}\n", s.id, s.name, size_text(s.vm_state_size),
               date_text(s.seconds), clock_text(s.vm_clock));
}

void add_snapshot(CLI::App& app, int& status) {
  auto* command = app.add_subcommand("snapshot", "Snapshots inside of an image");
  auto arguments = std::make_shared<SnapshotArguments>();
  auto* actions = command->add_option_group("action");
  actions->add_flag("-l", arguments->list, "List them");
  actions->add_option("-c", arguments->create, "Keep what the disk holds now under this name");
  actions->add_option("-a", arguments->apply, "Make the disk what the snapshot holds");
  actions->add_option("-d", arguments->remove, "Delete a snapshot");
  actions->require_option(1);
  command->add_option("-f", arguments->format, "Format of the image; found out if not given");
  command->add_flag("-q", arguments->quiet, "Print nothing");
  command->add_flag("-U,--force-share", arguments->force_share,
                    "List those of an image that another process writes");
  command->add_option("FILE", arguments->file)->required();
  command->callback([arguments, &status] { status = change_snapshots(*arguments); });
}

}  // namespace ferry::system::img
