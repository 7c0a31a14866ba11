#include "ir/support/left_lock.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <future>
#include <thread>

namespace ferry::support {
namespace {

TEST(LeftLock, IsGivenBackAfterTheProcessThatHeldItIsGone) {
  std::mutex mutex;
  const pid_t child = vfork();
  if (child == 0) {
    mutex.lock();
    _exit(0);
  }
  ASSERT_EQ(waitpid(child, nullptr, 0), child);
  EXPECT_FALSE(mutex.try_lock());
  unlock_if_left(mutex);
  EXPECT_TRUE(mutex.try_lock());
  mutex.unlock();
}

TEST(LeftLock, OfAnotherThreadIsLeftAlone) {
  std::mutex mutex;
  std::promise<void> locked, done;
  std::thread other([&] {
    mutex.lock();
    locked.set_value();
    done.get_future().wait();
    mutex.unlock();
  });
  locked.get_future().wait();
  unlock_if_left(mutex);
  EXPECT_FALSE(mutex.try_lock());
  done.set_value();
  other.join();
}

}  // namespace
}  // namespace ferry::support
