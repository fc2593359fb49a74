// First process of an execution environment: makes the namespaces and mounts, then starts, signals and reaps processes as it is told.
// One message either way is a u32 length and NUL-terminated strings. The other end is Sandbox.cs; its death ends everything here.
//
//   outer (host PID namespace) -> inner (PID 1 of the environment) -> extensions, runtime
//
// outer waits for inner and removes the control groups; inner dies when the control socket closes, and the kernel kills what it started.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MaxMessage = 4 << 20, MaxWords = 8192, MaxGroups = 4, MaxProcesses = 64, Uid = 993, Gid = 990 };

static int control = -1, rootful, clearing;
static char root[512];
static char *groups[MaxGroups];
static int groupFiles[MaxGroups], groupCount;
static int logs[2] = {-1, -1}; // function, extension
static struct { int id; pid_t pid; } started[MaxProcesses];
static char *message, *words[MaxWords];
static int wordCount;

static void tell(int count, ...) {
    char data[2048];
    uint32_t size = 4;
    va_list list;
    va_start(list, count);
    for (int i = 0; i < count; i++) {
        const char *word = va_arg(list, const char *);
        size_t length = strlen(word) + 1;
        if (size + length > sizeof data) length = sizeof data - size;
        memcpy(data + size, word, length);
        size += length;
        data[size - 1] = 0;
    }
    va_end(list);
    uint32_t body = size - 4;
    memcpy(data, &body, 4);
    for (uint32_t sent = 0; sent < size;) {
        ssize_t n = send(control, data + sent, size - sent, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) _exit(3);
        sent += (uint32_t)n;
    }
}

static void fail(const char *what, const char *detail) {
    char text[1024];
    snprintf(text, sizeof text, "%s `%s`: %s", what, detail, strerror(errno));
    tell(2, "error", text);
    _exit(2);
}

static void readFully(void *into, size_t size) {
    for (size_t got = 0; got < size;) {
        ssize_t n = read(control, (char *)into + got, size - got);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) _exit(0); // our owner is gone
        got += (size_t)n;
    }
}

static void receive(void) {
    uint32_t size;
    readFully(&size, 4);
    if (size == 0 || size > MaxMessage) _exit(4);
    free(message);
    if (!(message = malloc(size + 1))) _exit(4);
    readFully(message, size);
    message[size] = 0;
    wordCount = 0;
    for (uint32_t at = 0; at < size && wordCount < MaxWords - 1; at += (uint32_t)strlen(message + at) + 1) words[wordCount++] = message + at;
    words[wordCount] = NULL;
    if (wordCount == 0) _exit(4);
}

static const char *inside(const char *path) {
    static char full[2][4096];
    static int turn;
    char *into = full[turn ^= 1];
    if (snprintf(into, sizeof full[0], "%s%s", root, path) >= (int)sizeof full[0]) { errno = ENAMETOOLONG; fail("cannot use", path); }
    return into;
}

static void makeParents(const char *path) {
    char copy[4096];
    snprintf(copy, sizeof copy, "%s", path);
    for (char *slash = copy + strlen(root) + 1; (slash = strchr(slash, '/')); slash++) {
        *slash = 0;
        if (mkdir(copy, 0755) && errno != EEXIST) fail("cannot create", copy);
        *slash = '/';
    }
}

static void writeFile(const char *path, const char *text, int mode) {
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
    size_t size = strlen(text);
    if (file < 0 || write(file, text, size) != (ssize_t)size) fail("cannot write", path);
    close(file);
}

