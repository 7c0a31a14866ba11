// Where images of files go: what names a file, and that mappings and the loader follow it.
#include "linux-user/mm/placement.h"

#include <elf.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>
#include <set>
#include <string>

#include "linux-user/loader/map_image.h"
#include "linux-user/mm/address_space.h"

namespace ferry::linux_user {
namespace {

constexpr uint64_t kPage = AddressSpace::kPageSize;
constexpr uint64_t kTerabyte = uint64_t{1} << 40;
constexpr size_t kFileSize = 3 * kPage;

/// A file in memory.
class File {
 public:
  explicit File(const std::string& content) : fd_(::memfd_create("test", MFD_CLOEXEC)) {
    EXPECT_EQ(::write(fd_, content.data(), content.size()), static_cast<ssize_t>(content.size()));
  }
  ~File() { ::close(fd_); }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  int fd() const { return fd_; }

 private:
  int fd_;
};

/// An ELF file that differs from others in `name`.
std::string image(const std::string& name, uint16_t type = ET_DYN, size_t size = kFileSize) {
  Elf64_Ehdr header{};
  std::memcpy(header.e_ident, ELFMAG, SELFMAG);
  header.e_type = type;
  std::string content(size, '\0');
  std::memcpy(content.data(), &header, sizeof header);
  content.replace(sizeof header, name.size(), name);
  return content;
}

std::optional<FileIdentity> identity_of(const std::string& content) { return identify(File(content).fd()); }

TEST(Identity, IsOfTheFirstPageAndTheSize) {
  const auto identity = identity_of(image("one"));
  ASSERT_TRUE(identity.has_value());
  EXPECT_EQ(identity_of(image("one")), identity);
  EXPECT_NE(identity_of(image("two")), identity);
  EXPECT_NE(identity_of(image("one", ET_DYN, kFileSize + 1)), identity);
  std::string last_differs = image("one");
  last_differs[kPage - 1] = 1;
  EXPECT_NE(identity_of(last_differs), identity);
  std::string second_page_differs = image("one");
  second_page_differs[kPage] = 1;
  EXPECT_EQ(identity_of(second_page_differs), identity);
}

TEST(Identity, OfProgramsAndLibrariesOnly) {
  EXPECT_TRUE(identity_of(image("program", ET_EXEC)).has_value());
  EXPECT_TRUE(identity_of(image("", ET_DYN, sizeof(Elf64_Ehdr))).has_value());
  EXPECT_FALSE(identity_of(image("object", ET_REL)).has_value());
  EXPECT_FALSE(identity_of(image("core", ET_CORE)).has_value());
  EXPECT_FALSE(identity_of(std::string(ELFMAG, SELFMAG)).has_value());
  EXPECT_FALSE(identity_of(std::string(kFileSize, 'x')).has_value());
  EXPECT_FALSE(identity_of("").has_value());
  EXPECT_FALSE(identify(-1).has_value());
}

TEST(Identity, NothingIsReadFromPipesAndDevices) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const std::string content = image("pipe");
  ASSERT_EQ(::write(ends[1], content.data(), content.size()), static_cast<ssize_t>(content.size()));
  EXPECT_FALSE(identify(ends[0]).has_value());
  std::string left(content.size(), '\0');
  EXPECT_EQ(::read(ends[0], left.data(), left.size()), static_cast<ssize_t>(left.size()));
  EXPECT_EQ(left, content);
  for (const int end : ends) ::close(end);
  const int device = ::open("/dev/zero", O_RDONLY | O_CLOEXEC);
  EXPECT_FALSE(identify(device).has_value());
  ::close(device);
}

TEST(Identity, LeavesTheOffsetAlone) {
  const File file(image("offset"));
  ASSERT_EQ(::lseek(file.fd(), 17, SEEK_SET), 17);
  EXPECT_TRUE(identify(file.fd()).has_value());
  EXPECT_EQ(::lseek(file.fd(), 0, SEEK_CUR), 17);
}

TEST(PreferredAddress, LiesInTheWindowOfItsKind) {
  std::set<GuestAddr> seen;
  for (int i = 0; i < 100; ++i) {
    const auto identity = identity_of(image(std::to_string(i)));
    ASSERT_TRUE(identity.has_value());
    for (unsigned attempt = 0; attempt < kPlacementAttempts; ++attempt) {
      const GuestAddr library = preferred_address(*identity, ImageKind::Library, attempt);
      EXPECT_EQ(library.value / kTerabyte, 0x48u);
      EXPECT_EQ(library.value % (2 << 20), 0u);
      EXPECT_EQ(preferred_address(*identity, ImageKind::Program, attempt), library + kTerabyte);
      seen.insert(library);
    }
  }
  EXPECT_GT(seen.size(), 395u) << "400 of half a million places";
}

class Placement : public testing::Test {
 protected:
  static constexpr int kReserve = MAP_PRIVATE | MAP_ANONYMOUS;

