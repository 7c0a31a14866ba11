#pragma once

#include <span>

#include "linux-user/options.h"

namespace ferry::linux_user {

/// The engine's options for a program run with `options`, those that say where the persistent code cache is
/// (by the XDG Base Directory Specification; empty: nowhere) and what code depends on.
backend::EngineOptions cached_engine_options(const Options& options);

/// `ferry cache stats|clear|verify`: looks after the persistent code cache. `words` are the command line's
/// after "ferry"; of the environment, FERRY_* count as for programs. Answers the exit status.
int cache_command(std::span<char* const> words, std::span<char* const> environment);

}  // namespace ferry::linux_user
