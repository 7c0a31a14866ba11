#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "system/block/open.h"

namespace ferry::system::img {

/// "10G": bytes, or with one of the suffixes b, K, M, G, T, P (powers of 1024); a fraction is allowed before
/// one.
Result<uint64_t> parse_size(std::string_view text);
/// "1.5 GiB", as QEMU prints sizes.
std::string size_text(uint64_t bytes);
/// The words "key=value" of -o, between commas, later ones over earlier ones.
Result<std::map<std::string, std::string>> parse_pairs(const std::vector<std::string>& lists);

}  // namespace ferry::system::img