  Placement() : file_(image(testing::UnitTest::GetInstance()->current_test_info()->name())) {}
  void SetUp() override {
    const SysResult probe =
        memory_.mmap(preferred(0), kPage, PROT_NONE, kReserve | MAP_FIXED_NOREPLACE, -1, 0);
    if (probe.failed()) GTEST_SKIP() << "ThreadSanitizer keeps these addresses for itself";
    EXPECT_EQ(memory_.munmap(preferred(0), kPage).value, 0);
  }
  ~Placement() override {
    for (const auto& [first, vma] : memory_.snapshot()) (void)memory_.munmap(first, vma.end - first);
  }

  GuestAddr preferred(unsigned attempt, ImageKind kind = ImageKind::Library) const {
    const auto identity = identify(file_.fd());
    return identity ? preferred_address(*identity, kind, attempt) : GuestAddr{};
  }
  GuestAddr mapped(SysResult result) const {
    EXPECT_FALSE(result.failed()) << std::strerror(result.error_number());
    return {static_cast<uint64_t>(result.value)};
  }
  GuestAddr map(int flags = MAP_PRIVATE, uint64_t offset = 0, GuestAddr wanted = {}) {
    return mapped(memory_.mmap(wanted, kPage, PROT_READ, flags, file_.fd(), offset));
  }
  GuestAddr reserve(int flags = kReserve, int protection = PROT_NONE) {
    return mapped(memory_.mmap({0}, 16 * kPage, protection, flags, -1, 0));
  }
  /// Above both windows: the kernel's choice.
  static bool elsewhere(GuestAddr address) { return address.value >= 0x4a * kTerabyte; }

  /// A position-independent image of two pages, aligned to eight.
  static ElfImage two_pages() {
    ElfImage result;
    result.first = kPage;
    result.last = 3 * kPage;
    result.alignment = 8 * kPage;
    result.segments.push_back({kPage, 2 * kPage, 0, 2 * kPage, PROT_READ});
    return result;
  }

  AddressSpace memory_;
  const File file_;
};

TEST_F(Placement, EachMappingOfAFileTakesTheNextFreePlace) {
  for (unsigned attempt = 0; attempt < kPlacementAttempts; ++attempt) EXPECT_EQ(map(), preferred(attempt));
  EXPECT_TRUE(elsewhere(map()));
  EXPECT_EQ(memory_.munmap(preferred(0), kPage).value, 0);
  EXPECT_EQ(memory_.munmap(preferred(2), kPage).value, 0);
  EXPECT_EQ(map(), preferred(0));
  EXPECT_EQ(map(), preferred(2));
}

TEST_F(Placement, OnlyOfTheBeginningAndWithoutAWish) {
  EXPECT_TRUE(elsewhere(map(MAP_PRIVATE, kPage)));
  EXPECT_TRUE(elsewhere(map(MAP_SHARED)));
  const GuestAddr free = preferred(3) + kPage;
  EXPECT_EQ(map(MAP_PRIVATE, 0, free), free);
  EXPECT_EQ(map(MAP_PRIVATE | MAP_FIXED, 0, free), free);
  const File data(std::string(kFileSize, 'x'));
  EXPECT_TRUE(elsewhere(mapped(memory_.mmap({0}, kPage, PROT_READ, MAP_PRIVATE, data.fd(), 0))));
}

TEST_F(Placement, WhatIsReservedAfterTheHeaderWasRead) {
  EXPECT_TRUE(elsewhere(reserve())) << "nothing was read";
  memory_.expect_image(file_.fd());
  EXPECT_TRUE(elsewhere(reserve(kReserve | MAP_NORESERVE)));
  EXPECT_TRUE(elsewhere(reserve(kReserve | MAP_STACK)));
  EXPECT_TRUE(elsewhere(reserve(kReserve, PROT_READ | PROT_WRITE)));
  EXPECT_EQ(reserve(), preferred(0));
  EXPECT_TRUE(elsewhere(reserve())) << "one reservation for one file";
}

TEST_F(Placement, TheLoadersImages) {
  for (const ImageKind kind : {ImageKind::Program, ImageKind::Library}) {
    for (unsigned attempt = 0; attempt < kPlacementAttempts; ++attempt) {
      const auto image = map_image(memory_, file_.fd(), two_pages(), kind, {0});
      ASSERT_TRUE(image) << image.error().message;
      EXPECT_EQ(image->bias, preferred(attempt, kind).value);
      EXPECT_TRUE(memory_.is_mapped({image->bias + kPage}, 2 * kPage));
      EXPECT_FALSE(memory_.is_mapped({image->bias}, 1));
    }
    const auto image = map_image(memory_, file_.fd(), two_pages(), kind, {0});
    ASSERT_TRUE(image) << image.error().message;
    EXPECT_TRUE(elsewhere({image->bias}));
    EXPECT_EQ(image->bias % (8 * kPage), 0u);
  }
}

TEST_F(Placement, SwitchedOff) {
  memory_.set_stable_placement(false);
  EXPECT_TRUE(elsewhere(map()));
  memory_.expect_image(file_.fd());
  EXPECT_TRUE(elsewhere(reserve()));
  constexpr uint64_t kHint = 0x550000000000;
  const auto image = map_image(memory_, file_.fd(), two_pages(), ImageKind::Program, {kHint});
  ASSERT_TRUE(image) << image.error().message;
  EXPECT_EQ(image->bias, kHint);
}

}  // namespace
}  // namespace ferry::linux_user
