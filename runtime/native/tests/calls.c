/* One call a line on the command line; prints `result errno` so that a run with and one without the library can be compared. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>
#include <wordexp.h>

extern char **environ;
static int result;
#define REPORT(expression) (errno = 77, result = (int)(long)(expression), printf("%s %d\n", result < 0 ? "failed" : "ok", errno), fflush(stdout))

static int exit_of(pid_t pid)
{
    int status;
    if (pid < 0 || waitpid(pid, &status, 0) < 0)
        return -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -2;
}

/* The child fails with the errno of exec; the program itself exits 0. */
#define IN_CHILD(how, call) do { pid_t pid_ = how(); if (pid_ == 0) { call; _exit(errno); } printf("child %d\n", exit_of(pid_)); fflush(stdout); } while (0)

static struct sockaddr_in to(const char *ip, int port)
{
    struct sockaddr_in name = { .sin_family = AF_INET, .sin_port = htons(port) };
    inet_pton(AF_INET, ip, &name.sin_addr);
    return name;
}

static int connect_to(const char *ip, int port, int type)
{
    struct sockaddr_in name = to(ip, port);
    int fd = socket(AF_INET, type, 0);
    int r = connect(fd, (void *)&name, sizeof name), e = errno;
    close(fd);
    errno = e;
    return r;
}

static void *storm(void *path)
{
    long bad = 0;
    char other[256];
    for (int i = 0; i < 300; i++) {
        snprintf(other, sizeof other, "%s/%d", (char *)path, i % 40);
        int fd = open(other, O_RDONLY);
        bool should = i % 40 % 2 == 0; /* the guard allows even names */
        if ((fd >= 0) != should)
            bad++;
        if (fd >= 0)
            close(fd);
    }
    return (void *)bad;
}

static volatile sig_atomic_t handled;
static const char *handler_path;
static void on_signal(int number)
{
    (void)number;
    int fd = open(handler_path, O_RDONLY);
    if (fd >= 0)
        close(fd);
    handled++;
}

/* As crash reporters do: a file is made and a program started on a small stack of the handler's own. */
static volatile int made, ended;
static void on_crash(int number)
{
    (void)number;
    int fd = open(handler_path, O_CREAT | O_WRONLY, 0600);
    made = fd >= 0;
    pid_t pid = fork();
    if (pid == 0) {
        execve("/bin/true", (char *[]){ "true", NULL }, environ);
        _exit(1);
    }
    ended = exit_of(pid);
}

