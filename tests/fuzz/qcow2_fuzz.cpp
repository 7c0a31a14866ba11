// A qcow2 image of any bytes: opening, checking, reading and changing it end with a value or with an error of
// one line, and what was written is read back.
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "system/block/qcow2/check.h"
#include "system/block/qcow2/image.h"
#include "tests/fuzz/target.h"

namespace ferry::fuzz {
namespace {

using namespace system;

/// Changes stay small: an image says itself how large it is.
constexpr uint64_t kMaxChange = 1 << 16;

/// Any file: one in memory.
HostFile file_of(std::span<const uint8_t> bytes) {
  support::UniqueFd fd(::memfd_create("image", MFD_CLOEXEC));
  require(static_cast<bool>(fd), "there is memory for a file");
  HostFile file(std::move(fd), "image", Access::Write);
  require(!file.write(0, std::as_bytes(bytes)), "the file can be written");
  return file;
}

void require_one_line(const Status& failed) {
  require(!failed || (!failed->message.empty() && failed->message.find('\n') == std::string::npos),
          "an error is one line", failed ? failed->message : "");
}

void check_image(std::span<const uint8_t> bytes) {
  for (const qcow2::Repair repair : {qcow2::Repair::None, qcow2::Repair::Leaks, qcow2::Repair::All}) {
    HostFile file = file_of(bytes);
    auto header = qcow2::read_header(file);
    if (!header) return require_one_line(header.error());
    const auto result = qcow2::check(file, *header, repair);
    if (!result) {
      require_one_line(result.error());
    } else if (repair == qcow2::Repair::All && result->corruptions == 0) {
      const auto again = qcow2::check(file, *header, qcow2::Repair::None);
      require(again && again->corruptions == 0 && again->leaks == 0, "what is repaired is whole");
    }
  }
}

void change_image(std::span<const uint8_t> bytes) {
  auto opened = qcow2::Image::open(file_of(bytes), nullptr);
  if (!opened) return require_one_line(opened.error());
  qcow2::Image& image = **opened;
  const uint64_t length = std::min(image.size(), kMaxChange);
  for (const uint64_t offset : {uint64_t{0}, (image.size() - length) / 2, image.size() - length}) {
    std::vector<std::byte> content(length), back(length);
    require_one_line(image.read(offset, content));
    std::fill(content.begin(), content.end(), std::byte{0x5a});
    const Status failed = image.write(offset, content);
    require_one_line(failed);
    // In a broken image, data may lie in two places at once; within one write this is of no concern.
    if (!failed && length <= image.header().cluster_size() && !image.read(offset, back))
      require(back == content, "what was written is read");
    require_one_line(image.write_zeroes(offset, length / 2));
    require_one_line(image.discard(offset, length));
  }
  require_one_line(image.flush());
  require_one_line(image.create_snapshot("fuzz"));
  if (!image.snapshots().empty()) {
    const std::string name = image.snapshots().front().name;
    require_one_line(image.apply_snapshot(name));
    require_one_line(image.delete_snapshot(name));
  }
  require_one_line(image.flush());
}

Input seed(const qcow2::CreateOptions& options, bool compressed, bool snapshot) {
  HostFile file = file_of({});
  require(!qcow2::create(file, options), "a seed can be created");
  auto shared = file.share();
  auto image = qcow2::Image::open(std::move(*shared), nullptr);
  require(static_cast<bool>(image), "a seed can be opened");
  const std::vector<std::byte> data(uint64_t{1} << options.cluster_bits, std::byte{7});
  require(!(*image)->write(0, data), "a seed can be written");
  if (compressed) require(!(*image)->write_compressed(data.size(), data), "a seed can be compressed");
  if (snapshot) require(!(*image)->create_snapshot("s"), "a seed can have snapshots");
  require(!(*image)->write_zeroes(0, data.size()) && !(*image)->flush(), "a seed can be changed");
  Input bytes(*file.size());
  require(!file.read(0, std::as_writable_bytes(std::span(bytes))), "a seed can be read");
  return bytes;
}

}  // namespace

std::vector<Input> seeds() {
  std::vector<Input> all;
  for (const uint32_t version : {2u, 3u}) {
    qcow2::CreateOptions options;
    options.size = 1 << 20;
    options.version = version;
    options.cluster_bits = 9;
    all.push_back(seed(options, false, false));
    all.push_back(seed(options, true, true));
    if (version == 3) options.compression = qcow2::Compression::Zstd;
    options.cluster_bits = 12;
    all.push_back(seed(options, true, true));
  }
  return all;
}

}  // namespace ferry::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace ferry::fuzz;
  check_image({data, size});
  change_image({data, size});
  return 0;
}
