/* One call a line on the command line; prints `result errno` so that a run with and one without the library can be compared. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <fts.h>
#include <glob.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <resolv.h>
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
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <wordexp.h>

#ifndef SYS_openat2
#define SYS_openat2 437
#endif
extern char **environ;
extern int __open(const char *, int, ...), __open64(const char *, int, ...), __open_2(const char *, int), __open64_2(const char *, int);
extern int __openat_2(int, const char *, int), __openat64_2(int, const char *, int), __connect(int, const struct sockaddr *, socklen_t);
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

static int visit(const char *path, const struct stat *info, int kind) { (void)path, (void)info, (void)kind; return 0; }
static int visit_more(const char *path, const struct stat *info, int kind, struct FTW *where) { (void)where; return visit(path, info, kind); }

/* A question for a name's address, as a resolver sends it. */
static size_t question(const char *name, unsigned char *to)
{
    static const unsigned char head[12] = { 0x12, 0x34, 1, 0, 0, 1 };
    memcpy(to, head, 12);
    size_t n = 12;
    while (*name) {
        size_t length = strcspn(name, ".");
        to[n++] = (unsigned char)length;
        memcpy(to + n, name, length);
        n += length;
        name += length + (name[length] == '.');
    }
    memcpy(to + n, "\0\0\1\0\1", 5);
    return n + 5;
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

/* As many threads at once as told: all wait until the last is there. */
static pthread_barrier_t everybody;
static void *storm_together(void *path)
{
    pthread_barrier_wait(&everybody);
    long bad = 0;
    char other[256];
    for (int i = 0; i < 10; i++) {
        snprintf(other, sizeof other, "%s/%d", (char *)path, i);
        int fd = open(other, O_RDONLY);
        bad += (fd >= 0) != (i % 2 == 0);
        if (fd >= 0)
            close(fd);
    }
    return (void *)bad;
}

static _Atomic int forking = 1;
static void *storm_on(void *path)
{
    long bad = 0;
    while (forking)
        bad += (long)storm(path);
    return (void *)bad;
}

/* Forks while others are in the middle of their questions. */
static void *fork_on(void *path)
{
    long bad = 0;
    for (int n = 0; n < 100; n++) {
        pid_t p = fork();
        if (p == 0) {
            char other[256];
            int wrong = 0;
            for (int i = n; i < n + 4; i++) {
                snprintf(other, sizeof other, "%s/%d", (char *)path, i % 40);
                int fd = open(other, O_RDONLY);
                wrong += (fd >= 0) != (i % 40 % 2 == 0);
            }
            _exit(wrong);
        }
        int status = -1;
        bad += p < 0 || waitpid(p, &status, 0) != p || status != 0;
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

static long raw(long number, long a, long b, long c, long d);

static int perform(int count, char **a)
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
        else CASE("creat64", 1) REPORT(creat64(x, 0600));
        else CASE("open64", 1) REPORT(open64(x, O_RDONLY));
        else CASE("openat64", 1) REPORT(openat64(AT_FDCWD, x, O_RDONLY));
        else CASE("__open", 1) REPORT(__open(x, O_RDONLY));
        else CASE("__open64", 1) REPORT(__open64(x, O_RDONLY));
        else CASE("__open_2", 1) REPORT(__open_2(x, O_RDONLY));
        else CASE("__open64_2", 1) REPORT(__open64_2(x, O_RDONLY));
        else CASE("__openat_2", 1) REPORT(__openat_2(AT_FDCWD, x, O_RDONLY));
        else CASE("__openat64_2", 1) REPORT(__openat64_2(AT_FDCWD, x, O_RDONLY));
        else CASE("fopen64", 1) { errno = 77; FILE *f = fopen64(x, "re"); printf("%s %d\n", f ? "ok" : "failed", errno); }
        else CASE("freopen64", 1) { FILE *f = fopen("/dev/null", "r"); errno = 77; f = freopen64(x, "r", f); printf("%s %d\n", f ? "ok" : "failed", errno); }
        else CASE("reopen-for-writing", 1) { FILE *f = fopen(x, "r"); errno = 77; f = freopen(NULL, "w", f); printf("%s %d\n", f ? "ok" : "failed", errno); }
        else CASE("syscall-openat2", 1) { struct { unsigned long flags, mode, resolve; } how = { O_RDONLY, 0, 0 }; REPORT(syscall(SYS_openat2, AT_FDCWD, x, &how, sizeof how)); }
#ifdef SYS_open
        else CASE("syscall-old-open", 1) REPORT(syscall(SYS_open, x, O_RDONLY));
        else CASE("syscall-creat", 1) REPORT(syscall(SYS_creat, x, 0600));
        else CASE("syscall-unlink", 1) REPORT(syscall(SYS_unlink, x));
        else CASE("syscall-rmdir", 1) REPORT(syscall(SYS_rmdir, x));
        else CASE("syscall-rename", 2) REPORT(syscall(SYS_rename, x, y));
        else CASE("syscall-mkdir", 1) REPORT(syscall(SYS_mkdir, x, 0700));
        else CASE("syscall-chmod", 1) REPORT(syscall(SYS_chmod, x, 0600));
#endif
        else CASE("syscall-renameat", 2) REPORT(syscall(SYS_renameat2, AT_FDCWD, x, AT_FDCWD, y, 0));
        else CASE("syscall-unlinkat", 1) REPORT(syscall(SYS_unlinkat, AT_FDCWD, x, 0));
        else CASE("again-by-descriptor", 1) { /* a descriptor without rights to the content, then the file behind it */
            char name[40];
            snprintf(name, sizeof name, "/proc/self/fd/%d", open(x, O_PATH));
            REPORT(open(name, O_RDONLY));
        }
        else CASE("by-handle", 1) {
            char room[128] = "";
            struct file_handle *handle = (void *)room;
            int mount_id;
            handle->handle_bytes = 100;
            if (name_to_handle_at(AT_FDCWD, x, handle, &mount_id, 0)) { printf("no handle\n"); continue; }
            char folder[4096];
            strcpy(folder, x);
            *strrchr(folder, '/') = 0;
            REPORT(open_by_handle_at(open(folder, O_RDONLY | O_DIRECTORY), handle, O_RDONLY));
        }
        else CASE("private-open", 2) { /* a name that libc keeps to itself */
            int (*found)(const char *, int) = (int (*)(const char *, int))dlsym(dlopen("libc.so.6", RTLD_NOW), x);
            if (!found) printf("no name\n"); else REPORT(found(y, O_RDONLY));
        }
        else CASE("scandir", 1) { struct dirent **list; REPORT(scandir(x, &list, NULL, NULL)); }
        else CASE("scandir64", 1) { struct dirent64 **list; REPORT(scandir64(x, &list, NULL, NULL)); }
        else CASE("scandirat", 1) { struct dirent **list; REPORT(scandirat(AT_FDCWD, x, &list, NULL, NULL)); }
        else CASE("ftw", 1) REPORT(ftw(x, visit, 4));
        else CASE("nftw", 1) REPORT(nftw(x, visit_more, 4, FTW_PHYS));
        else CASE("fts", 1) { errno = 77; FTS *f = fts_open((char *[]){ (char *)x, NULL }, FTS_PHYSICAL, NULL); printf("%s %d\n", f ? "ok" : "failed", errno); }
        else CASE("glob", 1) { glob_t g; char pattern[4096]; snprintf(pattern, sizeof pattern, "%s/*", x); printf("glob %d\n", glob(pattern, GLOB_ERR, NULL, &g)); }
        else CASE("unlinkat", 1) REPORT(unlinkat(AT_FDCWD, x, 0));
        else CASE("rmdir", 1) REPORT(rmdir(x));
        else CASE("renameat", 2) REPORT(renameat(AT_FDCWD, x, AT_FDCWD, y));
        else CASE("renameat2", 2) REPORT(renameat2(AT_FDCWD, x, AT_FDCWD, y, RENAME_NOREPLACE));
        else CASE("truncate64", 1) REPORT(truncate64(x, 0));
        else CASE("fchmodat", 1) REPORT(fchmodat(AT_FDCWD, x, 0600, 0));
        else CASE("fchmod", 1) REPORT(fchmod(open(x, O_RDONLY), 0755));
        else CASE("linkat", 2) REPORT(linkat(AT_FDCWD, x, AT_FDCWD, y, 0));
        else CASE("symlinkat", 2) REPORT(symlinkat(x, AT_FDCWD, y));
        else CASE("mkdir", 1) REPORT(mkdir(x, 0700));
        else CASE("mkdirat", 1) REPORT(mkdirat(AT_FDCWD, x, 0700));
        else CASE("mknod", 1) REPORT(mknod(x, S_IFIFO | 0600, 0));
        else CASE("mkfifo", 1) REPORT(mkfifo(x, 0600));
        else CASE("mkstemp", 1) { char t[4096]; snprintf(t, sizeof t, "%sXXXXXX", x); REPORT(mkstemp(t)); printf("%d %s\n", access(t, F_OK), strstr(t, "XXXXXX") ? "kept" : "filled"); }
        else CASE("mkostemps", 1) { char t[4096]; snprintf(t, sizeof t, "%sXXXXXX.so", x); REPORT(mkostemps(t, 3, O_CLOEXEC)); printf("%d %s\n", access(t, F_OK), strstr(t, "XXXXXX.so") ? "kept" : "filled"); }
        else CASE("shm_open", 1) { REPORT(shm_open(x, O_CREAT | O_RDWR, 0600)); shm_unlink(x); }
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
        else CASE("spawn-in-folder", 2) { /* a relative path, looked up where the child will be */
            posix_spawn_file_actions_t actions;
            pid_t p = -1;
            posix_spawn_file_actions_init(&actions);
            posix_spawn_file_actions_addchdir_np(&actions, "/");
            posix_spawn_file_actions_addchdir_np(&actions, x + 1);
            int r = posix_spawn(&p, y, &actions, NULL, (char *[]){ (char *)y, NULL }, environ);
            posix_spawn_file_actions_destroy(&actions);
            printf("spawn %d child %d\n", r, r ? 0 : exit_of(p));
        }
        else CASE("pidfd_spawn", 1) {
            int (*found)(int *, const char *, const void *, const void *, char *const[], char *const[]) = (__typeof__(found))dlsym(RTLD_DEFAULT, "pidfd_spawn");
            int fd = -1;
            siginfo_t info = { 0 };
            int r = found ? found(&fd, x, NULL, NULL, (char *[]){ (char *)x, NULL }, environ) : ENOSYS;
            if (r == 0) waitid((idtype_t)3 /* P_PIDFD */, fd, &info, WEXITED);
            printf("spawn %d child %d\n", r, info.si_status);
        }
        else CASE("execve-with", 2) IN_CHILD(fork, execve(y, ((char *[]){ (char *)y, NULL }), ((char *[]){ (char *)x, NULL })));
        else CASE("execve-twice", 1) { /* false values first, then the ones this program was given */
            char *env[] = { "PELLICLE_CHANNEL=pellicle/nobody", "LD_PRELOAD=/nowhere/first.so", "PELLICLE_ROOT=1", NULL, NULL, NULL };
            int n = 3;
            for (char **e = environ; *e; e++)
                if (strncmp(*e, "PELLICLE_CHANNEL=", 17) == 0 || strncmp(*e, "LD_PRELOAD=", 11) == 0) env[n++] = *e;
            IN_CHILD(fork, execve(x, ((char *[]){ (char *)x, "/etc/hostname", NULL }), env));
        }
        else CASE("spawn-with", 2) { pid_t p = -1; int r = posix_spawn(&p, y, NULL, NULL, (char *[]){ (char *)y, NULL }, (char *[]){ (char *)x, NULL }); printf("spawn %d child %d\n", r, r ? 0 : exit_of(p)); }
        else CASE("system-with", 2) { putenv((char *)x); fflush(stdout); errno = 77; int r = system(y); printf("system %d %d\n", r, errno); }
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
        else CASE("vm-read-parent", 0) { char q[4]; struct iovec l = { q, 4 }, r = { (void *)perform, 4 }; REPORT(process_vm_readv(getppid(), &l, 1, &r, 1, 0)); }
        else CASE("kill-parent", 0) REPORT(kill(getppid(), SIGURG));
        else CASE("kill-self", 0) { signal(SIGURG, SIG_IGN); REPORT(kill(getpid(), SIGURG)); }
        else CASE("killpg-parent", 0) REPORT(killpg(getpgid(getppid()), SIGURG));
        else CASE("tgkill-parent", 0) REPORT(syscall(SYS_tgkill, getppid(), getppid(), SIGURG));
        else CASE("tkill-parent", 0) REPORT(syscall(SYS_tkill, getppid(), SIGURG));
        else CASE("sigqueue-parent", 0) REPORT(sigqueue(getppid(), SIGURG, (union sigval){ .sival_int = 1 }));
        else CASE("pidfd-parent", 0) REPORT(syscall(424 /* pidfd_send_signal */, syscall(434 /* pidfd_open */, getppid(), 0), SIGURG, NULL, 0));
        else CASE("pidfd-child", 0) { pid_t p = fork(); if (p == 0) { pause(); _exit(0); } REPORT(syscall(424, syscall(434, p, 0), SIGKILL, NULL, 0)); waitpid(p, NULL, 0); }
        else CASE("getfd-parent", 0) REPORT(syscall(438 /* pidfd_getfd */, syscall(434, getppid(), 0), 1, 0));
        else CASE("limit-parent", 0) REPORT(prlimit(getppid(), RLIMIT_CORE, &(struct rlimit){ 0, 0 }, NULL));
        else CASE("limit-asked", 0) { struct rlimit l; REPORT(prlimit(getppid(), RLIMIT_CORE, NULL, &l)); }
        else CASE("vm-write-parent", 0) { char q[4] = ""; struct iovec l = { q, 4 }, r = { (void *)perform, 4 }; REPORT(process_vm_writev(getppid(), &l, 1, &r, 1, 0)); }
        else CASE("raw", 0) { /* one after the other; what is refused says EPERM (1) */
            char q[4], room[256] = "";
            struct iovec l = { q, 4 }, r = { (void *)perform, 4 };
            struct rlimit limits = { 0, 0 };
            printf("ptrace %ld\n", raw(SYS_ptrace, PTRACE_TRACEME, 0, 0, 0));
            printf("read-own %d\n", raw(SYS_process_vm_readv, getpid(), (long)&l, 1, (long)&r) != -EPERM);
            printf("read %ld\n", raw(SYS_process_vm_readv, getppid(), (long)&l, 1, (long)&r));
            printf("ring %ld\n", raw(425, 1, (long)room, 0, 0));
            printf("space %ld\n", raw(SYS_unshare, CLONE_NEWUSER, 0, 0, 0));
            printf("unshare %ld\n", raw(SYS_unshare, CLONE_FS, 0, 0, 0));
            printf("kill %ld\n", raw(SYS_kill, getppid(), SIGURG, 0, 0));
            printf("kill-nothing %ld\n", raw(SYS_kill, getppid(), 0, 0, 0));
            printf("tgkill %ld\n", raw(SYS_tgkill, getppid(), getppid(), SIGURG, 0));
            printf("pidfd %d\n", raw(434, getppid(), 0, 0, 0) >= 0);
            printf("limit %ld\n", raw(SYS_prlimit64, getppid(), RLIMIT_CORE, (long)&limits, 0));
            printf("kill-own %ld\n", raw(SYS_kill, getpid(), SIGURG, 0, 0));
        }
        else CASE("raw-open", 1) { long fd = raw(SYS_openat, AT_FDCWD, (long)x, O_RDONLY, 0); printf("open %ld\n", fd < 0 ? fd : 0); }
        else CASE("raw-connect", 0) { struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(9), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) }; printf("connect %ld\n", raw(SYS_connect, socket(AF_INET, SOCK_STREAM, 0), (long)&to, sizeof to, 0)); }
        else CASE("raw-ring", 0) printf("ring %d\n", raw(425, 1, 0, 0, 0) == -EPERM);
        else CASE("raw-exec", 1) { char *argv[] = { (char *)x, "ran", NULL }; fflush(stdout); printf("exec %ld\n", raw(SYS_execve, (long)x, (long)argv, (long)environ, 0)); }
        else CASE("ring", 0) { char room[256] = ""; REPORT(syscall(425 /* io_uring_setup */, 1, room)); }
        else CASE("ring-of-libuv", 0) { unsigned room[64] = { [2] = 1 << 16 }, polled[64] = { [2] = 2 }; REPORT(syscall(425, 256, room)); REPORT(syscall(425, 64, polled)); }
        else CASE("dlmopen", 1) { void *h = dlmopen(LM_ID_NEWLM, x, RTLD_NOW); printf("%s\n", h ? "ok" : "failed"); }
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
        else CASE("__connect", 2) { struct sockaddr_in name = to(x, atoi(y)); REPORT(__connect(socket(AF_INET, SOCK_STREAM, 0), (void *)&name, sizeof name)); }
        else CASE("syscall-connect", 2) { struct sockaddr_in name = to(x, atoi(y)); REPORT(syscall(SYS_connect, socket(AF_INET, SOCK_STREAM, 0), &name, sizeof name)); }
        else CASE("dns-sendto", 2) { struct sockaddr_in name = to(y, 53); unsigned char q[300]; REPORT(sendto(socket(AF_INET, SOCK_DGRAM, 0), q, question(x, q), 0, (void *)&name, sizeof name)); }
        else CASE("dns-send", 2) {
            struct sockaddr_in name = to(y, 53);
            unsigned char q[300];
            int fd = socket(AF_INET, SOCK_DGRAM, 0);
            if (connect(fd, (void *)&name, sizeof name)) return 9;
            REPORT(send(fd, q, question(x, q), 0));
            close(fd);
            int pair[2]; /* the number is used again, for something else */
            if (socketpair(AF_UNIX, SOCK_DGRAM, 0, pair)) return 9;
            printf("again %d\n", (int)send(pair[0], q, question(x, q), 0) > 0);
        }
        else CASE("dns-sendmsg", 2) {
            struct sockaddr_in name = to(y, 53);
            unsigned char q[300];
            struct iovec v = { q, question(x, q) };
            struct msghdr m = { .msg_name = &name, .msg_namelen = sizeof name, .msg_iov = &v, .msg_iovlen = 1 };
            REPORT(sendmsg(socket(AF_INET, SOCK_DGRAM, 0), &m, 0));
        }
        else CASE("res_query", 1) { unsigned char answer[512]; printf("lookup %d\n", res_query(x, 1, 1, answer, sizeof answer) < 0 ? h_errno : 0); }
        else CASE("res_search", 1) { unsigned char answer[512]; printf("lookup %d\n", res_search(x, 1, 1, answer, sizeof answer) < 0 ? h_errno : 0); }
        else CASE("res_querydomain", 1) { unsigned char answer[512]; printf("lookup %d\n", res_querydomain(x, "example", 1, 1, answer, sizeof answer) < 0 ? h_errno : 0); }
        else CASE("res_nquery", 1) { unsigned char answer[512]; struct __res_state state = { 0 }; res_ninit(&state); printf("lookup %d\n", res_nquery(&state, x, 1, 1, answer, sizeof answer) < 0 ? h_errno : 0); }
        else CASE("res_send", 1) { unsigned char q[300], answer[512]; REPORT(res_send(q, (int)question(x, q), answer, sizeof answer)); }
        else CASE("getaddrinfo_a", 1) { struct gaicb one = { .ar_name = x }, *list[] = { &one }; printf("lookup %d\n", getaddrinfo_a(GAI_WAIT, list, 1, NULL)); }
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
        else CASE("many-threads", 2) {
            int count_ = atoi(y);
            pthread_t *t = calloc((size_t)count_, sizeof *t);
            pthread_attr_t small;
            long bad = (long)storm((void *)x);
            void *r;
            pthread_attr_init(&small);
            pthread_attr_setstacksize(&small, 64 << 10);
            pthread_barrier_init(&everybody, NULL, (unsigned)count_);
            for (int n = 0; n < count_; n++) if (pthread_create(&t[n], &small, storm_together, (void *)x)) return 9;
            for (int n = 0; n < count_; n++) { pthread_join(t[n], &r); bad += (long)r; }
            printf("wrong %ld\n", bad);
        }
        else CASE("many-forks", 1) {
            pthread_t t[12];
            long bad = (long)storm((void *)x);
            void *r;
            for (int n = 0; n < 12; n++) pthread_create(&t[n], NULL, n < 8 ? fork_on : storm_on, (void *)x);
            for (int n = 0; n < 12; n++) { if (n == 8) forking = 0; pthread_join(t[n], &r); bad += (long)r; }
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

/* A system call that no library makes. */
static long raw(long number, long a, long b, long c, long d)
{
#if defined(__x86_64__)
    register long r10 __asm__("r10") = d;
    long r;
    __asm__ volatile("syscall" : "=a"(r) : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10) : "rcx", "r11", "memory");
    return r;
#else
    register long x8 __asm__("x8") = number;
    register long x0 __asm__("x0") = a;
    register long x1 __asm__("x1") = b;
    register long x2 __asm__("x2") = c;
    register long x3 __asm__("x3") = d;
    __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3) : "memory");
    return x0;
#endif
}

static void *in_thread(void *arguments)
{
    char **a = arguments;
    int count = 0;
    while (a[count])
        count++;
    return (void *)(long)perform(count, a);
}

/* The first word may say where the calls are made: a child with no environment, a vfork child, another thread. */
int main(int count, char **a)
{
    if (count > 2 && strcmp(a[1], "cleared") == 0) {
        memmove(a + 1, a + 2, (size_t)(count - 1) * sizeof *a);
        execve("/proc/self/exe", a, (char *[]){ NULL });
        return 8;
    }
    if (count > 2 && strcmp(a[1], "vforked") == 0) {
        pid_t pid = vfork();
        if (pid == 0)
            _exit(perform(count - 1, a + 1));
        return exit_of(pid);
    }
    if (count > 2 && strcmp(a[1], "threaded") == 0) {
        pthread_t thread;
        void *r;
        if (pthread_create(&thread, NULL, in_thread, a + 1) || pthread_join(thread, &r))
            return 8;
        return (int)(long)r;
    }
    return perform(count, a);
}
