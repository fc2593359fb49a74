/* Calls that reach into other processes, programs without a file, and the libc door to raw system calls. */
#include "pellicle.h"
#include "sys.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

int pidfd_send_signal(int pidfd, int signal, siginfo_t *info, unsigned flags);
int pidfd_getfd(int pidfd, int fd, unsigned flags);
ssize_t process_madvise(int pidfd, const struct iovec *pieces, size_t count, int advice, unsigned flags);
int process_mrelease(int pidfd, unsigned flags);
struct file_handle;
int open_by_handle_at(int mount, struct file_handle *handle, int flags);

static long finish(long result)
{
    if (result < 0 && result >= -4095) {
        errno = (int)-result;
        return -1;
    }
    return result;
}

/* 0, or -1 with errno set */
static int allowed(const char *what, const char *detail)
{
    int saved = errno;
    int denied = pe_tamper(what, detail, EPERM);
    errno = denied ? denied : saved;
    return denied ? -1 : 0;
}

EXPORT int memfd_create(const char *name, unsigned flags)
{
    if (pe_active() && name && pe_readable(name) && allowed("memfd", name))
        return -1;
    return (int)finish(SYS2(SYS_memfd_create, name, flags)); /* glibc has it since 2.27 */
}

static void number_after(char *detail, long value)
{
    size_t at = strlen(detail);
    if (value < 0)
        detail[at++] = '-';
    pe_number(detail + at, value < 0 ? (uint64_t)-value : (uint64_t)value);
}

EXPORT long ptrace(enum __ptrace_request request, ...)
{
    va_list arguments;
    va_start(arguments, request);
    pid_t pid = va_arg(arguments, pid_t);
    void *address = va_arg(arguments, void *), *data = va_arg(arguments, void *);
    va_end(arguments);
    if (pe_active()) {
        char detail[64] = "request ";
        number_after(detail, (long)request);
        strcat(detail, " pid ");
        number_after(detail, pid);
        if (allowed("ptrace", detail))
            return -1;
    }
    return NEXT(ptrace)(request, pid, address, data);
}

static int may_reach(pid_t pid, const char *call)
{
    if (!pe_active() || pid == (pid_t)SYS0(SYS_getpid))
        return 0;
    char detail[64] = "";
    strcat(strcat(detail, call), " pid ");
    number_after(detail, pid);
    return allowed("process_vm", detail);
}

EXPORT ssize_t process_vm_readv(pid_t pid, const struct iovec *local, unsigned long local_count, const struct iovec *remote, unsigned long remote_count, unsigned long flags)
{
    return may_reach(pid, "read") ? -1 : finish(SYS6(SYS_process_vm_readv, pid, local, local_count, remote, remote_count, flags));
}
EXPORT ssize_t process_vm_writev(pid_t pid, const struct iovec *local, unsigned long local_count, const struct iovec *remote, unsigned long remote_count, unsigned long flags)
{
    return may_reach(pid, "write") ? -1 : finish(SYS6(SYS_process_vm_writev, pid, local, local_count, remote, remote_count, flags));
}

