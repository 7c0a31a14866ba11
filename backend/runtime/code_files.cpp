#include "backend/code_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <vector>

#include "backend/runtime/configuration.h"
#include "backend/runtime/store_files.h"

namespace ferry::backend {

namespace {

/// Not mapped: the process that writes a file may shorten it meanwhile.
std::optional<std::vector<std::byte>> content_of(int directory, const std::string& name) {
  const Descriptor file(open_store_file(directory, name, O_RDONLY));
  struct stat status;
  if (!file || fstat(file.get(), &status) != 0) return std::nullopt;
  std::vector<std::byte> bytes(static_cast<size_t>(status.st_size));
  size_t size = 0;
  while (size < bytes.size()) {
    const ssize_t got = ::read(file.get(), bytes.data() + size, bytes.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return std::nullopt;
    if (got == 0) break;
    size += static_cast<size_t>(got);
  }
  bytes.resize(size);
  return bytes;
}

}  // namespace

CodeFileContent CodeFile::read() const {
  CodeFileContent content;
  const auto file = content_of(directory_, name_);
  if (!file) {
    content.damage = "not a file that its owner can read and nobody else can write";
    return content;
  }
  content.bytes = file->size();
  const auto count = [&](const StoredImage& stored) {
    ++(stored.image.tier == Tier::Llvm ? content.regions : content.blocks);
  };
  const std::vector<Segment> segments = segments_of(*file);
  for (const Segment& segment : segments) {
    if (!segment.check(count)) content.damage = "damaged records";
  }
  if (!is_unfinished(std::span(*file).subspan(total_size(segments)))) content.damage = "a damaged segment";
  return content;
}

std::optional<support::Error> remove_code_files(const EngineOptions& options,
                                                const std::function<bool(const CodeFile&)>& remove) {
  const std::string& path = options.code_directory;
  const Descriptor directory(open_store_directory(path, /*create=*/false));
  if (!directory) {
    if (errno == ENOENT) return std::nullopt;
    return support::Error{
        path + " is not used: it is not a directory (or is a link), or others own it or can write it"};
  }
  const std::string suffix = store_suffix(configuration(options));
  for (const std::string& name : store_names(directory.get())) {
    if (!remove(CodeFile(directory.get(), name, name.ends_with(suffix)))) continue;
    if (unlinkat(directory.get(), name.c_str(), 0) != 0 && errno != ENOENT)
      return support::Error{path + "/" + name + " cannot be removed: " + std::strerror(errno)};
  }
  return std::nullopt;
}

}  // namespace ferry::backend
