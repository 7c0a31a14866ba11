// Good and bad ELF files, made here byte by byte: what parse_elf() says about each.
#include "linux-user/loader/elf.h"

#include <elf.h>
#include <gtest/gtest.h>
#include <sys/mman.h>

#include <cstring>
#include <functional>

namespace ferry::linux_user {
namespace {

constexpr ElfTarget kTarget{ELFCLASS64, ELFDATA2LSB, EM_AARCH64};

/// A small executable with two segments; tests change what they are about.
struct TestFile {
  Elf64_Ehdr header{};
  std::vector<Elf64_Phdr> segments;
  size_t size = 0x3000;
  std::string interpreter;

  TestFile() {
    std::memcpy(header.e_ident, ELFMAG, SELFMAG);
    header.e_ident[EI_CLASS] = ELFCLASS64;
    header.e_ident[EI_DATA] = ELFDATA2LSB;
    header.e_ident[EI_VERSION] = EV_CURRENT;
    header.e_type = ET_EXEC;
    header.e_machine = EM_AARCH64;
    header.e_entry = 0x400100;
    header.e_phoff = sizeof(Elf64_Ehdr);
    header.e_phentsize = sizeof(Elf64_Phdr);
    segments.push_back({PT_LOAD, PF_R | PF_X, 0, 0x400000, 0x400000, 0x1000, 0x1000, 0x10000});
    segments.push_back({PT_LOAD, PF_R | PF_W, 0x1000, 0x411000, 0x411000, 0x800, 0x3000, 0x10000});
  }

  std::vector<std::byte> bytes() const {
    std::vector<std::byte> out(size);
    Elf64_Ehdr h = header;
    if (h.e_phnum == 0) h.e_phnum = static_cast<uint16_t>(segments.size());
    const auto put = [&](size_t at, const void* data, size_t n) {
      if (at < out.size()) std::memcpy(out.data() + at, data, std::min(n, out.size() - at));
    };
    put(0, &h, sizeof h);
    put(sizeof h, segments.data(), segments.size() * sizeof(Elf64_Phdr));
    put(0x2000, interpreter.data(), interpreter.size());
    return out;
  }

  support::Result<ElfImage> parse() const {
    const auto content = bytes();
    return parse_elf(SpanSource(content), kTarget);
  }
};

/// The note of a program all of whose code has landing instructions, in place of the interpreter's name.
struct PropertyFile : TestFile {
  struct Note {
    Elf64_Nhdr head{4, 16, NT_GNU_PROPERTY_TYPE_0};
    char name[4] = {'G', 'N', 'U', 0};
    uint32_t type = 0xc0000000;  // GNU_PROPERTY_AARCH64_FEATURE_1_AND
    uint32_t size = 4;
    uint32_t features = 1;  // GNU_PROPERTY_AARCH64_FEATURE_1_BTI
    uint32_t padding = 0;
  };

