#pragma once

#include "ir/support/result.h"
#include "linux-user/loader/elf.h"
#include "linux-user/mm/address_space.h"

namespace ferry::linux_user {

/// Where an image ended up.
struct MappedImage {
  uint64_t bias = 0;  ///< what was added to the file's addresses
  GuestAddr entry;
  GuestAddr headers;  ///< 0: not mapped
  GuestAddr last;     ///< end, page-aligned
};

/// Maps `image` from the open file `fd`. A position-independent one lies where the file prefers for this
/// `kind`; else, or without stable placement, at `hint`, or where the kernel likes (0). The Error completes
/// the sentence "FILE ...".
support::Result<MappedImage> map_image(AddressSpace& memory, int fd, const ElfImage& image, ImageKind kind,
                                       GuestAddr hint);

}  // namespace ferry::linux_user
