#include "linux-user/abi/arm64/vdso.h"

#include <elf.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string_view>

#include "frontend/arm64/vdso_call.h"

// The image of the vDSO, laid out by the compiler: an ELF library as `ld -shared` would link it, with one
// member of Image for each section. Offsets in the file are its addresses. Symbols and version are those of
// arch/arm64/kernel/vdso/vdso.lds.S.
namespace ferry::linux_user::arm64_abi_detail {
namespace {

using arm64::VdsoCall;

// ---- code

constexpr uint32_t kNop = 0xd503201f;
constexpr uint32_t kBtiC = 0xd503245f;
constexpr uint32_t kSvc = 0xd4000001;
constexpr uint32_t kRet = 0xd65f03c0;
/// MOV X8, #number
constexpr uint32_t mov_x8(uint32_t number) { return 0xd2800008 | number << 5; }
/// CBZ X8, to `words` instructions further
constexpr uint32_t cbz_x8(uint32_t words) { return 0xb4000008 | words << 5; }

using Function = std::array<uint32_t, 6>;
/// Where nobody makes the call by the third instruction, the system call does it.
constexpr Function function(VdsoCall call, uint32_t number) {
  return {kBtiC, mov_x8(number), arm64::vdso_call_word(call), cbz_x8(2), kSvc, kRet};
}

constexpr uint32_t kRtSigreturn = 139;

struct Code {
  /// Unwinders look one instruction before the address that a handler returns to.
  uint32_t before = kNop;
  /// Unwinders and debuggers know handlers' callers by exactly these two. As in the kernel nothing in
  /// .eh_frame is about them: what those do without is more than it could tell (vdso/sigreturn.S).
  std::array<uint32_t, 2> rt_sigreturn = {mov_x8(kRtSigreturn), kSvc};
  uint32_t padding = kNop;
#define VDSO_CALL(name, number) Function name = function(VdsoCall::name, number);
#include "frontend/arm64/vdso_calls.def"
};

// ---- names

struct Names {
  char none[1] = "";
  char image[sizeof "linux-vdso.so.1"] = "linux-vdso.so.1";
  char version[sizeof "LINUX_2.6.39"] = "LINUX_2.6.39";
  char rt_sigreturn[sizeof "__kernel_rt_sigreturn"] = "__kernel_rt_sigreturn";
#define VDSO_CALL(name, number) char name[sizeof "__kernel_" #name] = "__kernel_" #name;
#include "frontend/arm64/vdso_calls.def"
};

/// Each section's name is a member of its own.
struct SectionNames {
  char none[1] = "";
  char hash[sizeof ".hash"] = ".hash";
  char symbols[sizeof ".dynsym"] = ".dynsym";
  char names[sizeof ".dynstr"] = ".dynstr";
  char versions[sizeof ".gnu.version"] = ".gnu.version";
  char definitions[sizeof ".gnu.version_d"] = ".gnu.version_d";
  char dynamic[sizeof ".dynamic"] = ".dynamic";
  char frame_index[sizeof ".eh_frame_hdr"] = ".eh_frame_hdr";
  char frames[sizeof ".eh_frame"] = ".eh_frame";
  char code[sizeof ".text"] = ".text";
  char section_names[sizeof ".shstrtab"] = ".shstrtab";
};

// ---- symbols

constexpr size_t kFunctions = 0
#define VDSO_CALL(name, number) +1
#include "frontend/arm64/vdso_calls.def"
    ;
/// The undefined one, rt_sigreturn and the functions.
constexpr size_t kSymbols = 2 + kFunctions;

/// One bucket: all symbols are in its chain.
struct Hash {
  uint32_t buckets = 1;
  uint32_t chains = kSymbols;
  uint32_t bucket = 1;
  std::array<uint32_t, kSymbols> chain{};
};

constexpr uint16_t kImageVersion = 1;
constexpr uint16_t kSymbolVersion = 2;

struct VersionDefinition {
  Elf64_Verdef head;
  Elf64_Verdaux name;
};

/// The hash function of the System V ABI, chapter 5.
constexpr uint32_t elf_hash(std::string_view name) {
  uint32_t hash = 0;
  for (const char c : name) {
    hash = (hash << 4) + static_cast<unsigned char>(c);
    hash = (hash ^ (hash >> 24 & 0xf0)) & 0x0fffffff;
  }
  return hash;
}

// ---- unwinding (LSB 5.0, 10.6): the functions leave the stack and the link register as they are

constexpr uint8_t kRelativeToHere = 0x1b;   // DW_EH_PE_pcrel | DW_EH_PE_sdata4
constexpr uint8_t kRelativeToIndex = 0x3b;  // DW_EH_PE_datarel | DW_EH_PE_sdata4
constexpr uint8_t kPlainCount = 0x03;       // DW_EH_PE_udata4

struct CommonFrame {
  uint32_t length = sizeof(CommonFrame) - sizeof length;
  uint32_t id = 0;
  uint8_t version = 1;
  char augmentation[3] = "zR";
  uint8_t code_alignment = 4;
  uint8_t data_alignment = 0x78;  // -8
  uint8_t return_register = 30;
  uint8_t augmentation_length = 1;
  uint8_t address_encoding = kRelativeToHere;
  std::array<uint8_t, 3> frame_is_sp = {0x0c, 31, 0};  // DW_CFA_def_cfa: sp, 0
};
static_assert(sizeof(CommonFrame) == 20);

struct FunctionFrame {
  uint32_t length = sizeof(FunctionFrame) - sizeof length;
  uint32_t to_common = 0;
  int32_t first = 0;
  uint32_t bytes = sizeof(Function);
  uint8_t augmentation_length = 0;
  std::array<uint8_t, 3> nops{};
};

struct Frames {
  CommonFrame common;
  std::array<FunctionFrame, kFunctions> functions;
  uint32_t end = 0;
};

struct FrameIndex {
  struct Row {
    int32_t function;
    int32_t frame;
  };
  uint8_t version = 1;
  uint8_t frames_encoding = kRelativeToHere;
  uint8_t count_encoding = kPlainCount;
  uint8_t rows_encoding = kRelativeToIndex;
  int32_t frames = 0;
  uint32_t count = kFunctions;
  std::array<Row, kFunctions> rows{};
};

// ---- the image

struct Image {
  Elf64_Ehdr header;
  std::array<Elf64_Phdr, 3> segments;
  Hash hash;
  alignas(8) std::array<Elf64_Sym, kSymbols> symbols;
  Names names;
  alignas(2) std::array<uint16_t, kSymbols> versions;
  alignas(8) std::array<VersionDefinition, 2> definitions;
  alignas(8) std::array<Elf64_Dyn, 10> dynamic;
  alignas(4) FrameIndex frame_index;
  alignas(8) Frames frames;
  alignas(16) Code code;
  SectionNames section_names;
  alignas(8) std::array<Elf64_Shdr, 11> sections;
};

constexpr Elf64_Sym symbol(uint32_t name, uint64_t value, uint64_t size) {
  constexpr uint16_t kCodeSection = 9;
  return {name, ELF64_ST_INFO(STB_GLOBAL, STT_FUNC), STV_DEFAULT, kCodeSection, value, size};
}

constexpr std::array<Elf64_Sym, kSymbols> make_symbols() {
  return {{
      {},
      symbol(offsetof(Names, rt_sigreturn), offsetof(Image, code) + offsetof(Code, rt_sigreturn),
             sizeof(Code::rt_sigreturn)),
#define VDSO_CALL(name, number) \
  symbol(offsetof(Names, name), offsetof(Image, code) + offsetof(Code, name), sizeof(Function)),
#include "frontend/arm64/vdso_calls.def"
  }};
}

constexpr Elf64_Phdr segment(uint32_t type, uint32_t flags, uint64_t offset, uint64_t size,
                             uint64_t alignment) {
  return {type, flags, offset, offset, offset, size, size, alignment};
}

constexpr Elf64_Shdr section(uint32_t name, uint32_t type, uint64_t flags, uint64_t offset, uint64_t size,
                             uint64_t alignment, uint64_t entry = 0, uint32_t link = 0, uint32_t info = 0) {
  return {name, type, flags | SHF_ALLOC, offset, offset, size, link, info, alignment, entry};
}

constexpr VersionDefinition version(uint16_t number, uint16_t flags, std::string_view text, uint32_t name,
                                    uint32_t to_next) {
  return {{VER_DEF_CURRENT, flags, number, 1, elf_hash(text), sizeof(Elf64_Verdef), to_next}, {name, 0}};
}

constexpr Elf64_Dyn entry(int64_t tag, uint64_t value) { return {tag, {value}}; }

/// From the place of one thing to another.
constexpr int32_t distance(size_t from, size_t to) {
  return static_cast<int32_t>(static_cast<int64_t>(to) - static_cast<int64_t>(from));
}

constexpr void index_frames(Image& image) {
  constexpr size_t kFrames = offsetof(Image, frames);
  constexpr size_t kIndex = offsetof(Image, frame_index);
  image.frame_index.frames = distance(kIndex + offsetof(FrameIndex, frames), kFrames);
  for (size_t i = 0; i < kFunctions; ++i) {
    const size_t frame = kFrames + offsetof(Frames, functions) + i * sizeof(FunctionFrame);
    const size_t function = image.symbols[kSymbols - kFunctions + i].st_value;
    FunctionFrame& row = image.frames.functions[i];
    row.to_common = static_cast<uint32_t>(frame + offsetof(FunctionFrame, to_common) - kFrames);
    row.first = distance(frame + offsetof(FunctionFrame, first), function);
    image.frame_index.rows[i] = {distance(kIndex, function), distance(kIndex, frame)};
  }
}

constexpr Image make_image() {
#define AT(member) offsetof(Image, member), sizeof(Image::member)
  Image image{};
  image.header = {{ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB, EV_CURRENT, ELFOSABI_NONE},
                  ET_DYN,
                  EM_AARCH64,
                  EV_CURRENT,
                  0,
                  offsetof(Image, segments),
                  offsetof(Image, sections),
                  0,
                  sizeof(Elf64_Ehdr),
                  sizeof(Elf64_Phdr),
                  std::size(image.segments),
                  sizeof(Elf64_Shdr),
                  std::size(image.sections),
                  std::size(image.sections) - 1};
  image.segments = {{segment(PT_LOAD, PF_R | PF_X, 0, sizeof(Image), 4096),
                     segment(PT_DYNAMIC, PF_R, AT(dynamic), 8),
                     segment(PT_GNU_EH_FRAME, PF_R, AT(frame_index), 4)}};
  for (uint32_t i = 1; i + 1 < kSymbols; ++i) image.hash.chain[i] = i + 1;
  image.symbols = make_symbols();
  image.versions.fill(kSymbolVersion);
  image.versions[0] = VER_NDX_LOCAL;
  image.definitions = {
      {version(kImageVersion, VER_FLG_BASE, Names{}.image, offsetof(Names, image), sizeof(VersionDefinition)),
       version(kSymbolVersion, 0, Names{}.version, offsetof(Names, version), 0)}};
  image.dynamic = {{entry(DT_SONAME, offsetof(Names, image)), entry(DT_HASH, offsetof(Image, hash)),
                    entry(DT_STRTAB, offsetof(Image, names)), entry(DT_STRSZ, sizeof(Names)),
                    entry(DT_SYMTAB, offsetof(Image, symbols)), entry(DT_SYMENT, sizeof(Elf64_Sym)),
                    entry(DT_VERSYM, offsetof(Image, versions)),
                    entry(DT_VERDEF, offsetof(Image, definitions)),
                    entry(DT_VERDEFNUM, std::size(image.definitions)), entry(DT_NULL, 0)}};
  index_frames(image);
  constexpr uint32_t kSymbolSection = 2;
  constexpr uint32_t kNameSection = 3;
#define NAME(member) offsetof(SectionNames, member)
  image.sections = {
      {{},
       section(NAME(hash), SHT_HASH, 0, AT(hash), 4, sizeof(uint32_t), kSymbolSection),
       section(NAME(symbols), SHT_DYNSYM, 0, AT(symbols), 8, sizeof(Elf64_Sym), kNameSection, 1),
       section(NAME(names), SHT_STRTAB, 0, AT(names), 1),
       section(NAME(versions), SHT_GNU_versym, 0, AT(versions), 2, sizeof(uint16_t), kSymbolSection),
       section(NAME(definitions), SHT_GNU_verdef, 0, AT(definitions), 8, 0, kNameSection,
               std::size(image.definitions)),
       section(NAME(dynamic), SHT_DYNAMIC, 0, AT(dynamic), 8, sizeof(Elf64_Dyn), kNameSection),
       section(NAME(frame_index), SHT_PROGBITS, 0, AT(frame_index), 4),
       section(NAME(frames), SHT_PROGBITS, 0, AT(frames), 8),
       section(NAME(code), SHT_PROGBITS, SHF_EXECINSTR, AT(code), 16),
       section(NAME(section_names), SHT_STRTAB, 0, AT(section_names), 1)}};
#undef NAME
#undef AT
  return image;
}

constexpr Image kImage = make_image();
static_assert(sizeof(Image) <= 4096);

}  // namespace

Vdso vdso() {
  return {std::as_bytes(std::span(&kImage, 1)), offsetof(Image, code) + offsetof(Code, rt_sigreturn)};
}

}  // namespace ferry::linux_user::arm64_abi_detail