static pid_t parent_of(pid_t pid)
{
    char path[40] = "/proc/", text[512];
    size_t at = 6 + pe_number(path + 6, (uint64_t)pid);
    strcpy(path + at, "/stat");
    int fd = (int)SYS4(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    long got = SYS3(SYS_read, fd, text, sizeof text - 1);
    SYS1(SYS_close, fd);
    if (got <= 0)
        return -1;
    text[got] = 0;
    /* "pid (name) state ppid": the name may hold anything, so look for its last bracket */
    const char *end = strrchr(text, ')');
    return end && strlen(end) > 4 ? (pid_t)strtol(end + 4, NULL, 10) : -1;
}

static bool below(pid_t own, pid_t target)
{
    for (pid_t p = target, depth = 0; p > 1 && depth < 32; depth++) {
        p = parent_of(p);
        if (p == own)
            return true;
        if (p < 0)
            break;
    }
    return false;
}

/* Signals to itself, its own group's members below it, and its descendants are a program's own business. */
static int may_signal_by(pid_t pid, const char *how, int number)
{
    if (!pe_active())
        return 0;
    pid_t own = (pid_t)SYS0(SYS_getpid);
    bool all = pid == -1;
    pid_t target = pid < -1 ? -pid : pid;
    if (target == own)
        return 0;
    if (pid == 0)
        target = (pid_t)SYS1(SYS_getpgid, 0);
    if (target == own || (!all && below(own, target)))
        return 0;
    if (!all && SYS2(SYS_kill, pid, 0) == -ESRCH)
        return 0; /* the call will say so */
    char detail[64] = "pid ";
    number_after(detail, pid);
    strcat(strcat(detail, " "), how);
    number_after(detail, number);
    return allowed("kill", detail);
}

static int may_signal(pid_t pid, int signal) { return signal == 0 ? 0 : may_signal_by(pid, "signal ", signal); }

/* Thread ids: the process they belong to. */
static pid_t process_of(pid_t thread)
{
    char path[40] = "/proc/", text[512];
    size_t at = 6 + pe_number(path + 6, (uint64_t)thread);
    strcpy(path + at, "/status");
    int fd = (int)SYS4(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
    if (fd < 0)
        return thread;
    long got = SYS3(SYS_read, fd, text, sizeof text - 1);
    SYS1(SYS_close, fd);
    text[got > 0 ? got : 0] = 0;
    const char *line = strstr(text, "\nTgid:");
    return line ? (pid_t)strtol(line + 6, NULL, 10) : thread;
}

/* The process behind a pidfd, or 0. */
static pid_t process_behind(int pidfd)
{
    char path[40] = "/proc/self/fdinfo/", text[512];
    pe_number(path + 18, (unsigned)pidfd);
    int fd = (int)SYS4(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
    if (fd < 0)
        return 0;
    long got = SYS3(SYS_read, fd, text, sizeof text - 1);
    SYS1(SYS_close, fd);
    text[got > 0 ? got : 0] = 0;
    const char *line = strstr(text, "Pid:");
    return line ? (pid_t)strtol(line + 4, NULL, 10) : 0;
}

EXPORT int kill(pid_t pid, int signal) { return may_signal(pid, signal) ? -1 : NEXT(kill)(pid, signal); }
EXPORT int killpg(pid_t group, int signal) { return group > 1 && may_signal(-group, signal) ? -1 : NEXT(killpg)(group, signal); }
EXPORT int tgkill(pid_t group, pid_t thread, int signal)
{
    return may_signal(group, signal) ? -1 : (int)finish(SYS3(SYS_tgkill, group, thread, signal)); /* glibc has it since 2.30 */
}
EXPORT int sigqueue(pid_t pid, int signal, const union sigval value) { return may_signal(pid, signal) ? -1 : NEXT(sigqueue)(pid, signal, value); }

/* glibc has these since 2.36; syscall() comes here too. */
EXPORT int pidfd_send_signal(int pidfd, int signal, siginfo_t *info, unsigned flags)
{
    pid_t pid = signal != 0 && pe_active() ? process_behind(pidfd) : 0;
    if (pid > 0 && may_signal(pid, signal))
        return -1;
    return (int)finish(SYS4(SYS_pidfd_send_signal, pidfd, signal, info, flags));
}
EXPORT int pidfd_getfd(int pidfd, int fd, unsigned flags)
{
    pid_t pid = pe_active() ? process_behind(pidfd) : 0;
    if (pid > 0 && may_reach(pid, "descriptor"))
        return -1;
    return (int)finish(SYS3(SYS_pidfd_getfd, pidfd, fd, flags));
}
EXPORT ssize_t process_madvise(int pidfd, const struct iovec *pieces, size_t count, int advice, unsigned flags)
{
    pid_t pid = pe_active() ? process_behind(pidfd) : 0;
    if (pid > 0 && may_reach(pid, "advice"))
        return -1;
    return finish(SYS5(SYS_process_madvise, pidfd, pieces, count, advice, flags));
}
EXPORT int process_mrelease(int pidfd, unsigned flags)
{
    pid_t pid = pe_active() ? process_behind(pidfd) : 0;
    if (pid > 0 && may_reach(pid, "release"))
        return -1;
    return (int)finish(SYS2(SYS_process_mrelease, pidfd, flags));
}

/* A limit of zero stops a process as well as a signal does. */
static int may_limit(pid_t pid, const void *limits) { return limits && pid != 0 ? may_signal_by(pid, "limit ", 0) : 0; }

EXPORT int prlimit(pid_t pid, enum __rlimit_resource resource, const struct rlimit *limits, struct rlimit *before)
{
    return may_limit(pid, limits) ? -1 : (int)finish(SYS4(SYS_prlimit64, pid, resource, limits, before));
}
EXPORT int prlimit64(pid_t pid, enum __rlimit_resource resource, const struct rlimit64 *limits, struct rlimit64 *before)
{
    return may_limit(pid, limits) ? -1 : (int)finish(SYS4(SYS_prlimit64, pid, resource, limits, before));
}

/* syscall(): the numbers with a hook of ours. Everything else jumps to libc's function without a frame of ours. */
__attribute__((used, visibility("hidden"))) bool pe_syscall_judged(long number);
__attribute__((used, visibility("hidden"))) long pe_syscall(long number, long a, long b, long c, long d, long e, long f);
__attribute__((used, visibility("hidden"))) void *pe_address_of_syscall(void);

void *pe_address_of_syscall(void) { return (void *)NEXT(syscall); }

struct open_how_like { uint64_t flags, mode, resolve; };

bool pe_syscall_judged(long number)
{
    switch (number) {
    case SYS_execve: case SYS_execveat: case SYS_connect: case SYS_sendto: case SYS_sendmsg: case SYS_sendmmsg:
    case SYS_openat: case SYS_openat2: case SYS_unlinkat: case SYS_renameat2: case SYS_truncate: case SYS_fchmodat:
    case SYS_linkat: case SYS_symlinkat: case SYS_memfd_create: case SYS_ptrace: case SYS_process_vm_readv:
    case SYS_process_vm_writev: case SYS_kill: case SYS_tkill: case SYS_tgkill: case SYS_pidfd_send_signal: case SYS_pidfd_getfd:
    case SYS_io_uring_setup: case SYS_statx: case SYS_faccessat: case SYS_faccessat2: case SYS_mkdirat: case SYS_mknodat: case SYS_fchmod:
    case SYS_fchmodat2: case SYS_open_by_handle_at: case SYS_rt_sigqueueinfo: case SYS_rt_tgsigqueueinfo: case SYS_prlimit64:
    case SYS_process_madvise: case SYS_process_mrelease: case SYS_renameat:
#ifdef SYS_open
    case SYS_open: case SYS_creat: case SYS_unlink: case SYS_rmdir: case SYS_rename: case SYS_chmod: case SYS_link: case SYS_symlink:
    case SYS_access: case SYS_stat: case SYS_lstat: case SYS_mkdir: case SYS_mknod:
#endif
        return pe.enabled;
    default:
        return false;
    }
}

static long openat2_judged(int dirfd, const char *path, const struct open_how_like *how, size_t size)
{
    bool write = false;
    if (pe_active() && pe_readable(path) && pe_readable(how) && size >= sizeof *how) {
        int flags = (int)how->flags;
        write = (flags & O_ACCMODE) != O_RDONLY || (flags & (O_CREAT | O_TRUNC));
        int denied = write ? pe_judge_path(PE_WRITE, dirfd, path, flags & O_NOFOLLOW, "open") : 0;
        if (denied)
            return finish(-denied);
    }
    long fd = SYS4(SYS_openat2, dirfd, path, how, size);
    if (fd >= 0 && pe_active() && !(how->flags & O_PATH)) {
        int denied = pe_judge_open_fd((int)fd, write ? PE_WRITE : PE_READ, path);
        if (denied) {
            SYS1(SYS_close, fd);
            return finish(-denied);
        }
    }
    return finish(fd);
}

static long fchmodat2_judged(int dirfd, const char *path, mode_t mode, int flags)
{
    int denied = pe_active() && path && pe_readable(path) ? pe_judge_path(PE_WRITE, dirfd, path, flags & AT_SYMLINK_NOFOLLOW, "chmod") : 0;
    return finish(denied ? -denied : SYS4(SYS_fchmodat2, dirfd, path, mode, flags));
}

/* libuv, in Node.js from version 22 on and in other programs, makes such rings for its loops (256 entries) and, when asked to, for files (64, polled by the kernel).
   It goes on without where the system has none, which is what it is told: nobody attacks, and nothing goes past libc. Whoever asks in the same way is told so too. */
static bool like_libuv(long entries, const uint32_t *parameters)
{
    enum { FLAGS = 2, POLLED = 2, NO_ARRAY = 1 << 16 };
    if (!pe_readable(parameters))
        return false;
    uint32_t flags = parameters[FLAGS] & ~(uint32_t)NO_ARRAY;
    return (entries == 256 && flags == 0) || (entries == 64 && flags == POLLED);
}

long pe_syscall(long number, long a, long b, long c, long d, long e, long f)
{
    switch (number) {
    case SYS_execve: return pe_execveat(AT_FDCWD, (const char *)a, (char *const *)b, (char *const *)c, 0);
    case SYS_execveat: return pe_execveat((int)a, (const char *)b, (char *const *)c, (char *const *)d, (int)e);
    case SYS_connect: return connect((int)a, (const struct sockaddr *)b, (socklen_t)c);
    case SYS_sendto: return sendto((int)a, (const void *)b, (size_t)c, (int)d, (const struct sockaddr *)e, (socklen_t)f);
    case SYS_sendmsg: return sendmsg((int)a, (const struct msghdr *)b, (int)c);
    case SYS_sendmmsg: return sendmmsg((int)a, (struct mmsghdr *)b, (unsigned)c, (int)d);
    case SYS_openat: return pe_openat((int)a, (const char *)b, (int)c, (mode_t)d, false);
    case SYS_openat2: return openat2_judged((int)a, (const char *)b, (const void *)c, (size_t)d);
    case SYS_unlinkat: return unlinkat((int)a, (const char *)b, (int)c);
    case SYS_renameat2: return renameat2((int)a, (const char *)b, (int)c, (const char *)d, (unsigned)e);
    case SYS_truncate: return truncate((const char *)a, b);
    case SYS_fchmodat: return fchmodat((int)a, (const char *)b, (mode_t)c, 0);
    case SYS_linkat: return linkat((int)a, (const char *)b, (int)c, (const char *)d, (int)e);
    case SYS_symlinkat: return symlinkat((const char *)a, (int)b, (const char *)c);
    case SYS_memfd_create: return memfd_create((const char *)a, (unsigned)b);
    case SYS_process_vm_readv: return process_vm_readv((pid_t)a, (const void *)b, (unsigned long)c, (const void *)d, (unsigned long)e, (unsigned long)f);
    case SYS_process_vm_writev: return process_vm_writev((pid_t)a, (const void *)b, (unsigned long)c, (const void *)d, (unsigned long)e, (unsigned long)f);
    case SYS_kill: return kill((pid_t)a, (int)b);
    case SYS_tgkill: return tgkill((pid_t)a, (pid_t)b, (int)c);
    case SYS_tkill: return may_signal(process_of((pid_t)a), (int)b) ? -1 : finish(SYS2(SYS_tkill, a, b));
    case SYS_rt_sigqueueinfo: return may_signal((pid_t)a, (int)b) ? -1 : finish(SYS3(SYS_rt_sigqueueinfo, a, b, c));
    case SYS_rt_tgsigqueueinfo: return may_signal((pid_t)a, (int)c) ? -1 : finish(SYS4(SYS_rt_tgsigqueueinfo, a, b, c, d));
    case SYS_prlimit64: return may_limit((pid_t)a, (const void *)c) ? -1 : finish(SYS4(SYS_prlimit64, a, b, c, d));
    case SYS_process_madvise: return process_madvise((int)a, (const void *)b, (size_t)c, (int)d, (unsigned)e);
    case SYS_process_mrelease: return process_mrelease((int)a, (unsigned)b);
    case SYS_open_by_handle_at: return open_by_handle_at((int)a, (struct file_handle *)b, (int)c);
    case SYS_mkdirat: return mkdirat((int)a, (const char *)b, (mode_t)c);
    case SYS_mknodat: return mknodat((int)a, (const char *)b, (mode_t)c, (dev_t)d);
    case SYS_fchmod: return fchmod((int)a, (mode_t)b);
    case SYS_fchmodat2: return fchmodat2_judged((int)a, (const char *)b, (mode_t)c, (int)d);
    case SYS_renameat: return renameat2((int)a, (const char *)b, (int)c, (const char *)d, 0);
    case SYS_ptrace:
        /* The raw call stores peeked words through `data`; libc's function does not, so only the judgement is shared. */
        if (pe_active()) {
            char detail[64] = "request ";
            number_after(detail, a);
            strcat(detail, " pid ");
            number_after(detail, b);
            if (allowed("ptrace", detail))
                return -1;
        }
        return finish(SYS4(SYS_ptrace, a, b, c, d));
    case SYS_pidfd_send_signal:
        return pidfd_send_signal((int)a, (int)b, (siginfo_t *)c, (unsigned)d);
    case SYS_pidfd_getfd:
        return pidfd_getfd((int)a, (int)b, (unsigned)c);
    case SYS_io_uring_setup:
        /* What is queued there never passes through libc. */
        if (pe_active() && like_libuv(a, (const uint32_t *)b))
            return finish(-ENOSYS);
        if (pe_active() && allowed("io_uring", "io_uring_setup"))
            return -1;
        return finish(SYS2(SYS_io_uring_setup, a, b));
    case SYS_statx: return statx((int)a, (const char *)b, (int)c, (unsigned)d, (struct statx *)e);
    case SYS_faccessat: return faccessat((int)a, (const char *)b, (int)c, 0);
    case SYS_faccessat2: return faccessat((int)a, (const char *)b, (int)c, (int)d);
#ifdef SYS_open
    case SYS_open: return pe_openat(AT_FDCWD, (const char *)a, (int)b, (mode_t)c, true);
    case SYS_creat: return pe_openat(AT_FDCWD, (const char *)a, O_CREAT | O_WRONLY | O_TRUNC, (mode_t)b, true);
    case SYS_unlink: return unlink((const char *)a);
    case SYS_rmdir: return rmdir((const char *)a);
    case SYS_mkdir: return mkdir((const char *)a, (mode_t)b);
    case SYS_mknod: return mknod((const char *)a, (mode_t)b, (dev_t)c);
    case SYS_rename: return renameat(AT_FDCWD, (const char *)a, AT_FDCWD, (const char *)b);
    case SYS_chmod: return chmod((const char *)a, (mode_t)b);
    case SYS_link: return link((const char *)a, (const char *)b);
    case SYS_symlink: return symlink((const char *)a, (const char *)b);
    case SYS_access: return access((const char *)a, (int)b);
    case SYS_stat: return fstatat(AT_FDCWD, (const char *)a, (struct stat *)b, 0);
    case SYS_lstat: return fstatat(AT_FDCWD, (const char *)a, (struct stat *)b, AT_SYMLINK_NOFOLLOW);
#endif
    default: return finish(SYS6(number, a, b, c, d, e, f));
    }
}
