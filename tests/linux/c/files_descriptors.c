/* Descriptors: flags, duplicates, locks, vectors, pipes, memory files, copies between files. */
#include "check.h"
#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/uio.h>

static void flags(void) {
  int p[2];
  CHECK(pipe2(p, O_CLOEXEC | O_NONBLOCK) == 0);
  CHECK(fcntl(p[0], F_GETFD) == FD_CLOEXEC && (fcntl(p[0], F_GETFL) & O_NONBLOCK));
  char byte;
  CHECK(read(p[0], &byte, 1) == -1 && errno == EAGAIN);
  CHECK(fcntl(p[0], F_SETFL, 0) == 0 && (fcntl(p[0], F_GETFL) & O_NONBLOCK) == 0);
  int fd = dup3(p[1], 77, O_CLOEXEC);
  CHECK(fd == 77 && dup3(p[1], p[1], 0) == -1 && errno == EINVAL);
  CHECK(fcntl(p[1], F_DUPFD, 80) >= 80 && fcntl(p[1], F_SETPIPE_SZ, 8192) == 8192);
  fd = open(".", O_RDONLY | O_DIRECTORY);
  CHECK((fcntl(fd, F_GETFL) & (O_DIRECTORY | O_ACCMODE)) == O_DIRECTORY);
  CHECK(close(fd) == 0 && close(fd) == -1 && errno == EBADF && close(-1) == -1 && errno == EBADF);
  CHECK(close_range(77, 200, 0) == 0 && fcntl(77, F_GETFD) == -1);
}

static void memory_file(void) {
  int fd = memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  char a[4], b[8], c[32] = {0};
  struct iovec out[2] = {{"abcd", 4}, {"efghijkl", 8}}, in[2] = {{a, 4}, {b, 8}};
  CHECK(writev(fd, out, 2) == 12 && lseek(fd, 0, SEEK_END) == 12 && lseek(fd, 0, SEEK_SET) == 0);
  CHECK(readv(fd, in, 2) == 12 && memcmp(a, "abcd", 4) == 0 && memcmp(b, "efghijkl", 8) == 0);
  CHECK(pwrite(fd, "XY", 2, 1) == 2 && pread(fd, c, 4, 0) == 4 && memcmp(c, "aXYd", 4) == 0);
  CHECK(preadv(fd, in, 2, 4) == 8 && memcmp(a, "efgh", 4) == 0);
  CHECK(preadv2(fd, in, 1, 0, 0) == 4 && pwritev(fd, out, 1, 8) == 4);
  CHECK(ftruncate(fd, 100000) == 0 && lseek(fd, 0, SEEK_END) == 100000 && lseek(fd, -1, SEEK_SET) == -1 && errno == EINVAL);
  CHECK(fallocate(fd, 0, 0, 200000) == 0 && posix_fadvise(fd, 0, 0, POSIX_FADV_RANDOM) == 0);
  CHECK(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK) == 0 && ftruncate(fd, 1) == -1 && errno == EPERM);
  CHECK(fcntl(fd, F_GET_SEALS) == F_SEAL_SHRINK);
  int to = memfd_create("other", 0);
  off_t from = 0;
  CHECK(sendfile(to, fd, &from, 8) == 8 && from == 8);
  off64_t from64 = 0;
  CHECK(copy_file_range(fd, &from64, to, NULL, 4, 0) == 4 && lseek(to, 0, SEEK_CUR) == 12);
  int p[2];
  CHECK(pipe(p) == 0 && splice(to, &from64, p[1], NULL, 4, 0) == 4 && read(p[0], c, 4) == 4);
}

static void locks(void) {
  char name[] = "/tmp/ferry-lock-XXXXXX";
  int fd = mkstemp(name);
  struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 10, .l_len = 5};
  CHECK(fcntl(fd, F_SETLK, &lock) == 0);
  lock.l_type = F_RDLCK;
  CHECK(fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type == F_UNLCK);
  int other = open(name, O_RDWR);
  struct flock ofd = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 12, .l_len = 1};
  CHECK(fcntl(other, F_OFD_SETLK, &ofd) == -1 && errno == EAGAIN);
  CHECK(flock(fd, LOCK_EX) == 0 && flock(other, LOCK_EX | LOCK_NB) == -1 && errno == EWOULDBLOCK);
  CHECK(fsync(fd) == 0 && fdatasync(fd) == 0 && unlink(name) == 0);
}

static void events(void) {
  int fd = eventfd(3, EFD_NONBLOCK | EFD_SEMAPHORE);
  unsigned long long value;
  CHECK(read(fd, &value, 8) == 8 && value == 1);
  value = 10;
  CHECK(write(fd, &value, 8) == 8 && read(fd, &value, 8) == 8 && value == 1);
}

int main(void) {
  flags();
  memory_file();
  locks();
  events();
  DONE();
}
