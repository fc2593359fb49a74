/* Runs a program with another wall clock, which can be set while it runs: usage clock FILE PROGRAM [ARGUMENT...]
 * FILE's first eight bytes are the seconds added to what the system says. The program is statically linked, so no library can stand in its way: its reads of the clock are made
 * system calls (the vDSO is taken out of what it is started with) and answered here. Monotonic clocks are not touched. Needs root; ends as the program does. */
#define _GNU_SOURCE
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

static void die(const char *what) { perror(what); exit(125); }

static int filter(void)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_gettimeofday, 5, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_time, 4, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clock_gettime, 0, 4),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[0])),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, CLOCK_REALTIME, 1, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, CLOCK_REALTIME_COARSE, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = { sizeof code / sizeof *code, code };
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)) die("no_new_privs");
    int listener = (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
    if (listener < 0) die("seccomp");
    return listener;
}

static void pass(int to, int fd)
{
    char byte = 0, control[CMSG_SPACE(sizeof fd)] = { 0 };
    struct iovec part = { &byte, 1 };
    struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control };
    struct cmsghdr *head = CMSG_FIRSTHDR(&message);
    head->cmsg_level = SOL_SOCKET, head->cmsg_type = SCM_RIGHTS, head->cmsg_len = CMSG_LEN(sizeof fd);
    *(int *)CMSG_DATA(head) = fd;
    if (sendmsg(to, &message, 0) != 1) die("sendmsg");
}

static int take(int from)
{
    char byte, control[CMSG_SPACE(sizeof(int))];
    struct iovec part = { &byte, 1 };
    struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control };
    if (recvmsg(from, &message, MSG_CMSG_CLOEXEC) != 1 || !CMSG_FIRSTHDR(&message)) die("recvmsg");
    return *(int *)CMSG_DATA(CMSG_FIRSTHDR(&message));
}

/* On the stack lie argc, argv, NULL, environment, NULL, and pairs of a kind and a value. */
static void without_vdso(pid_t pid)
{
    struct user_regs_struct registers;
    if (ptrace(PTRACE_GETREGS, pid, 0, &registers)) die("registers");
    uint64_t at = registers.rsp + 8;
    for (int lists = 0; lists < 2; at += 8)
        if (ptrace(PTRACE_PEEKDATA, pid, at, 0) == 0) lists++;
    for (long kind; (kind = ptrace(PTRACE_PEEKDATA, pid, at, 0)) != AT_NULL; at += 16)
        if (kind == AT_SYSINFO_EHDR && ptrace(PTRACE_POKEDATA, pid, at, AT_IGNORE)) die("vdso");
}

static void answer(int listener, const volatile int64_t *ahead)
{
    struct seccomp_notif asked = { 0 };
    if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &asked)) {
        if (errno == ENOENT || errno == EINTR) return; /* the thread is gone */
        die("receive");
    }
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    now.tv_sec += *ahead;
    struct timeval micro = { now.tv_sec, now.tv_nsec / 1000 };
    struct iovec from = { &now, sizeof now }, to = { (void *)asked.data.args[0], 0 };
    struct seccomp_notif_resp said = { .id = asked.id };
    if (asked.data.nr == SYS_clock_gettime) to.iov_base = (void *)asked.data.args[1];
    else if (asked.data.nr == SYS_gettimeofday) from = (struct iovec){ &micro, sizeof micro };
    else said.val = now.tv_sec, from.iov_len = sizeof now.tv_sec;
    to.iov_len = from.iov_len;
    if (to.iov_base && process_vm_writev((pid_t)asked.pid, &from, 1, &to, 1, 0) < 0) said.error = -EFAULT;
    if (ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &said) && errno != ENOENT) die("send");
}

int main(int argc, char **argv)
{
    int pair[2], file = argc > 2 ? open(argv[1], O_RDONLY) : -1, status;
    const volatile int64_t *ahead = mmap(NULL, 8, PROT_READ, MAP_SHARED, file, 0);
    if (ahead == MAP_FAILED || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair)) die("usage: clock FILE PROGRAM");
    pid_t pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        int listener = filter();
        pass(pair[1], listener);
        close(listener);
        if (ptrace(PTRACE_TRACEME, 0, 0, 0)) die("ptrace");
        execv(argv[2], argv + 2);
        die(argv[2]);
    }
    int listener = take(pair[0]);
    if (waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status)) die("start");
    without_vdso(pid);
    if (ptrace(PTRACE_DETACH, pid, 0, 0)) die("detach");
    for (struct pollfd wait = { .fd = listener, .events = POLLIN }; ; ) {
        if (poll(&wait, 1, -1) < 0 && errno != EINTR) die("poll");
        if (wait.revents & POLLIN) answer(listener, ahead);
        else if (wait.revents) break; /* nobody is left whose clock it was */
    }
    waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
