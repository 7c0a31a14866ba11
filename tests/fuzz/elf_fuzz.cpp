// parse_elf() on any bytes: an error, or an image whose every number loading may rely on.
#include <elf.h>

#include <bit>
#include <cstring>
#include <span>

#include "linux-user/loader/elf.h"
#include "tests/fuzz/target.h"

namespace ferry::fuzz {
namespace {

using linux_user::ElfImage;
using linux_user::ElfSegment;

constexpr linux_user::ElfTarget kTarget{ELFCLASS64, ELFDATA2LSB, EM_AARCH64};
/// PATH_MAX, which the kernel allows an interpreter's name too.
constexpr size_t kLongestInterpreter = 4096;

void check_segment(const ElfImage& image, const ElfSegment& segment, uint64_t file_size) {
  require(segment.file_size <= segment.memory_size, "a segment has room for its bytes of the file");
  require(segment.offset <= file_size && segment.file_size <= file_size - segment.offset,
          "they are in the file");
  require(segment.address + segment.memory_size >= segment.address, "a segment does not wrap around");
  require(image.first <= segment.address && segment.address + segment.memory_size <= image.last,
          "a segment lies between first and last");
  require((segment.address - segment.offset) % linux_user::kElfPageSize == 0 || segment.file_size == 0,
          "a segment can be mapped from the file");
}

void check_image(const ElfImage& image, uint64_t file_size) {
  constexpr uint64_t kPage = linux_user::kElfPageSize;
  require(!image.segments.empty(), "there is a segment");
  require(image.first % kPage == 0 && image.last % kPage == 0 && image.first < image.last,
          "first and last are pages");
  require(std::has_single_bit(image.alignment) && image.alignment >= kPage,
          "the alignment is a power of two");
  for (size_t i = 0; i < image.segments.size(); ++i) {
    check_segment(image, image.segments[i], file_size);
    if (i == 0) continue;
    const ElfSegment& before = image.segments[i - 1];
    require(before.address + before.memory_size <= image.segments[i].address,
            "segments ascend without overlap");
  }
  require(image.interpreter.size() <= kLongestInterpreter, "the interpreter's name is not endless");
  require(image.interpreter.find('\0') == std::string::npos, "the interpreter's name is one string");
}

template <typename T>
void put(Input& file, size_t at, const T& value) {
  std::memcpy(file.data() + at, &value, sizeof(T));
}

constexpr size_t kSeedSize = 0x1800;
constexpr size_t kNameAt = 0x400;
constexpr char kName[] = "/lib/ld-linux-aarch64.so.1";

Elf64_Phdr header(uint32_t type, uint32_t flags, uint64_t offset, uint64_t address, uint64_t file_size,
                  uint64_t memory_size, uint64_t alignment) {
  return {type, flags, offset, address, address, file_size, memory_size, alignment};
}

/// A program with two segments and all the headers that the loader looks at.
Input make_seed(uint16_t type, bool dynamic, uint64_t alignment) {
  Input file(kSeedSize);
  const uint64_t base = type == ET_EXEC ? 0x400000 : 0;
  std::vector<Elf64_Phdr> headers;
  if (dynamic)
    headers.push_back(header(PT_INTERP, PF_R, kNameAt, base + kNameAt, sizeof kName, sizeof kName, 1));
  headers.push_back(header(PT_LOAD, PF_R | PF_X, 0, base, 0x1000, 0x1000, alignment));
  const uint64_t data = base + 0x1000 + alignment;
  headers.push_back(header(PT_LOAD, PF_R | PF_W, 0x1000, data, 0x800, 0x3000, alignment));
  headers.push_back(header(PT_GNU_STACK, PF_R | PF_W, 0, 0, 0, 0, 16));
  headers.push_back(header(PT_PHDR, PF_R, sizeof(Elf64_Ehdr), base + sizeof(Elf64_Ehdr), 0, 0, 8));
  Elf64_Ehdr top{};
  std::memcpy(top.e_ident, ELFMAG, SELFMAG);
  top.e_ident[EI_CLASS] = ELFCLASS64;
  top.e_ident[EI_DATA] = ELFDATA2LSB;
  top.e_ident[EI_VERSION] = EV_CURRENT;
  top.e_type = type;
  top.e_machine = EM_AARCH64;
  top.e_version = EV_CURRENT;
  top.e_entry = base + 0x200;
  top.e_phoff = sizeof top;
  top.e_ehsize = sizeof top;
  top.e_phentsize = sizeof(Elf64_Phdr);
  top.e_phnum = static_cast<uint16_t>(headers.size());
  put(file, 0, top);
  for (size_t i = 0; i < headers.size(); ++i) put(file, sizeof top + i * sizeof(Elf64_Phdr), headers[i]);
  std::memcpy(file.data() + kNameAt, kName, sizeof kName);
  return file;
}

}  // namespace

std::vector<Input> seeds() {
  std::vector<Input> all;
  for (const uint16_t type : {ET_EXEC, ET_DYN}) {
    for (const bool dynamic : {false, true}) {
      for (const uint64_t alignment : {0x1000, 0x10000}) {
        all.push_back(make_seed(type, dynamic, alignment));
        require(bool(linux_user::parse_elf(linux_user::SpanSource(std::as_bytes(std::span(all.back()))),
                                           kTarget)),
                "a seed is a good file");
      }
    }
  }
  return all;
}

}  // namespace ferry::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace ferry;
  const auto bytes = std::as_bytes(std::span(data, size));
  (void)linux_user::is_elf(bytes);
  const bool fits = linux_user::is_elf_for(bytes, fuzz::kTarget);
  const auto image = linux_user::parse_elf(linux_user::SpanSource(bytes), fuzz::kTarget);
  if (!image) {
    fuzz::require(!image.error().message.empty() && image.error().message.find('\n') == std::string::npos,
                  "an error is one line", image.error().message);
    return 0;
  }
  fuzz::require(fits, "a file that parses is for the target");
  fuzz::check_image(*image, size);
  return 0;
}
