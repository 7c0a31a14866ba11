#pragma once

#include <nlohmann/json_fwd.hpp>
#include <vector>

#include "system/block/qcow2/snapshot_table.h"

namespace ferry::system::img {

nlohmann::ordered_json snapshots_json(const std::vector<qcow2::Snapshot>& snapshots);
/// Nothing if there are none.
void print_snapshots(const std::vector<qcow2::Snapshot>& snapshots);

}  // namespace ferry::system::img
