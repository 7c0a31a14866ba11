#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "backend/engine.h"
#include "ir/support/address.h"

namespace ferry::linux_user {

/// What the guest sees of a program's or library's file, in so far as it names it: the first page, with the
/// ELF header and nearly always the build id, and the size. Equal files have equal identities on every
/// machine; a file that was changed behind its first page and kept its size keeps its identity too.
using backend::FileIdentity;

/// The identity of the ELF program or library that `fd` is open on; none for anything else: object files,
/// core dumps, data, pipes, devices. Leaves the descriptor's offset alone.
std::optional<FileIdentity> identify(int fd);
/// The identity of an image of that content that lies in no file.
FileIdentity identify(std::span<const std::byte> image);

/// What an image is mapped for. Each has its window of addresses, so that nothing lies close behind a
/// program, where its break moves.
enum class ImageKind : uint8_t { Library, Program };

/// How many addresses a file prefers: it may be mapped more than once, and others may be in its way.
inline constexpr unsigned kPlacementAttempts = 4;

/// Where an image of a file should lie, so that it lies there in every process
/// (docs/adr/0014-stable-addresses.md): a multiple of 2 MiB; `attempt` counts up to kPlacementAttempts.
GuestAddr preferred_address(const FileIdentity& identity, ImageKind kind, unsigned attempt);
/// Whether `address` is in the windows of these addresses, where nothing else lies.
bool is_preferred(GuestAddr address);

}  // namespace ferry::linux_user
