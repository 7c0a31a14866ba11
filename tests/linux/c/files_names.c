/* Files by name: creation, links, renames, attributes, directories, the current directory. */
#include "check.h"
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/xattr.h>
#include <utime.h>

static void create(const char* name, const char* text) {
  int fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
  CHECK(fd >= 0);
  CHECK(write(fd, text, strlen(text)) == (ssize_t)strlen(text));
  CHECK(close(fd) == 0);
}

static void attributes(void) {
  struct stat st, st2;
  struct statx sx;
  create("a", "hello");
  CHECK(stat("a", &st) == 0 && st.st_size == 5 && S_ISREG(st.st_mode) && (st.st_mode & 0777) == 0640);
  CHECK(st.st_nlink == 1 && st.st_uid == getuid() && st.st_blksize > 0 && st.st_ino != 0);
  CHECK(open("a", O_CREAT | O_EXCL | O_WRONLY, 0600) == -1 && errno == EEXIST);
  int fd = open("a", O_RDONLY);
  CHECK(fstat(fd, &st2) == 0 && st2.st_ino == st.st_ino && st2.st_dev == st.st_dev && st2.st_mtim.tv_nsec == st.st_mtim.tv_nsec);
  CHECK(fstatat(fd, "", &st2, AT_EMPTY_PATH) == 0 && st2.st_ino == st.st_ino);
  CHECK(statx(AT_FDCWD, "a", 0, STATX_BASIC_STATS, &sx) == 0 && sx.stx_size == 5 && sx.stx_ino == st.st_ino);
  close(fd);
  struct timespec times[2] = {{1000000000, 123456789}, {1100000000, 987654321}};
  CHECK(utimensat(AT_FDCWD, "a", times, 0) == 0 && stat("a", &st) == 0);
  CHECK(st.st_atim.tv_sec == 1000000000 && st.st_atim.tv_nsec == 123456789);
  CHECK(st.st_mtim.tv_sec == 1100000000 && st.st_mtim.tv_nsec == 987654321);
  CHECK(chmod("a", 0600) == 0 && stat("a", &st) == 0 && (st.st_mode & 0777) == 0600);
  CHECK(truncate("a", 3) == 0 && stat("a", &st) == 0 && st.st_size == 3);
  CHECK(access("a", R_OK) == 0 && access("missing", F_OK) == -1 && errno == ENOENT);
  CHECK(faccessat(AT_FDCWD, "a", W_OK, AT_EACCESS) == 0);
}

static void links(void) {
  char text[PATH_MAX];
  struct stat st;
  CHECK(link("a", "b") == 0 && stat("a", &st) == 0 && st.st_nlink == 2);
  CHECK(symlink("b", "l") == 0 && lstat("l", &st) == 0 && S_ISLNK(st.st_mode) && st.st_size == 1);
  CHECK(readlink("l", text, sizeof text) == 1 && text[0] == 'b');
  CHECK(stat("l", &st) == 0 && S_ISREG(st.st_mode));
  CHECK(open("l", O_RDONLY | O_NOFOLLOW) == -1 && errno == ELOOP);
  CHECK(open("a", O_RDONLY | O_DIRECTORY) == -1 && errno == ENOTDIR);
  CHECK(readlink("a", text, sizeof text) == -1 && errno == EINVAL);
  CHECK(linkat(AT_FDCWD, "l", AT_FDCWD, "hard-to-link", 0) == 0 && lstat("hard-to-link", &st) == 0 && S_ISLNK(st.st_mode));
  CHECK(linkat(AT_FDCWD, "l", AT_FDCWD, "hard-to-file", AT_SYMLINK_FOLLOW) == 0 && lstat("hard-to-file", &st) == 0 && S_ISREG(st.st_mode));
  CHECK(symlink("loop", "loop") == 0 && open("loop", O_RDONLY) == -1 && errno == ELOOP);
  CHECK(rename("b", "c") == 0 && stat("b", &st) == -1 && errno == ENOENT && stat("c", &st) == 0);
  CHECK(renameat2(AT_FDCWD, "a", AT_FDCWD, "c", RENAME_NOREPLACE) == -1 && errno == EEXIST);
  CHECK(renameat2(AT_FDCWD, "a", AT_FDCWD, "l", RENAME_EXCHANGE) == 0 && lstat("a", &st) == 0 && S_ISLNK(st.st_mode));
}

static int by_name(const struct dirent** a, const struct dirent** b) { return strcmp((*a)->d_name, (*b)->d_name); }

static void directories(const char* base) {
  char text[PATH_MAX], expected[PATH_MAX];
  struct dirent** entries;
  CHECK(mkdir("d", 0755) == 0 && mkdir("d", 0755) == -1 && errno == EEXIST);
  int dirfd = open("d", O_RDONLY | O_DIRECTORY);
  CHECK(mkdirat(dirfd, "e", 0700) == 0);
  int fd = openat(dirfd, "f", O_CREAT | O_WRONLY, 0600);
  CHECK(fd >= 0 && close(fd) == 0);
  CHECK(mkfifo("d/p", 0600) == 0);
  int n = scandir("d", &entries, NULL, by_name);
  CHECK(n == 5);
  for (int i = 0; i < n; i++) printf("%s %d\n", entries[i]->d_name, entries[i]->d_type);
  CHECK(fchdir(dirfd) == 0 && getcwd(text, sizeof text) == text);
  snprintf(expected, sizeof expected, "%s/d", base);
  CHECK(strcmp(text, expected) == 0);
  CHECK(getcwd(text, 3) == NULL && errno == ERANGE);
  CHECK(chdir("..") == 0 && rmdir("d") == -1 && errno == ENOTEMPTY);
  CHECK(unlinkat(dirfd, "e", AT_REMOVEDIR) == 0 && unlinkat(dirfd, "f", 0) == 0 && unlinkat(dirfd, "p", 0) == 0);
  CHECK(rmdir("d") == 0 && openat(dirfd, "x", O_CREAT | O_WRONLY, 0600) == -1 && errno == ENOENT);
}

static void special_opens(void) {
  int fd = open(".", O_TMPFILE | O_RDWR, 0600);
  CHECK(fd >= 0 || errno == EOPNOTSUPP);
  if (fd >= 0) CHECK(write(fd, "x", 1) == 1);
  CHECK(open(".", O_WRONLY) == -1 && errno == EISDIR);
  fd = open("c", O_PATH);
  char byte;
  CHECK(fd >= 0 && read(fd, &byte, 1) == -1 && errno == EBADF);
  struct statfs fs;
  CHECK(statfs(".", &fs) == 0 && fs.f_bsize > 0 && fs.f_namelen >= 14);
  char name[PATH_MAX + 10];
  memset(name, 'x', sizeof name);
  name[sizeof name - 1] = 0;
  CHECK(open(name, O_RDONLY) == -1 && errno == ENAMETOOLONG);
  CHECK(open("", O_RDONLY) == -1 && errno == ENOENT);
}

int main(void) {
  char base[] = "/tmp/ferry-files-XXXXXX";
  char command[64];
  umask(022);
  CHECK(mkdtemp(base) && chdir(base) == 0);
  attributes();
  links();
  directories(base);
  special_opens();
  CHECK(chdir("/") == 0);
  snprintf(command, sizeof command, "rm -r %s", base);
  CHECK(system(command) == 0);
  DONE();
}
