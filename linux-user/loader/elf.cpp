#include "linux-user/loader/elf.h"

#include <elf.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <string_view>

#include "ir/support/bits.h"

namespace ferry::linux_user {

namespace {

using support::align_down;
using support::align_up;
using support::Error;
using support::Result;

static_assert(sizeof(Elf64_Phdr) == kElfHeaderEntrySize);

/// No program lies above this: user addresses have 47 bits.
constexpr uint64_t kAddressLimit = uint64_t{1} << 47;
/// The kernel reads at most this much of program headers (fs/binfmt_elf.c).
constexpr uint64_t kMaxHeaderBytes = 65536;
constexpr uint64_t kMaxAlignment = uint64_t{1} << 30;
constexpr uint64_t kMaxInterpreter = 4096;

std::string machine_name(uint16_t machine) {
  static constexpr struct {
    uint16_t machine;
    std::string_view name;
  } kNames[] = {
      {EM_386, "an i386"},        {EM_X86_64, "an x86-64"},      {EM_ARM, "a 32-bit ARM"},
      {EM_AARCH64, "an AArch64"}, {EM_RISCV, "a RISC-V"},        {EM_PPC, "a PowerPC"},
      {EM_PPC64, "a PowerPC64"},  {EM_S390, "an s390"},          {EM_MIPS, "a MIPS"},
      {EM_SPARC, "a SPARC"},      {EM_SPARCV9, "a SPARC64"},     {EM_IA_64, "an Itanium"},
      {EM_68K, "an m68k"},        {EM_ALPHA, "an Alpha"},        {EM_PARISC, "a PA-RISC"},
      {EM_SH, "a SuperH"},        {EM_LOONGARCH, "a LoongArch"},
  };
  for (const auto& entry : kNames) {
    if (entry.machine == machine) return std::string(entry.name);
  }
  return "a machine " + std::to_string(machine);
}

/// "AArch64" of "an AArch64".
std::string bare_name(uint16_t machine) {
  const std::string name = machine_name(machine);
  return name.substr(name.find(' ') + 1);
}

std::string hex(uint64_t value) {
  char text[24];
  std::snprintf(text, sizeof text, "0x%lx", static_cast<unsigned long>(value));
  return text;
}

Result<Elf64_Ehdr> read_header(const ByteSource& file, const ElfTarget& target) {
  const std::string wanted = "; this ferry runs " + bare_name(target.machine) + " programs";
  unsigned char ident[EI_NIDENT];
  if (file.size() == 0) return Error{"is empty"};
  const auto magic = std::as_writable_bytes(std::span(ident)).first(SELFMAG);
  if (!file.read(0, magic) || !is_elf(magic))
    return Error{"is not a program (neither ELF nor a script with #!)"};
  if (!file.read(0, std::as_writable_bytes(std::span(ident))))
    return Error{"is a truncated ELF file (no room for its header)"};
  const bool little = ident[EI_DATA] == ELFDATA2LSB;
  if (!little && ident[EI_DATA] != ELFDATA2MSB)
    return Error{"is a broken ELF file (byte order " + std::to_string(ident[EI_DATA]) + ")"};
  unsigned char start[20];
  if (!file.read(0, std::as_writable_bytes(std::span(start))))
    return Error{"is a truncated ELF file (no room for its header)"};
  const auto half = [&](size_t at) {
    return static_cast<uint16_t>(little ? start[at] | start[at + 1] << 8 : start[at + 1] | start[at] << 8);
  };
  const uint16_t machine = half(18);
  const uint16_t type = half(16);
  if (machine != target.machine) return Error{"is " + machine_name(machine) + " program" + wanted};
  if (ident[EI_DATA] != target.elf_data)
    return Error{"is a big-endian " + bare_name(machine) + " program; this ferry runs little-endian ones"};
  if (ident[EI_CLASS] != target.elf_class)
    return Error{"is a 32-bit " + bare_name(machine) + " program; this ferry runs 64-bit ones"};
  if (type == ET_REL) return Error{"is an object file, not a program: link it first"};
  if (type == ET_CORE) return Error{"is a core dump, not a program"};
  if (type != ET_EXEC && type != ET_DYN)
    return Error{"is a broken ELF file (type " + std::to_string(type) + ")"};
  Elf64_Ehdr header;
  if (!file.read(0, std::as_writable_bytes(std::span(&header, 1))))
    return Error{"is a truncated ELF file (no room for its header)"};
  if (ident[EI_VERSION] != EV_CURRENT)
    return Error{"is a broken ELF file (version " + std::to_string(ident[EI_VERSION]) + ")"};
  return header;
}

Result<std::vector<Elf64_Phdr>> read_program_headers(const ByteSource& file, const Elf64_Ehdr& header) {
  if (header.e_phnum == 0) return Error{"is a broken ELF file (no program headers)"};
  if (header.e_phentsize != sizeof(Elf64_Phdr))
    return Error{"is a broken ELF file (program headers of " + std::to_string(header.e_phentsize) +
                 " bytes)"};
  const uint64_t bytes = uint64_t{header.e_phnum} * sizeof(Elf64_Phdr);
  if (bytes > kMaxHeaderBytes)
    return Error{"is a broken ELF file (" + std::to_string(header.e_phnum) + " program headers)"};
  if (header.e_phoff > file.size() || bytes > file.size() - header.e_phoff)
    return Error{"is a truncated ELF file (its program headers are missing)"};
  std::vector<Elf64_Phdr> headers(header.e_phnum);
  if (!file.read(header.e_phoff, std::as_writable_bytes(std::span(headers)))) return Error{"cannot be read"};
  return headers;
}

Result<ElfSegment> check_segment(const Elf64_Phdr& h, size_t index, uint64_t file_size) {
  const std::string where = "segment " + std::to_string(index);
  const auto broken = [&](const std::string& what) {
    return Error{"is a broken ELF file (" + where + " " + what + ")"};
  };
  if (h.p_filesz > h.p_memsz) return broken("is larger in the file than in memory");
  if (h.p_offset > file_size || h.p_filesz > file_size - h.p_offset) {
    return Error{"is a truncated ELF file (" + where + " ends at " + hex(h.p_offset + h.p_filesz) +
                 ", the file at " + hex(file_size) + ")"};
  }
  if (h.p_vaddr >= kAddressLimit || h.p_memsz > kAddressLimit - h.p_vaddr) {
    return broken("of " + hex(h.p_memsz) + " bytes at " + hex(h.p_vaddr) +
                  " does not fit into the address space");
  }
  if (h.p_align > 1 && (!std::has_single_bit(h.p_align) || h.p_align > kMaxAlignment))
    return broken("has an alignment of " + hex(h.p_align));
  if ((h.p_vaddr - h.p_offset) % kElfPageSize != 0)
    return broken("cannot be mapped: address and file offset differ within a page");
  ElfSegment segment{h.p_vaddr, h.p_memsz, h.p_offset, h.p_filesz, 0};
  if (h.p_flags & PF_R) segment.protection |= PROT_READ;
  if (h.p_flags & PF_W) segment.protection |= PROT_WRITE;
  if (h.p_flags & PF_X) segment.protection |= PROT_EXEC;
  return segment;
}

Result<std::string> read_interpreter(const ByteSource& file, const Elf64_Phdr& h) {
  const Error broken{"is a broken ELF file (the name of its interpreter is not a path)"};
  if (h.p_filesz < 2 || h.p_filesz > kMaxInterpreter) return broken;
  if (h.p_offset > file.size() || h.p_filesz > file.size() - h.p_offset)
    return Error{"is a truncated ELF file (the name of its interpreter is missing)"};
  std::string name(h.p_filesz, '\0');
  if (!file.read(h.p_offset, std::as_writable_bytes(std::span(name)))) return Error{"cannot be read"};
  if (name.back() != '\0') return broken;
  name.resize(std::strlen(name.c_str()));
  if (name.empty()) return broken;
  return name;
}

/// Looks for the property GNU_PROPERTY_AARCH64_FEATURE_1_BTI as parse_elf_properties() of fs/binfmt_elf.c
/// does; a note that is malformed asks for nothing.
bool asks_for_guarded_code(const ByteSource& file, const Elf64_Phdr& h) {
  constexpr uint64_t kMaxNote = 1024;
  struct Note {
    Elf64_Nhdr head;
    char name[4];
  };
  struct Property {
    uint32_t type;
    uint32_t size;
  };
  constexpr uint32_t kFeatures = 0xc0000000;  // GNU_PROPERTY_AARCH64_FEATURE_1_AND
  constexpr uint32_t kBti = 1;
  std::array<std::byte, kMaxNote> bytes;
  if (h.p_filesz < sizeof(Note) || h.p_filesz > kMaxNote) return false;
  const std::span<std::byte> note = std::span(bytes).first(h.p_filesz);
  if (!file.read(h.p_offset, note)) return false;
  Note head;
  std::memcpy(&head, note.data(), sizeof head);
  if (head.head.n_type != NT_GNU_PROPERTY_TYPE_0 || head.head.n_namesz != sizeof head.name ||
      std::memcmp(head.name, ELF_NOTE_GNU, sizeof head.name) != 0 ||
      head.head.n_descsz > note.size() - sizeof(Note)) {
    return false;
  }
  std::span<std::byte> rest = note.subspan(sizeof(Note), head.head.n_descsz);
  while (rest.size() >= sizeof(Property)) {
    Property property;
    std::memcpy(&property, rest.data(), sizeof property);
    rest = rest.subspan(sizeof property);
    if (property.size > rest.size()) return false;
    if (property.type == kFeatures) {
      uint32_t features = 0;
      if (property.size != sizeof features) return false;
      std::memcpy(&features, rest.data(), sizeof features);
      return (features & kBti) != 0;
    }
    rest = rest.subspan(std::min<size_t>(rest.size(), align_up(property.size, 8)));
  }
  return false;
}

}  // namespace

FileSource::FileSource(int fd) : fd_(fd) {
  struct stat status;
  if (::fstat(fd, &status) == 0 && status.st_size > 0) size_ = static_cast<uint64_t>(status.st_size);
  const ssize_t got = ::pread(fd, head_, sizeof head_, 0);
  head_size_ = got > 0 ? static_cast<size_t>(got) : 0;
}

bool FileSource::read(uint64_t offset, std::span<std::byte> out) const {
  if (offset <= head_size_ && out.size() <= head_size_ - offset) {
    std::memcpy(out.data(), head_ + offset, out.size());
    return true;
  }
  while (!out.empty()) {
    const ssize_t got = ::pread(fd_, out.data(), out.size(), static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    offset += static_cast<uint64_t>(got);
    out = out.subspan(static_cast<size_t>(got));
  }
  return true;
}

bool SpanSource::read(uint64_t offset, std::span<std::byte> out) const {
  if (offset > bytes_.size() || out.size() > bytes_.size() - offset) return false;
  std::copy_n(bytes_.begin() + static_cast<std::ptrdiff_t>(offset), out.size(), out.begin());
  return true;
}

bool is_elf(std::span<const std::byte> head) {
  return head.size() >= SELFMAG && std::memcmp(head.data(), ELFMAG, SELFMAG) == 0;
}

bool is_elf_for(std::span<const std::byte> head, const ElfTarget& target) {
  Elf64_Ehdr header{};
  constexpr size_t kNeeded = offsetof(Elf64_Ehdr, e_version);
  if (!is_elf(head) || head.size() < kNeeded) return false;
  std::memcpy(&header, head.data(), kNeeded);
  return header.e_ident[EI_CLASS] == target.elf_class && header.e_ident[EI_DATA] == target.elf_data &&
         header.e_machine == target.machine && (header.e_type == ET_EXEC || header.e_type == ET_DYN);
}

Result<ElfImage> parse_elf(const ByteSource& file, const ElfTarget& target) {
  const Result<Elf64_Ehdr> header = read_header(file, target);
  if (!header) return header.error();
  const Result<std::vector<Elf64_Phdr>> headers = read_program_headers(file, *header);
  if (!headers) return headers.error();

  ElfImage image;
  image.fixed = header->e_type == ET_EXEC;
  image.entry = header->e_entry;
  image.alignment = kElfPageSize;
  image.header_count = header->e_phnum;
  for (size_t i = 0; i < headers->size(); ++i) {
    const Elf64_Phdr& h = (*headers)[i];
    switch (h.p_type) {
      case PT_LOAD: {
        const Result<ElfSegment> segment = check_segment(h, i, file.size());
        if (!segment) return segment.error();
        if (segment->memory_size == 0) break;
        if (!image.segments.empty() &&
            segment->address < image.segments.back().address + image.segments.back().memory_size) {
          return Error{"is a broken ELF file (segment " + std::to_string(i) +
                       " overlaps the one before it, or comes too late)"};
        }
        image.alignment = std::max<uint64_t>(image.alignment, h.p_align);
        image.segments.push_back(*segment);
        break;
      }
      case PT_INTERP: {
        if (!image.interpreter.empty()) return Error{"is a broken ELF file (it names two interpreters)"};
        Result<std::string> name = read_interpreter(file, h);
        if (!name) return name.error();
        image.interpreter = std::move(*name);
        break;
      }
      case PT_GNU_STACK:
        image.executable_stack = (h.p_flags & PF_X) != 0;
        break;
      case PT_GNU_PROPERTY:
        if (target.machine == EM_AARCH64) image.guarded_code = asks_for_guarded_code(file, h);
        break;
      default:
        break;
    }
  }
  if (image.segments.empty()) return Error{"is a broken ELF file (nothing to load)"};
  image.first = align_down(image.segments.front().address, kElfPageSize);
  image.last = align_up(image.segments.back().address + image.segments.back().memory_size, kElfPageSize);
  for (const ElfSegment& segment : image.segments) {
    if (header->e_phoff >= segment.offset && header->e_phoff - segment.offset < segment.file_size) {
      image.headers_address = segment.address + (header->e_phoff - segment.offset);
      break;
    }
  }
  return image;
}

}  // namespace ferry::linux_user