int main(int count, char **a)
{
    for (volatile int i = 1; i < count; i++) { /* volatile: vfork */
        const char *call = a[i], *x = i + 1 < count ? a[i + 1] : "", *y = i + 2 < count ? a[i + 2] : "";
#define CASE(name, used) if (strcmp(call, name) == 0 && (i += used, 1))
        CASE("open", 1) REPORT(open(x, O_RDONLY));
        else CASE("open-write", 1) REPORT(open(x, O_WRONLY));
        else CASE("open-create", 1) {
            umask(0);
            REPORT(open(x, O_CREAT | O_WRONLY, 0640));
            struct stat s;
            if (result >= 0 && fstat(result, &s) == 0)
                printf("mode %o\n", s.st_mode & 07777);
        }
        else CASE("open-excl", 1) REPORT(open(x, O_CREAT | O_EXCL | O_RDWR, 0600));
        else CASE("openat", 2) REPORT(openat(open(x, O_PATH | O_DIRECTORY), y, O_RDONLY));
        else CASE("creat", 1) REPORT(creat(x, 0600));
        else CASE("fopen", 2) {
            errno = 77;
            FILE *f = fopen(x, y);
            printf("%s %d\n", f ? "ok" : "failed", errno);
            if (f && *y == 'r') {
                char line[64] = "";
                printf("read %s\n", fgets(line, sizeof line, f) ? line : "nothing");
            }
            if (f && *y != 'r')
                fputs("text\n", f);
            if (f) {
                printf("at %ld\n", ftell(f));
                fclose(f);
            }
        }
        else CASE("freopen", 1) { FILE *f = fopen("/dev/null", "r"); errno = 77; f = freopen(x, "r", f); printf("%s %d\n", f ? "ok" : "failed", errno); }
        else CASE("opendir", 1) { errno = 77; DIR *d = opendir(x); printf("%s %d\n", d ? "ok" : "failed", errno); }
        else CASE("syscall-open", 1) REPORT(syscall(SYS_openat, AT_FDCWD, x, O_RDONLY, 0));
        else CASE("syscall-getpid", 0) printf("same %d\n", syscall(SYS_getpid) == getpid());
        else CASE("syscall-mmap", 0) { /* six arguments */
            void *m = (void *)syscall(SYS_mmap, 0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
            printf("mapped %d\n", m != MAP_FAILED && (*(char *)m = 1));
        }
        else CASE("syscall-clone", 0) { pid_t pid = (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0); if (pid == 0) _exit(7); printf("child %d\n", exit_of(pid)); }
        else CASE("syscall-sendto", 2) {
            struct sockaddr_in name = to(x, atoi(y));
            REPORT(syscall(SYS_sendto, socket(AF_INET, SOCK_DGRAM, 0), "hi", 2, 0, &name, sizeof name));
        }
        else CASE("dlsym-handle", 2) {
            void *h = dlopen(x, RTLD_NOW);
            int (*found)(const char *, int, ...) = (int (*)(const char *, int, ...))dlsym(h, "open");
            REPORT(found(y, O_RDONLY));
        }
        else CASE("dlvsym-handle", 2) {
            int (*found)(const char *, int, ...) = (int (*)(const char *, int, ...))dlvsym(dlopen(x, RTLD_NOW), "open", "GLIBC_2.2.5");
            REPORT(found(y, O_RDONLY));
        }
        else CASE("dlsym-next", 1) {
            int (*found)(const char *, int, ...) = (int (*)(const char *, int, ...))dlsym(RTLD_NEXT, "open");
            REPORT(found(x, O_RDONLY));
        }
        else CASE("dlsym-dlsym", 2) { /* the real one, fetched by handle */
            void *h = dlopen(x, RTLD_NOW);
            void *(*look)(void *, const char *) = (void *(*)(void *, const char *))dlsym(h, "dlsym");
            int (*found)(const char *, int, ...) = (int (*)(const char *, int, ...))look(h, "open64");
            REPORT(found(y, O_RDONLY));
        }
        else CASE("dlsym-alias", 2) {
            int (*found)(const char *) = (int (*)(const char *))dlsym(dlopen(x, RTLD_NOW), "__libc_system");
            printf("alias %d\n", found ? found(y) : -3);
        }
        else CASE("spawn-reading", 1) { /* the child gets the file as its standard input */
            posix_spawn_file_actions_t actions;
            posix_spawn_file_actions_init(&actions);
            printf("add %d\n", posix_spawn_file_actions_addopen(&actions, 0, x, O_RDONLY, 0));
        }
        else CASE("dlsym-own", 1) { /* a library's own symbol called `connect` stays its own */
            int (*found)(void) = (int (*)(void))dlsym(dlopen(x, RTLD_NOW), "connect");
            printf("own %d\n", found ? found() : -1);
        }
        else CASE("dlopen", 1) { void *h = dlopen(x, RTLD_NOW); const char *error = dlerror(); printf("%s %s\n", h ? "ok" : "failed", error ? "told" : "silent"); }
        else CASE("unlink", 1) REPORT(unlink(x));
        else CASE("remove", 1) REPORT(remove(x));
        else CASE("rename", 2) REPORT(rename(x, y));
        else CASE("truncate", 1) REPORT(truncate(x, 0));
        else CASE("chmod", 1) REPORT(chmod(x, 0600));
        else CASE("link", 2) REPORT(link(x, y));
        else CASE("symlink", 2) REPORT(symlink(x, y));
        else CASE("access", 1) REPORT(access(x, F_OK));
        else CASE("stat", 1) { struct stat s; REPORT(stat(x, &s)); }
        else CASE("lstat", 1) { struct stat s; REPORT(lstat(x, &s)); }
        else CASE("statx", 1) { struct statx s; REPORT(syscall(SYS_statx, AT_FDCWD, x, 0, STATX_SIZE, &s)); }
        else CASE("execve", 1) IN_CHILD(fork, execve(x, ((char *[]){ (char *)x, "one", NULL }), environ));
        else CASE("execv", 1) IN_CHILD(fork, execv(x, ((char *[]){ (char *)x, NULL })));
        else CASE("execvp", 1) IN_CHILD(fork, execvp(x, ((char *[]){ (char *)x, NULL })));
        else CASE("execvpe", 1) IN_CHILD(fork, execvpe(x, ((char *[]){ (char *)x, NULL }), environ));
        else CASE("execl", 1) IN_CHILD(fork, execl(x, x, "two", (char *)NULL));
        else CASE("execlp", 1) IN_CHILD(fork, execlp(x, x, "two", (char *)NULL));
        else CASE("execle", 1) IN_CHILD(fork, execle(x, x, "two", (char *)NULL, environ));
        else CASE("execle-cleared", 1) { char *none[] = { NULL }; IN_CHILD(fork, execle(x, x, (char *)NULL, none)); }
        else CASE("execve-null-env", 1) IN_CHILD(fork, execve(x, ((char *[]){ (char *)x, NULL }), NULL));
        else CASE("execve-foreign-preload", 1) {
            char *env[] = { "LD_PRELOAD=/nonexistent/other.so", "A=B", NULL };
            IN_CHILD(fork, execve(x, ((char *[]){ (char *)x, NULL }), env));
        }
        else CASE("execve-many-env", 1) {
            char *env[3001];
            for (int e = 0; e < 3000; e++)
                env[e] = "X=y";
            env[3000] = NULL;
            IN_CHILD(fork, execve(x, ((char *[]){ (char *)x, NULL }), env));
        }
        else CASE("vfork", 1) IN_CHILD(vfork, execve(x, ((char *[]){ (char *)x, NULL }), environ));
        else CASE("execveat", 2) IN_CHILD(fork, execveat(open(x, O_PATH | O_DIRECTORY), y, ((char *[]){ (char *)y, NULL }), environ, 0));
        else CASE("execveat-fd", 1) IN_CHILD(fork, execveat(open(x, O_PATH), "", ((char *[]){ (char *)x, NULL }), environ, AT_EMPTY_PATH));
        else CASE("fexecve", 1) IN_CHILD(fork, fexecve(open(x, O_PATH), ((char *[]){ (char *)x, NULL }), environ));
        else CASE("syscall-execve", 1) IN_CHILD(fork, syscall(SYS_execve, x, ((char *[]){ (char *)x, NULL }), environ));
        else CASE("posix_spawn", 1) { pid_t p = -1; int r = posix_spawn(&p, x, NULL, NULL, (char *[]){ (char *)x, NULL }, environ); printf("spawn %d child %d\n", r, r ? 0 : exit_of(p)); }
        else CASE("posix_spawnp", 1) { pid_t p = -1; int r = posix_spawnp(&p, x, NULL, NULL, (char *[]){ (char *)x, NULL }, environ); printf("spawn %d child %d\n", r, r ? 0 : exit_of(p)); }
        else CASE("spawn-cleared", 1) { pid_t p = -1; char *none[] = { NULL }; int r = posix_spawn(&p, x, NULL, NULL, (char *[]){ (char *)x, NULL }, none); printf("spawn %d child %d\n", r, r ? 0 : exit_of(p)); }
        else CASE("system", 1) { fflush(stdout); errno = 77; int r = system(x); printf("system %d %d\n", r, errno); }
        else CASE("system-cleared", 1) { fflush(stdout); clearenv(); int r = system(x); printf("system %d\n", r); }
        else CASE("popen", 1) { errno = 77; FILE *f = popen(x, "r"); char line[64] = ""; int e = errno; if (f) { fgets(line, sizeof line, f); pclose(f); } printf("popen %d %d %s\n", f != NULL, f ? 77 : e, line); }
        else CASE("wordexp", 1) { wordexp_t w; printf("wordexp %d\n", wordexp(x, &w, 0)); }
        else CASE("memfd-exec", 1) {
            int m = memfd_create("payload", 0), in = open(x, O_RDONLY);
            char buffer[4096];
            ssize_t n;
            while ((n = read(in, buffer, sizeof buffer)) > 0)
                if (write(m, buffer, n) != n) return 9;
            char path[64];
            snprintf(path, sizeof path, "/proc/self/fd/%d", m);
            IN_CHILD(fork, execve(path, ((char *[]){ "payload", NULL }), environ));
        }
        else CASE("memfd", 0) REPORT(memfd_create("thing", 0));
        else CASE("ptrace", 0) REPORT(ptrace(PTRACE_PEEKUSER, getppid(), 0, 0));
        else CASE("vm-read-self", 0) { char p[4] = "abc", q[4] = ""; struct iovec l = { q, 4 }, r = { p, 4 }; REPORT(process_vm_readv(getpid(), &l, 1, &r, 1, 0)); printf("%s\n", q); }
        else CASE("vm-read-parent", 0) { char q[4]; struct iovec l = { q, 4 }, r = { (void *)main, 4 }; REPORT(process_vm_readv(getppid(), &l, 1, &r, 1, 0)); }
        else CASE("kill-parent", 0) REPORT(kill(getppid(), SIGURG));
        else CASE("kill-self", 0) { signal(SIGURG, SIG_IGN); REPORT(kill(getpid(), SIGURG)); }
        else CASE("kill-child", 0) { pid_t p = fork(); if (p == 0) { pause(); _exit(0); } REPORT(kill(p, SIGKILL)); waitpid(p, NULL, 0); }
        else CASE("kill-grandchild", 0) {
            int ends[2];
            pid_t inner = 0;
            if (pipe(ends)) return 9;
            pid_t p = fork();
            if (p == 0) { pid_t q = fork(); if (q == 0) { pause(); _exit(0); } if (write(ends[1], &q, sizeof q) < 0) _exit(1); waitpid(q, NULL, 0); _exit(0); }
            if (read(ends[0], &inner, sizeof inner) != sizeof inner) return 9;
            REPORT(kill(inner, SIGKILL));
            waitpid(p, NULL, 0);
        }
        else CASE("connect", 2) REPORT(connect_to(x, atoi(y), SOCK_STREAM));
        else CASE("connect-udp", 2) REPORT(connect_to(x, atoi(y), SOCK_DGRAM));
        else CASE("connect6", 2) {
            struct sockaddr_in6 name = { .sin6_family = AF_INET6, .sin6_port = htons(atoi(y)) };
            inet_pton(AF_INET6, x, &name.sin6_addr);
            REPORT(connect(socket(AF_INET6, SOCK_STREAM, 0), (void *)&name, sizeof name));
        }
        else CASE("connect-abstract", 1) {
            struct { unsigned short family; char name[108]; } un = { .family = AF_UNIX };
            memcpy(un.name + 1, x, strlen(x));
            REPORT(connect(socket(AF_UNIX, SOCK_SEQPACKET, 0), (void *)&un, (socklen_t)(3 + strlen(x))));
        }
        else CASE("sendto", 2) { struct sockaddr_in name = to(x, atoi(y)); REPORT(sendto(socket(AF_INET, SOCK_DGRAM, 0), "hi", 2, 0, (void *)&name, sizeof name)); }
        else CASE("sendmsg", 2) {
            struct sockaddr_in name = to(x, atoi(y));
            struct iovec v = { "hi", 2 };
            struct msghdr m = { .msg_name = &name, .msg_namelen = sizeof name, .msg_iov = &v, .msg_iovlen = 1 };
            REPORT(sendmsg(socket(AF_INET, SOCK_DGRAM, 0), &m, 0));
        }
        else CASE("sendmmsg", 2) { /* the first to an allowed port, the second to the given one */
            struct sockaddr_in first = to(x, 9), second = to(x, atoi(y));
            struct iovec v = { "hi", 2 };
            struct mmsghdr m[2] = { { .msg_hdr = { .msg_name = &first, .msg_namelen = sizeof first, .msg_iov = &v, .msg_iovlen = 1 } },
                                    { .msg_hdr = { .msg_name = &second, .msg_namelen = sizeof second, .msg_iov = &v, .msg_iovlen = 1 } } };
            printf("sent %d\n", sendmmsg(socket(AF_INET, SOCK_DGRAM, 0), m, 2, 0));
        }
        else CASE("getaddrinfo", 1) { struct addrinfo *r; int s = getaddrinfo(x, "80", NULL, &r); printf("lookup %d\n", s); }
        else CASE("gethostbyname", 1) { struct hostent *h = gethostbyname(x); printf("lookup %d %d\n", h != NULL, h ? 0 : h_errno); }
        else CASE("gethostbyname_r", 1) { struct hostent h, *r; char b[4096]; int e = 0; int s = gethostbyname_r(x, &h, b, sizeof b, &r, &e); printf("lookup %d %d %d\n", s, r != NULL, e); }
        else CASE("bad-pointers", 0) {
            char *bad[] = { NULL, (char *)1, (char *)0xDEAD0000, (char *)-8 };
            for (int b = 0; b < 4; b++) {
                char *p = bad[b];
                struct stat s;
                REPORT(syscall(SYS_openat, AT_FDCWD, p, O_RDONLY));
                REPORT(open(p, O_RDONLY));
                REPORT(open(p, O_WRONLY | O_CREAT, 0600));
                REPORT(creat(p, 0600));
                REPORT(access(p, 0));
                REPORT(stat(p, &s));
                REPORT(unlink(p));
                REPORT(rename(p, p));
                REPORT(truncate(p, 0));
                REPORT(chmod(p, 0600));
                REPORT(symlink(p, p));
                REPORT(connect(0, (void *)p, 16));
                REPORT(execve(p, (char *[]){ "x", NULL }, environ));
                REPORT(execve("/bin/true", (char *[]){ (char *)0xDEAD0000, NULL }, environ));
                REPORT(execve("/bin/true", (char *[]){ "x", NULL }, (char **)0xDEAD0000));
                REPORT(execve("/bin/true", (char *[]){ "x", NULL }, (char *[]){ (char *)0xDEAD0000, NULL }));
                REPORT(memfd_create(p, 0));
            }
        }
        else CASE("long-path", 0) {
            char path[8192] = "/tmp";
            while (strlen(path) < 5000)
                strcat(path, "/.");
            REPORT(open(path, O_RDONLY));
            path[4000] = 0;
            if (path[3999] == '/') path[3999] = 0;
            REPORT(open(path, O_RDONLY));
            memset(path + 1, 'x', 300);
            path[301] = 0;
            REPORT(open(path, O_RDONLY));
            REPORT(open(path, O_WRONLY | O_CREAT, 0600));
            REPORT(unlink(path));
        }
        else CASE("big-argv", 1) {
            char *argv[20001];
            char *text = malloc(100001);
            memset(text, 'y', 100000);
            text[100000] = 0;
            argv[0] = (char *)x;
            argv[1] = text;
            for (int n = 2; n < 20000; n++)
                argv[n] = "argument";
            argv[20000] = NULL;
            IN_CHILD(fork, execve(x, argv, environ));
        }
        else CASE("close-all", 0) close_range(3, ~0u, 0);
        else CASE("reuse-fds", 1) { /* every free number becomes a socket of ours: nothing may be written to it */
            int ends[2];
            if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends)) return 9;
            for (int n = 3; n < 1020; n++)
                if (n != ends[0] && n != ends[1]) dup2(ends[0], n);
            int fd = open(x, O_RDONLY), e = errno; /* no number free above the limit: asks as it can */
            char byte[8];
            printf("reuse %d stray %d\n", fd >= 0 ? 0 : e, (int)recv(ends[1], byte, sizeof byte, MSG_DONTWAIT));
            for (int n = 3; n < 1020; n++) close(n);
        }
        else CASE("threads", 1) {
            pthread_t t[16];
            long bad = 0;
            void *r;
            for (int n = 0; n < 16; n++) pthread_create(&t[n], NULL, storm, (void *)x);
            for (int n = 0; n < 16; n++) { pthread_join(t[n], &r); bad += (long)r; }
            printf("wrong %ld\n", bad);
        }
        else CASE("forks", 1) {
            pid_t p[40];
            long bad = 0;
            for (int n = 0; n < 40; n++)
                if ((p[n] = fork()) == 0) { long r = 0; for (int k = 0; k < 3; k++) { char f[256]; snprintf(f, sizeof f, "%s/%d", x, (n + k) % 40); int fd = open(f, O_RDONLY); r += (fd >= 0) != ((n + k) % 40 % 2 == 0); if (fd >= 0) close(fd); } _exit((int)r); }
            for (int n = 0; n < 40; n++) bad += exit_of(p[n]);
            printf("wrong %ld\n", bad);
        }
        else CASE("signals", 1) { /* a handler that opens files, all the time */
            handler_path = x;
            signal(SIGALRM, on_signal);
            struct timespec every = { 0, 200000 };
            timer_t timer;
            struct sigevent e = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGALRM };
            timer_create(CLOCK_MONOTONIC, &e, &timer);
            timer_settime(timer, 0, &(struct itimerspec){ every, every }, NULL);
            long bad = 0;
            for (int n = 0; n < 2000 || handled < 20; n++) { int fd = open(x, O_RDONLY); bad += fd < 0 && errno != EINTR; if (fd >= 0) close(fd); }
            printf("wrong %ld handled %d\n", bad, handled >= 20);
        }
        else CASE("small-handler", 1) {
            static char stack[32768]; /* .NET and Java use 16 KiB and more beside the frame the kernel pushes */
            handler_path = x;
            sigaltstack(&(stack_t){ .ss_sp = stack, .ss_size = sizeof stack }, NULL);
            struct sigaction action = { .sa_handler = on_crash, .sa_flags = SA_ONSTACK };
            sigaction(SIGUSR1, &action, NULL);
            raise(SIGUSR1);
            printf("made %d exec %d\n", made, ended);
        }
        else CASE("small-stack", 1) {
            pthread_attr_t attributes;
            pthread_t t;
            void *r;
            pthread_attr_init(&attributes);
            pthread_attr_setstacksize(&attributes, 65536);
            pthread_create(&t, &attributes, storm, (void *)x);
            pthread_join(t, &r);
            printf("wrong %ld\n", (long)r);
        }
        else CASE("wait-input", 0) { char c; printf("waiting\n"); fflush(stdout); if (read(0, &c, 1) < 0) return 9; }
        else { fprintf(stderr, "unknown call %s\n", call); return 2; }
    }
    return 0;
}