// A read-only remount has to repeat the flags that an unprivileged namespace may not clear.
static void makeReadOnly(const char *path) {
    struct statvfs at;
    unsigned long flags = MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID;
    if (statvfs(path, &at)) fail("cannot inspect", path);
    if (at.f_flag & ST_NODEV) flags |= MS_NODEV;
    if (at.f_flag & ST_NOEXEC) flags |= MS_NOEXEC;
    if (at.f_flag & ST_NOATIME) flags |= MS_NOATIME;
    if (at.f_flag & ST_NODIRATIME) flags |= MS_NODIRATIME;
    if (at.f_flag & ST_RELATIME) flags |= MS_RELATIME;
    if (mount(NULL, path, NULL, flags, NULL)) fail("cannot make read-only", path);
}

static void bindPath(const char *from, const char *to, int readOnly) {
    struct stat what;
    const char *target = inside(to);
    makeParents(target);
    if (stat(from, &what)) fail("cannot find", from);
    if (S_ISDIR(what.st_mode)) {
        if (mkdir(target, 0755) && errno != EEXIST) fail("cannot create", target);
    } else {
        int file = open(target, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
        if (file < 0) fail("cannot create", target);
        close(file);
    }
    if (mount(from, target, NULL, MS_BIND | (S_ISDIR(what.st_mode) ? MS_REC : 0), NULL)) fail("cannot bind", from);
    if (readOnly) makeReadOnly(target);
}

static void tmpfs(const char *to, const char *options) {
    const char *target = inside(to);
    makeParents(target);
    if (mkdir(target, 0755) && errno != EEXIST) fail("cannot create", target);
    if (mount("tmpfs", target, "tmpfs", MS_NOSUID | MS_NODEV, options)) fail("cannot mount", target);
}

static void joinGroups(void) {
    for (int i = 0; i < groupCount; i++)
        if (groupFiles[i] >= 0 && write(groupFiles[i], "0", 1) != 1) { /* without this group: the limit is a courtesy, not isolation */ }
}

// spawn ID LOG(0|1) CWD PATH ARGC argv... env...
static void spawn(void) {
    if (wordCount < 6) { tell(2, "error", "short spawn message"); return; }
    int id = atoi(words[1]), log = atoi(words[2]) & 1, argc = atoi(words[5]), slot = 0, report[2];
    if (argc < 1 || 6 + argc > wordCount) { tell(2, "error", "bad spawn message"); return; }
    while (slot < MaxProcesses && started[slot].pid) slot++;
    if (slot == MaxProcesses || pipe2(report, O_CLOEXEC)) { tell(3, "failed", words[1], "too many processes"); return; }
    pid_t pid = fork();
    if (pid < 0) { close(report[0]); close(report[1]); tell(3, "failed", words[1], strerror(errno)); return; }
    if (pid == 0) {
        char *argv[256];
        int count = argc > 255 ? 255 : argc;
        memcpy(argv, words + 6, sizeof(char *) * (size_t)count);
        argv[count] = NULL;
        sigset_t none;
        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, NULL);
        signal(SIGPIPE, SIG_DFL);
        setpgid(0, 0);
        joinGroups();
        int null = open("/dev/null", O_RDONLY);
        if (null < 0 || dup2(null, 0) < 0 || dup2(logs[log], 1) < 0 || dup2(logs[log], 2) < 0) goto failed;
        if (null > 2) close(null);
        struct rlimit files = {1024, 1024}, core = {0, 0};
        setrlimit(RLIMIT_NOFILE, &files);
        setrlimit(RLIMIT_CORE, &core);
        umask(022);
        if (chdir(words[3])) goto failed;
        if (rootful && (setgroups(0, NULL) || setresgid(Gid, Gid, Gid) || setresuid(Uid, Uid, Uid))) goto failed;
        if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)) goto failed;
        execve(words[4], argv, words + 6 + argc);
    failed:;
        int error = errno;
        if (write(report[1], &error, sizeof error) < 0) _exit(126);
        _exit(127);
    }
    setpgid(pid, pid);
    close(report[1]);
    int error = 0;
    ssize_t got;
    while ((got = read(report[0], &error, sizeof error)) < 0 && errno == EINTR) { }
    close(report[0]);
    if (got > 0) {
        waitpid(pid, NULL, 0);
        tell(3, "failed", words[1], strerror(error));
        return;
    }
    started[slot].id = id;
    started[slot].pid = pid;
    tell(2, "spawned", words[1]);
}

