#pragma once

#include <span>

namespace ferry::linux_user {

/// `ferry binfmt install|remove|status`: registers this ferry with the kernel for programs of its guests.
/// `words` are the command line's after "binfmt". Answers the exit status.
int binfmt_command(std::span<char* const> words);

}  // namespace ferry::linux_user