  bool guarded(const Note& note, size_t bytes = sizeof(Note)) {
    interpreter.assign(reinterpret_cast<const char*>(&note), sizeof note);
    segments.resize(2);
    segments.push_back({PT_GNU_PROPERTY, PF_R, 0x2000, 0x402000, 0x402000, bytes, bytes, 8});
    const auto image = parse();
    return image && image->guarded_code;
  }
};

TEST(Elf, GuardedCode) {
  PropertyFile file;
  using Note = PropertyFile::Note;
  EXPECT_TRUE(file.guarded({}));
  EXPECT_FALSE(file.guarded({.features = 2}));  // pointer authentication alone
  EXPECT_TRUE(file.guarded({.features = 3}));
  EXPECT_FALSE(file.guarded({.type = 0xc0000002}));
  EXPECT_FALSE(file.guarded({.size = 8}));
  EXPECT_FALSE(file.guarded({.size = 0xfffffff9}));
  EXPECT_FALSE(file.guarded({.head = {4, 0xfffffff0, NT_GNU_PROPERTY_TYPE_0}}));
  EXPECT_FALSE(file.guarded({.head = {8, 16, NT_GNU_PROPERTY_TYPE_0}}));
  EXPECT_FALSE(file.guarded({}, sizeof(Note) - 8));
  EXPECT_FALSE(file.guarded({}, 0x100000));
}

TEST(Elf, FixedProgram) {
  const auto image = TestFile().parse();
  ASSERT_TRUE(image) << image.error().message;
  EXPECT_TRUE(image->fixed);
  EXPECT_EQ(image->entry, 0x400100u);
  EXPECT_EQ(image->first, 0x400000u);
  EXPECT_EQ(image->last, 0x414000u);
  EXPECT_EQ(image->alignment, 0x10000u);
  EXPECT_EQ(image->headers_address, 0x400000u + sizeof(Elf64_Ehdr));
  EXPECT_EQ(image->header_count, 2);
  ASSERT_EQ(image->segments.size(), 2u);
  EXPECT_EQ(image->segments[0].protection, PROT_READ | PROT_EXEC);
  EXPECT_EQ(image->segments[1].protection, PROT_READ | PROT_WRITE);
  EXPECT_FALSE(image->executable_stack);
}

TEST(Elf, InterpreterAndStack) {
  TestFile file;
  file.header.e_type = ET_DYN;
  file.interpreter = std::string("/lib/ld-linux-aarch64.so.1\0", 27);
  file.segments.insert(file.segments.begin(), {PT_INTERP, PF_R, 0x2000, 0, 0, 27, 27, 1});
  file.segments.push_back({PT_GNU_STACK, PF_R | PF_W | PF_X, 0, 0, 0, 0, 0, 16});
  file.segments.push_back({PT_GNU_PROPERTY, PF_R, 0, 0, 0, 0x20, 0x20, 8});
  const auto image = file.parse();
  ASSERT_TRUE(image) << image.error().message;
  EXPECT_FALSE(image->fixed);
  EXPECT_EQ(image->interpreter, "/lib/ld-linux-aarch64.so.1");
  EXPECT_TRUE(image->executable_stack);
}

struct BadFile {
  const char* name;
  std::function<void(TestFile&)> change;
  const char* message;  ///< a part of it
};

class BadElf : public testing::TestWithParam<BadFile> {};

TEST_P(BadElf, IsNamed) {
  TestFile file;
  GetParam().change(file);
  const auto image = file.parse();
  ASSERT_FALSE(image);
  EXPECT_NE(image.error().message.find(GetParam().message), std::string::npos) << image.error().message;
  EXPECT_EQ(image.error().message.find('\n'), std::string::npos);
}

const BadFile kBadFiles[] = {
    {"Empty", [](TestFile& f) { f.size = 0; }, "is empty"},
    {"OneByte", [](TestFile& f) { f.size = 1; }, "neither ELF nor a script"},
    {"MagicOnly", [](TestFile& f) { f.size = 5; }, "truncated"},
    {"NotElf", [](TestFile& f) { f.header.e_ident[0] = 'X'; }, "neither ELF nor a script"},
    {"HalfHeader", [](TestFile& f) { f.size = 40; }, "truncated"},
    {"HeaderOfSixteen", [](TestFile& f) { f.size = 17; }, "truncated"},
    {"X86", [](TestFile& f) { f.header.e_machine = EM_X86_64; },
     "is an x86-64 program; this ferry runs AArch64 programs"},
    {"Riscv", [](TestFile& f) { f.header.e_machine = EM_RISCV; }, "is a RISC-V program"},
    {"UnknownMachine", [](TestFile& f) { f.header.e_machine = 0x4242; }, "is a machine 16962 program"},
    {"BigEndian",
     [](TestFile& f) {
       f.header.e_ident[EI_DATA] = ELFDATA2MSB;
       f.header.e_machine = EM_AARCH64 << 8;
       f.header.e_type = ET_EXEC << 8;
     },
     "is a big-endian AArch64 program"},
    {"ThirtyTwoBit", [](TestFile& f) { f.header.e_ident[EI_CLASS] = ELFCLASS32; },
     "is a 32-bit AArch64 program"},
    {"NoByteOrder", [](TestFile& f) { f.header.e_ident[EI_DATA] = 7; }, "byte order 7"},
    {"Object", [](TestFile& f) { f.header.e_type = ET_REL; }, "object file"},
    {"Core", [](TestFile& f) { f.header.e_type = ET_CORE; }, "core dump"},
    {"Type", [](TestFile& f) { f.header.e_type = 99; }, "type 99"},
    {"Version", [](TestFile& f) { f.header.e_ident[EI_VERSION] = 0; }, "version 0"},
    {"NoHeaders", [](TestFile& f) { f.segments.clear(); }, "no program headers"},
    {"HeaderSize", [](TestFile& f) { f.header.e_phentsize = 32; }, "program headers of 32 bytes"},
    {"TooManyHeaders", [](TestFile& f) { f.header.e_phnum = 0xffff; }, "65535 program headers"},
    {"HeadersOutside", [](TestFile& f) { f.header.e_phoff = 0x2ff0; }, "program headers are missing"},
    {"HeadersWrap", [](TestFile& f) { f.header.e_phoff = ~uint64_t{0} - 8; }, "program headers are missing"},
    {"NothingToLoad", [](TestFile& f) { f.segments[0].p_type = f.segments[1].p_type = PT_NOTE; },
     "nothing to load"},
    {"FileLargerThanMemory", [](TestFile& f) { f.segments[1].p_memsz = 0x10; }, "larger in the file"},
    {"SegmentCutOff", [](TestFile& f) { f.size = 0x1400; }, "truncated"},
    {"OffsetWraps", [](TestFile& f) { f.segments[1].p_offset = ~uint64_t{0xfff}; }, "truncated"},
    {"HugeFileSize", [](TestFile& f) { f.segments[1].p_filesz = f.segments[1].p_memsz = uint64_t{1} << 60; },
     "truncated"},
    {"HugeMemory", [](TestFile& f) { f.segments[1].p_memsz = uint64_t{1} << 62; },
     "does not fit into the address space"},
    {"MemoryWraps", [](TestFile& f) { f.segments[1].p_memsz = ~uint64_t{0} - 0x1000; },
     "does not fit into the address space"},
    {"KernelAddress", [](TestFile& f) { f.segments[1].p_vaddr = 0xffff800000001000; },
     "does not fit into the address space"},
    {"Overlap", [](TestFile& f) { f.segments[1].p_vaddr = 0x400000; }, "overlaps"},
    {"WrongOrder", [](TestFile& f) { std::swap(f.segments[0], f.segments[1]); },
     "overlaps the one before it, or comes too late"},
    {"OddAlignment", [](TestFile& f) { f.segments[0].p_align = 0x3000; }, "alignment of 0x3000"},
    {"HugeAlignment", [](TestFile& f) { f.segments[0].p_align = uint64_t{1} << 40; }, "alignment"},
    {"Incongruent", [](TestFile& f) { f.segments[1].p_vaddr += 8; }, "cannot be mapped"},
    {"InterpreterOutside",
     [](TestFile& f) { f.segments.push_back({PT_INTERP, PF_R, 0x2ff0, 0, 0, 0x20, 0x20, 1}); },
     "interpreter is missing"},
    {"InterpreterUnterminated",
     [](TestFile& f) {
       f.interpreter = "/lib/ld.so";
       f.segments.push_back({PT_INTERP, PF_R, 0x2000, 0, 0, 10, 10, 1});
     },
     "not a path"},
    {"InterpreterEmpty", [](TestFile& f) { f.segments.push_back({PT_INTERP, PF_R, 0x2000, 0, 0, 4, 4, 1}); },
     "not a path"},
    {"InterpreterLong",
     [](TestFile& f) { f.segments.push_back({PT_INTERP, PF_R, 0, 0, 0, 0x2000, 0x2000, 1}); }, "not a path"},
    {"TwoInterpreters",
     [](TestFile& f) {
       f.interpreter = std::string("/ld\0", 4);
       f.segments.insert(f.segments.end(), 2, {PT_INTERP, PF_R, 0x2000, 0, 0, 4, 4, 1});
     },
     "two interpreters"},
};

INSTANTIATE_TEST_SUITE_P(All, BadElf, testing::ValuesIn(kBadFiles),
                         [](const auto& info) { return std::string(info.param.name); });

TEST(Elf, EveryPrefixIsAnErrorOrAProgram) {
  const auto content = TestFile().bytes();
  for (size_t size = 0; size < 0x200; ++size)
    EXPECT_FALSE(parse_elf(SpanSource(std::span(content).first(size)), kTarget)) << size;
}

TEST(Elf, IsElfForLooksAtTheHeadOnly) {
  TestFile file;
  const auto content = file.bytes();
  EXPECT_TRUE(is_elf_for(std::span(content).first(64), kTarget));
  EXPECT_FALSE(is_elf_for(std::span(content).first(19), kTarget));
  file.header.e_machine = EM_X86_64;
  EXPECT_FALSE(is_elf_for(file.bytes(), kTarget));
  EXPECT_TRUE(is_elf(file.bytes()));
}

}  // namespace
}  // namespace ferry::linux_user