static void reap(void) {
    int status;
    pid_t pid;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
        for (int i = 0; i < MaxProcesses; i++)
            if (started[i].pid == pid) {
                char id[16], code[16];
                snprintf(id, sizeof id, "%d", started[i].id);
                snprintf(code, sizeof code, "%d", WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status));
                started[i].pid = 0;
                tell(3, "exit", id, code);
            }
    if (clearing && pid < 0 && errno == ECHILD) {
        clearing = 0;
        tell(1, "cleared");
    }
}

static void obey(void) {
    receive();
    if (!strcmp(words[0], "spawn")) spawn();
    else if (!strcmp(words[0], "signal") && wordCount == 3) {
        for (int i = 0; i < MaxProcesses; i++)
            if (started[i].pid && started[i].id == atoi(words[1])) kill(-started[i].pid, atoi(words[2]));
    } else if (!strcmp(words[0], "clear")) {
        clearing = 1;
        kill(-1, SIGKILL);
        reap();
    } else if (!strcmp(words[0], "stop")) { kill(-1, SIGSTOP); tell(1, "stopped"); }
    else if (!strcmp(words[0], "continue")) kill(-1, SIGCONT);
    else if (!strcmp(words[0], "news")) { reap(); tell(1, "told"); }
    else tell(2, "error", "unknown message");
}

