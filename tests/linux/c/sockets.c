/* Sockets: local and internet streams, datagrams, control messages with descriptors and credentials, options. */
#include "check.h"
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>

static void streams(void) {
  int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)}, peer;
  socklen_t length = sizeof address;
  CHECK(setsockopt(server, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) == 0);
  CHECK(bind(server, (struct sockaddr*)&address, sizeof address) == 0 && listen(server, 5) == 0);
  CHECK(getsockname(server, (struct sockaddr*)&address, &length) == 0 && length == sizeof address && address.sin_port != 0);
  pid_t child = fork();
  if (child == 0) {
    char text[16];
    int s = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(s, (struct sockaddr*)&address, sizeof address) != 0) _exit(1);
    if (send(s, "question", 8, 0) != 8 || recv(s, text, sizeof text, MSG_WAITALL) != 6) _exit(2);
    _exit(memcmp(text, "answer", 6) != 0);
  }
  length = sizeof peer;
  int s = accept4(server, (struct sockaddr*)&peer, &length, SOCK_CLOEXEC);
  char text[16];
  CHECK(s >= 0 && peer.sin_addr.s_addr == htonl(INADDR_LOOPBACK) && fcntl(s, F_GETFD) == FD_CLOEXEC);
  CHECK(recv(s, text, 8, MSG_WAITALL) == 8 && memcmp(text, "question", 8) == 0);
  CHECK(setsockopt(s, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one) == 0 && send(s, "answer", 6, MSG_NOSIGNAL) == 6);
  CHECK(shutdown(s, SHUT_WR) == 0 && recv(s, text, 1, 0) == 0);
  int status;
  CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0);
  close(s);
  close(server);
  s = socket(AF_INET, SOCK_STREAM, 0);
  CHECK(connect(s, (struct sockaddr*)&address, sizeof address) == -1 && errno == ECONNREFUSED);
}

static void control_messages(void) {
  int pair[2], p[2], one = 1;
  CHECK(socketpair(AF_UNIX, SOCK_DGRAM, 0, pair) == 0 && pipe(p) == 0);
  CHECK(setsockopt(pair[1], SOL_SOCKET, SO_PASSCRED, &one, sizeof one) == 0);
  char space[CMSG_SPACE(sizeof(int)) + CMSG_SPACE(sizeof(struct ucred))] = {0}, text[8];
  struct iovec vector = {"data", 4};
  struct msghdr message = {.msg_iov = &vector, .msg_iovlen = 1, .msg_control = space, .msg_controllen = CMSG_SPACE(sizeof(int))};
  struct cmsghdr* control = CMSG_FIRSTHDR(&message);
  control->cmsg_level = SOL_SOCKET;
  control->cmsg_type = SCM_RIGHTS;
  control->cmsg_len = CMSG_LEN(sizeof(int));
  memcpy(CMSG_DATA(control), &p[1], sizeof(int));
  CHECK(sendmsg(pair[0], &message, 0) == 4);
  vector = (struct iovec){text, sizeof text};
  message.msg_controllen = sizeof space;
  CHECK(recvmsg(pair[1], &message, 0) == 4 && memcmp(text, "data", 4) == 0);
  int rights = 0, credentials = 0;
  for (control = CMSG_FIRSTHDR(&message); control; control = CMSG_NXTHDR(&message, control)) {
    if (control->cmsg_type == SCM_RIGHTS) {
      int fd;
      memcpy(&fd, CMSG_DATA(control), sizeof fd);
      CHECK(write(fd, "!", 1) == 1 && read(p[0], text, 1) == 1 && text[0] == '!');
      rights++;
    } else if (control->cmsg_type == SCM_CREDENTIALS) {
      struct ucred who;
      memcpy(&who, CMSG_DATA(control), sizeof who);
      CHECK(who.pid == getpid() && who.uid == getuid());
      credentials++;
    }
  }
  CHECK(rights == 1 && credentials == 1);
  struct mmsghdr several[2] = {0};
  struct iovec vectors[2] = {{"a", 1}, {"bc", 2}};
  for (int i = 0; i < 2; i++) several[i].msg_hdr = (struct msghdr){.msg_iov = &vectors[i], .msg_iovlen = 1};
  CHECK(sendmmsg(pair[0], several, 2, 0) == 2 && several[1].msg_len == 2);
  char in[2][8];
  for (int i = 0; i < 2; i++) vectors[i] = (struct iovec){in[i], 8};
  CHECK(recvmmsg(pair[1], several, 2, 0, NULL) == 2 && several[0].msg_len == 1 && in[1][1] == 'c');
}

static void local_names(void) {
  char directory[] = "/tmp/ferry-socket-XXXXXX";
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  CHECK(mkdtemp(directory) != NULL);
  snprintf(address.sun_path, sizeof address.sun_path, "%s/s", directory);
  int server = socket(AF_UNIX, SOCK_STREAM, 0), client = socket(AF_UNIX, SOCK_STREAM, 0);
  CHECK(bind(server, (struct sockaddr*)&address, sizeof address) == 0 && listen(server, 1) == 0);
  CHECK(connect(client, (struct sockaddr*)&address, sizeof address) == 0);
  struct ucred who;
  socklen_t length = sizeof who;
  CHECK(getsockopt(client, SOL_SOCKET, SO_PEERCRED, &who, &length) == 0 && who.pid == getpid());
  struct timeval limit = {0, 20000};
  char byte;
  CHECK(setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) == 0 && recv(client, &byte, 1, 0) == -1 && errno == EAGAIN);
  CHECK(unlink(address.sun_path) == 0 && rmdir(directory) == 0);
}

int main(void) {
  streams();
  control_messages();
  local_names();
  DONE();
}
