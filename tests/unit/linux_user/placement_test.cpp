// Where images of files go: what names a file, and the places it prefers.
#include "linux-user/mm/placement.h"

#include <elf.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>
#include <set>
#include <string>

namespace ferry::linux_user {
namespace {

constexpr uint64_t kPage = 4096;
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

}  // namespace
}  // namespace ferry::linux_user
