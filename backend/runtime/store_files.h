#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "backend/engine.h"
#include "backend/runtime/store_format.h"

// The files of the persistent code cache: their names, and whom they must belong to.

namespace ferry::backend {

/// An open descriptor, closed with it.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor();
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }

 private:
  int fd_;
};

/// The directory of a cache, made if need be. Negative: it is not there (errno is ENOENT), or nobody but its
/// owner may write it and we are not the owner, or others may.
int open_store_directory(const std::string& path, bool create);
/// A regular file in it that nobody but us may write; negative: there is none. `flags` are open(2)'s.
int open_store_file(int directory, const std::string& name, int flags);

/// What all names of files have in their end that depend on the same configuration.
std::string store_suffix(const std::string& configuration);
/// The name of the file for code of the guest's file `file` at `first`.
std::string store_name(const FileIdentity& file, GuestAddr first, std::string_view suffix);
/// Where a file is written that is going to take another's place.
std::string store_draft_name(const std::string& name);
/// The names of all files of a cache in a directory, drafts too; other names are not the cache's.
std::vector<std::string> store_names(int directory);

/// The segments of a file's content.
std::vector<Segment> segments_of(std::span<const std::byte> file);
uint64_t total_size(const std::vector<Segment>& segments);

}  // namespace ferry::backend
