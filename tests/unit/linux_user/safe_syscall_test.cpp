// Interruptible calls: results, a flag set before the call, restartable and other calls, and a signal at
// every moment.
#include "linux-user/host/safe_syscall.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <thread>

namespace ferry::linux_user {
namespace {

std::atomic<uint32_t> flag{0};

void on_signal(int, siginfo_t*, void* context) {
  flag.store(1);
  rewind_safe_syscall(context);
}

uint64_t word(const void* pointer) { return reinterpret_cast<uint64_t>(pointer); }

class SafeSyscall : public testing::Test {
 protected:
  void SetUp() override {
    flag = 0;
    struct sigaction action{};
    action.sa_sigaction = on_signal;
    action.sa_flags = SA_SIGINFO | SA_RESTART;
    ::sigaction(SIGUSR1, &action, nullptr);
    ASSERT_EQ(::pipe(pipe_), 0);
  }
  void TearDown() override {
    ::close(pipe_[0]);
    ::close(pipe_[1]);
    ::signal(SIGUSR1, SIG_DFL);
  }
  int pipe_[2];
};

TEST_F(SafeSyscall, PassesSixArgumentsAndResults) {
  EXPECT_EQ(safe_syscall(flag, SYS_getpid), ::getpid());
  EXPECT_EQ(safe_syscall(flag, SYS_close, static_cast<uint64_t>(-1)), -EBADF);
  const int64_t mapped = safe_syscall(flag, SYS_mmap, 0, 4096, 3, 0x22, ~uint64_t{0}, 0);
  ASSERT_GT(mapped, 0);
  EXPECT_EQ(safe_syscall(flag, SYS_munmap, static_cast<uint64_t>(mapped), 4096), 0);
  EXPECT_EQ(raw_syscall(SYS_mmap, 0, 4096, 3, 0x22, ~uint64_t{0}, 1), -EINVAL)
      << "the sixth argument arrives";
}

TEST_F(SafeSyscall, IsNotMadeWhenTheFlagIsSet) {
  flag = 1;
  EXPECT_EQ(safe_syscall(flag, SYS_write, static_cast<uint64_t>(pipe_[1]), word("x"), 1), -kErestartnointr);
  pollfd ready{pipe_[0], POLLIN, 0};
  EXPECT_EQ(::poll(&ready, 1, 0), 0);
}

/// Sends signals to this thread until `stop`.
class Sender {
 public:
  Sender()
      : target_(::pthread_self()), thread_([this] {
          while (!stop_) {
            ::pthread_kill(target_, SIGUSR1);
            ::usleep(50);
          }
        }) {}
  ~Sender() {
    stop_ = true;
    thread_.join();
  }

 private:
  pthread_t target_;
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

TEST_F(SafeSyscall, ASignalEndsASleepingRead) {
  char byte;
  std::thread sender([self = ::pthread_self()] {
    ::usleep(20000);
    ::pthread_kill(self, SIGUSR1);
  });
  EXPECT_EQ(safe_syscall(flag, SYS_read, static_cast<uint64_t>(pipe_[0]), word(&byte), 1), -kErestartsys);
  sender.join();
}

TEST_F(SafeSyscall, ACallThatIsNeverRestartedSaysEintr) {
  std::thread sender([self = ::pthread_self()] {
    ::usleep(20000);
    ::pthread_kill(self, SIGUSR1);
  });
  pollfd ready{pipe_[0], POLLIN, 0};
  EXPECT_EQ(safe_syscall(flag, SYS_poll, word(&ready), 1, static_cast<uint64_t>(-1)), -EINTR);
  sender.join();
}

TEST_F(SafeSyscall, NoSignalIsEverSleptThrough) {
  // Without the stub some of these reads would start right after a signal's handler and sleep for ever.
  const Sender sender;
  char byte;
  for (int i = 0; i < 5000; ++i) {
    const int64_t result = safe_syscall(flag, SYS_read, static_cast<uint64_t>(pipe_[0]), word(&byte), 1);
    ASSERT_TRUE(result == -kErestartsys || result == -kErestartnointr) << result;
    flag = 0;
  }
}

}  // namespace
}  // namespace ferry::linux_user
