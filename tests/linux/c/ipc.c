/* System V and POSIX IPC between a parent and its child. */
#include "check.h"
#include <fcntl.h>
#include <mqueue.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/wait.h>
#include <time.h>

union semun {
  int val;
  struct semid_ds* buf;
  unsigned short* array;
};

static void semaphores(void) {
  int id = semget(IPC_PRIVATE, 3, IPC_CREAT | 0600);
  unsigned short values[3] = {1, 2, 3}, read_back[3];
  CHECK(semctl(id, 0, SETALL, (union semun){.array = values}) == 0);
  CHECK(semctl(id, 0, GETALL, (union semun){.array = read_back}) == 0 && memcmp(values, read_back, sizeof values) == 0);
  CHECK(semctl(id, 1, SETVAL, (union semun){.val = 0}) == 0 && semctl(id, 1, GETVAL) == 0 && semctl(id, 2, GETVAL) == 3);
  struct semid_ds info;
  memset(&info, 0xff, sizeof info);
  CHECK(semctl(id, 0, IPC_STAT, (union semun){.buf = &info}) == 0 && info.sem_nsems == 3 && info.sem_otime == 0);
  CHECK(info.sem_ctime > 1000000000 && info.sem_perm.uid == getuid() && (info.sem_perm.mode & 0777) == 0600);
  info.sem_perm.mode = 0640;
  CHECK(semctl(id, 0, IPC_SET, (union semun){.buf = &info}) == 0);
  if (fork() == 0) {
    struct sembuf up = {1, 1, 0};
    usleep(20000);
    _exit(semop(id, &up, 1) != 0);
  }
  struct sembuf down = {1, -1, 0};
  struct timespec limit = {5, 0};
  CHECK(semtimedop(id, &down, 1, &limit) == 0);
  limit.tv_sec = 0;
  limit.tv_nsec = 10000000;
  CHECK(semtimedop(id, &down, 1, &limit) == -1 && errno == EAGAIN);
  CHECK(semctl(id, 0, IPC_STAT, (union semun){.buf = &info}) == 0 && info.sem_otime > 1000000000 && (info.sem_perm.mode & 0777) == 0640);
  wait(NULL);
  CHECK(semctl(id, 0, IPC_RMID) == 0);
}

static void messages(void) {
  struct {
    long type;
    char text[16];
  } message = {7, "seven"};
  int id = msgget(IPC_PRIVATE, IPC_CREAT | 0600);
  CHECK(msgsnd(id, &message, 6, 0) == 0);
  message.type = 3;
  strcpy(message.text, "three");
  CHECK(msgsnd(id, &message, 6, 0) == 0);
  CHECK(msgrcv(id, &message, sizeof message.text, 3, 0) == 6 && strcmp(message.text, "three") == 0);
  CHECK(msgrcv(id, &message, 2, 0, 0) == -1 && errno == E2BIG);
  struct msqid_ds info;
  CHECK(msgctl(id, IPC_STAT, &info) == 0 && info.msg_qnum == 1 && info.msg_lspid == getpid());
  CHECK(msgrcv(id, &message, sizeof message.text, 0, 0) == 6 && message.type == 7);
  CHECK(msgrcv(id, &message, sizeof message.text, 0, IPC_NOWAIT) == -1 && errno == ENOMSG);
  CHECK(msgctl(id, IPC_RMID, NULL) == 0);
}

static void posix_queue(void) {
  char name[64], text[64];
  struct mq_attr attributes = {.mq_maxmsg = 4, .mq_msgsize = sizeof text}, read_back;
  unsigned priority;
  snprintf(name, sizeof name, "/ferry-test-%d", getpid());
  mqd_t queue = mq_open(name, O_CREAT | O_EXCL | O_RDWR | O_NONBLOCK, 0600, &attributes);
  if (queue == (mqd_t)-1 && errno == ENOSYS) return;
  CHECK(queue != (mqd_t)-1);
  CHECK(mq_send(queue, "low", 4, 1) == 0 && mq_send(queue, "high", 5, 9) == 0);
  CHECK(mq_getattr(queue, &read_back) == 0 && read_back.mq_curmsgs == 2 && read_back.mq_maxmsg == 4 && read_back.mq_flags == O_NONBLOCK);
  CHECK(mq_receive(queue, text, sizeof text, &priority) == 5 && priority == 9 && strcmp(text, "high") == 0);
  CHECK(mq_receive(queue, text, sizeof text, NULL) == 4 && mq_receive(queue, text, sizeof text, NULL) == -1 && errno == EAGAIN);
  CHECK(mq_close(queue) == 0 && mq_unlink(name) == 0);
}

int main(void) {
  semaphores();
  messages();
  posix_queue();
  DONE();
}
