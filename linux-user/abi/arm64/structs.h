#pragma once

#include <cstddef>
#include <cstdint>

namespace ferry::linux_user::arm64 {

/// struct stat of include/uapi/asm-generic/stat.h.
struct Stat {
  uint64_t dev;
  uint64_t ino;
  uint32_t mode;
  uint32_t nlink;
  uint32_t uid;
  uint32_t gid;
  uint64_t rdev;
  uint64_t pad1;
  int64_t size;
  int32_t blksize;
  int32_t pad2;
  int64_t blocks;
  int64_t atime;
  uint64_t atime_nsec;
  int64_t mtime;
  uint64_t mtime_nsec;
  int64_t ctime;
  uint64_t ctime_nsec;
  uint32_t unused[2];
};
static_assert(sizeof(Stat) == 128 && offsetof(Stat, atime) == 72);

/// struct epoll_event: packed on x86-64 only (include/uapi/linux/eventpoll.h).
struct EpollEvent {
  uint32_t events;
  uint32_t pad;
  uint64_t data;
};
static_assert(sizeof(EpollEvent) == 16);

/// struct semid64_ds of include/uapi/asm-generic/sembuf.h; x86-64 has words of padding between the times.
struct SemidDs {
  unsigned char perm[48];
  int64_t otime;
  int64_t ctime;
  uint64_t nsems;
  uint64_t unused[2];
};
static_assert(sizeof(SemidDs) == 88);

}  // namespace ferry::linux_user::arm64