static void setUp(void) {
    if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL)) fail("cannot make private", "/");
    for (;;) {
        receive();
        if (!strcmp(words[0], "root") && wordCount == 2) {
            snprintf(root, sizeof root, "%s", words[1]);
            if (mount("tmpfs", root, "tmpfs", MS_NOSUID | MS_NODEV, "mode=755,size=4m")) fail("cannot mount", root);
        } else if (!strcmp(words[0], "bind") && wordCount == 3) bindPath(words[1], words[2], 1);
        else if (!strcmp(words[0], "device") && wordCount == 2) bindPath(words[1], words[1], 0);
        else if (!strcmp(words[0], "tmpfs") && wordCount == 3) tmpfs(words[1], words[2]);
        else if (!strcmp(words[0], "directory") && wordCount == 2) {
            const char *target = inside(words[1]);
            makeParents(target);
            if (mkdir(target, 0755) && errno != EEXIST) fail("cannot create", target);
        } else if (!strcmp(words[0], "link") && wordCount == 3) {
            const char *target = inside(words[2]);
            makeParents(target);
            if (symlink(words[1], target)) fail("cannot link", target);
        } else if (!strcmp(words[0], "file") && wordCount == 3) {
            const char *target = inside(words[1]);
            makeParents(target);
            writeFile(target, words[2], 0644);
        } else if (!strcmp(words[0], "log") && wordCount == 3) {
            // Read and write, so that the descriptor never blocks in open; the owner of the pipe may reopen /dev/stdout.
            int file = open(words[2], O_RDWR | O_CLOEXEC);
            if (file < 0) fail("cannot open", words[2]);
            if (rootful && fchown(file, Uid, Gid)) fail("cannot own", words[2]);
            logs[atoi(words[1]) & 1] = file;
        } else if (!strcmp(words[0], "ready")) break;
        else { tell(2, "error", "unknown set-up message"); _exit(2); }
    }
    const char *proc = inside("/proc");
    mkdir(proc, 0755);
    if (mount("proc", proc, "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL)) fail("cannot mount", "/proc");
    const char *old = inside("/.old");
    if (mkdir(old, 0700)) fail("cannot create", old);
    if (syscall(SYS_pivot_root, root, old)) fail("cannot enter", root);
    if (chdir("/") || umount2("/.old", MNT_DETACH) || rmdir("/.old")) fail("cannot leave", "the host's files");
    root[0] = 0;
    makeReadOnly("/");
}

static int inner(void *unused) {
    (void)unused;
    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    signal(SIGPIPE, SIG_IGN);
    setUp();
    sigset_t child;
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    sigprocmask(SIG_BLOCK, &child, NULL);
    int signals = signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
    if (signals < 0) fail("cannot watch", "children");
    tell(1, "ready");
    struct pollfd watched[2] = {{control, POLLIN, 0}, {signals, POLLIN, 0}};
    for (;;) {
        if (poll(watched, 2, -1) < 0 && errno != EINTR) _exit(5);
        if (watched[1].revents) {
            struct signalfd_siginfo info[8];
            if (read(signals, info, sizeof info) > 0) reap();
        }
        if (watched[0].revents) obey();
    }
}

static void mapUser(uid_t uid, gid_t gid) {
    char map[64];
    snprintf(map, sizeof map, "%d %u 1", Uid, uid);
    writeFile("/proc/self/setgroups", "deny", 0);
    writeFile("/proc/self/uid_map", map, 0);
    snprintf(map, sizeof map, "%d %u 1", Gid, gid);
    writeFile("/proc/self/gid_map", map, 0);
}

int main(int argc, char **argv) {
    // argv: directory of the environment (with the control socket), control groups to join...
    if (argc < 2) { fprintf(stderr, "started by the local Lambda only\n"); return 64; }
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (snprintf(address.sun_path, sizeof address.sun_path, "%s/control", argv[1]) >= (int)sizeof address.sun_path) { fprintf(stderr, "path too long\n"); return 64; }
    control = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (control < 0 || connect(control, (struct sockaddr *)&address, sizeof address)) { perror("control socket"); return 65; }
    // Nothing of the parent's descriptors or terminal reaches the environment.
    int null = open("/dev/null", O_RDWR);
    dup2(null, 0); dup2(null, 1); dup2(null, 2);
    if (control != 3) { dup3(control, 3, O_CLOEXEC); control = 3; }
    syscall(SYS_close_range, 4, ~0U, 0);
    setsid();
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    for (int s = 1; s < 32; s++) signal(s, SIG_DFL);
    for (int i = 2; i < argc && groupCount < MaxGroups; i++) {
        char path[1024];
        snprintf(path, sizeof path, "%s/cgroup.procs", argv[i]);
        groups[groupCount] = argv[i];
        groupFiles[groupCount++] = open(path, O_WRONLY | O_CLOEXEC);
    }
    uid_t uid = geteuid();
    gid_t gid = getegid();
    rootful = uid == 0;
    if (!rootful) {
        if (unshare(CLONE_NEWUSER)) fail("cannot make a namespace for an unprivileged user (run as root, or allow kernel.unprivileged_userns_clone / user.max_user_namespaces):", "user");
        mapUser(uid, gid);
    }
    size_t stack = 1 << 20;
    char *memory = malloc(stack);
    if (!memory) fail("cannot allocate", "stack");
    pid_t pid = clone(inner, memory + stack, CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWIPC | SIGCHLD, NULL);
    if (pid < 0) fail("cannot make namespaces (root or unprivileged user namespaces are needed):", "mount, PID, IPC");
    int status;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) { }
    for (int i = 0; i < groupCount; i++) {
        // A frozen group with killed tasks empties by itself in version 2.
        for (int attempt = 0; attempt < 50 && rmdir(groups[i]) && errno == EBUSY; attempt++) usleep(2000);
    }
    close(control);
    static const char *const leftovers[] = {"control", "function.log", "extension.log", "root", ""};
    for (size_t i = 0; i < sizeof leftovers / sizeof *leftovers; i++) {
        char path[1024];
        snprintf(path, sizeof path, "%s/%s", argv[1], leftovers[i]);
        remove(path);
    }
    return 0;
}
