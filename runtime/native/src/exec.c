/* Starting programs. Children stay covered: what they need is put back into any environment they are given. */
#include "pellicle.h"
#include "sys.h"
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <wordexp.h>

extern char **environ;

#define WHOLE_ARGUMENTS 128    /* sent to the guard whatever they are; behind them only options are... */
#define MAX_ARGUMENTS 192      /* ...and no more than this */
#define FAIR_ARGUMENT 8192     /* where all of them are too much for a message: bytes of each, but of a shell's command */
#define STACK_ENVIRONMENT 256

static char preload[PE_PATH + 16] = "LD_PRELOAD=";
static char channel[160] = "PELLICLE_CHANNEL=";
static char root[48] = "PELLICLE_ROOT=";
static char runtime_api[128] = "AWS_LAMBDA_RUNTIME_API=";

void pe_exec_start(void)
{
    pe_loader_start();
    strcat(preload, pe.own_path);
    strcat(channel, pe.channel);
    pe_number(root + strlen(root), pe.root_pid);
    const char *proxy = getenv("AWS_LAMBDA_RUNTIME_API");
    if (proxy && strlen(proxy) < sizeof runtime_api - 24)
        strcat(runtime_api, proxy);
}

static bool has_name(const char *entry, const char *assignment)
{
    size_t size = (size_t)(strchr(assignment, '=') - assignment) + 1;
    return strncmp(entry, assignment, size) == 0;
}

/* What stands before ours would be asked first for every name. */
static bool ours_first(const char *value)
{
    size_t size = strlen(pe.own_path);
    value += strspn(value, ": ");
    return strncmp(value, pe.own_path, size) == 0 && (value[size] == 0 || value[size] == ':' || value[size] == ' ');
}

/* A child environment with our variables in it. Lives in the caller's frame: no malloc in vfork children. */
struct environment {
    char *const *use;
    char *small[STACK_ENVIRONMENT];
    char **large;
    size_t large_size;
    char joined[2048]; /* LD_PRELOAD of the child with ours in front */
    char root[72];     /* with the invocation it is started for, where several are under way */
};

static void environment_for(struct environment *e, char *const envp[])
{
    static char *const empty[] = { NULL };
    e->use = envp;
    e->large = NULL;
    if (!pe.enabled || pe.own_path[0] == 0)
        return;
    if (envp == NULL)
        envp = empty; /* Linux takes NULL as an empty list */
    uint8_t flags = 0;
    uint64_t invocation = pe_invocation(&flags);
    strcpy(e->root, root);
    if (flags & PE_OWN) {
        size_t size = strlen(root);
        e->root[size] = '/';
        pe_number(e->root + size + 1, invocation);
    }
    /* Of a name that stands there twice programs take the first or the last: only one right entry will do. */
    size_t count = 0;
    enum { PRELOAD, CHANNEL, ROOT, API, VARIABLES };
    unsigned seen[VARIABLES] = { 0 }, right[VARIABLES] = { 0 };
    const char *upstream = strchr(pe.channel, '/');
    for (; envp[count]; count++) {
        const char *entry = envp[count];
        if (has_name(entry, preload))
            seen[PRELOAD]++, right[PRELOAD] += ours_first(entry + 11);
        else if (has_name(entry, channel))
            seen[CHANNEL]++, right[CHANNEL] += strcmp(entry, channel) == 0;
        else if (has_name(entry, root))
            seen[ROOT]++, right[ROOT] += strcmp(entry, e->root) == 0;
        else if (has_name(entry, runtime_api)) /* a foreign proxy's address stays */
            seen[API]++, right[API] += runtime_api[23] == 0 || !upstream || strcmp(entry + 23, upstream + 1) != 0;
    }
    bool complete_preload = seen[PRELOAD] == 1 && right[PRELOAD] == 1, complete_channel = seen[CHANNEL] == 1 && right[CHANNEL] == 1;
    bool has_root = seen[ROOT] == 1 && right[ROOT] == 1, right_api = seen[API] == right[API];
    if (complete_preload && complete_channel && has_root && right_api)
        return;
    char **list = e->small;
    if (count + 5 > STACK_ENVIRONMENT) {
        e->large_size = (count + 5) * sizeof(char *);
        long memory = SYS6(SYS_mmap, 0, e->large_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if ((unsigned long)memory >= -4096ul) {
            pe_count_fault();
            return;
        }
        list = e->large = (char **)memory;
    }
    size_t n = 0;
    char *their_preload = NULL;
    for (size_t i = 0; i < count; i++) {
        char *entry = envp[i];
        if (has_name(entry, preload) && !complete_preload)
            their_preload = entry;
        else if ((has_name(entry, channel) && !complete_channel) || (has_name(entry, root) && !has_root) || (has_name(entry, runtime_api) && !right_api))
            continue;
        else
            list[n++] = entry;
    }
    if (!complete_preload) {
        list[n] = preload;
        if (their_preload && their_preload[11]) {
            size_t ours = strlen(preload), theirs = strlen(their_preload + 11);
            if (ours + 1 + theirs + 1 <= sizeof e->joined) {
                memcpy(e->joined, preload, ours);
                e->joined[ours] = ':';
                memcpy(e->joined + ours + 1, their_preload + 11, theirs + 1);
                list[n] = e->joined;
            } else {
                pe_count_fault(); /* ours is worth more than a list of two thousand bytes */
            }
        }
        n++;
    }
    if (!complete_channel)
        list[n++] = channel;
    if (!has_root)
        list[n++] = e->root;
    if (!right_api)
        list[n++] = runtime_api;
    list[n] = NULL;
    e->use = list;
}

static void environment_done(struct environment *e)
{
    if (e->large)
        SYS2(SYS_munmap, e->large, e->large_size);
}

/* Programs that never were a file, or are none any more. */
static bool fileless(int fd, const char *path)
{
    struct stat info;
    return strncmp(path, "/memfd:", 7) == 0 || (SYS2(SYS_fstat, fd, &info) == 0 && info.st_nlink == 0);
}

static int judge_item(const char *item, size_t length, const char *raw, char *const argv[], uint8_t flags)
{
    struct iovec pieces[2 * MAX_ARGUMENTS]; /* each with the NUL that parts it from the next */
    int count = 0;
    size_t total = 0;
    bool bad = false;
    for (int i = 0; argv && count < 2 * MAX_ARGUMENTS; i++) {
        if (!pe_readable(&argv[i]))
            return 0; /* the kernel will say EFAULT */
        if (argv[i] == NULL)
            break;
        size_t size = pe_text_length(argv[i], PE_MAX_MESSAGE, &bad);
        if (bad)
            return 0;
        if (i >= WHOLE_ARGUMENTS && (size < 2 || argv[i][0] != '-'))
            continue;
        pieces[count++] = (struct iovec){ argv[i], size };
        pieces[count++] = (struct iovec){ "", 1 };
        total += size + 1;
    }
    if (count) {
        count--;
        total--;
    }
    /* Whoever fills one argument must not hide those behind it. Among the first may be the command of a shell, which is judged as a whole. */
    for (int i = 0; total > PE_MAX_MESSAGE - 2 * PE_PATH - 256 && i < count; i += 2)
        if (pieces[i].iov_len > FAIR_ARGUMENT && !(i > 0 && i <= 16 && pieces[i - 2].iov_len > 1 && *(char *)pieces[i - 2].iov_base == '-' && memchr(pieces[i - 2].iov_base, 'c', pieces[i - 2].iov_len))) {
            total -= pieces[i].iov_len - FAIR_ARGUMENT;
            pieces[i].iov_len = FAIR_ARGUMENT;
        }
    size_t raw_length = pe_text_length(raw, PE_PATH, &bad);
    struct pe_ask ask = {
        .dimension = PE_PROCESS, .flags = flags, .deny_errno = EACCES, .item = item, .item_length = length,
        .more = { { .length = total, .pieces = pieces, .piece_count = count }, { .data = raw, .length = raw_length } }, .more_count = 2,
    };
    return pe_judge(&ask);
}

/* 0, or the errno of a denial. A path that cannot be opened is left to the real call. */
static int judge_program(int dirfd, const char *path, char *const argv[], int flags)
{
    char item[PE_PATH];
    bool by_descriptor = (flags & AT_EMPTY_PATH) && pe_readable(path) && *path == 0;
    int fd = dirfd;
    if (!by_descriptor) {
        fd = (int)SYS4(SYS_openat, dirfd, path, O_PATH | O_CLOEXEC | (flags & AT_SYMLINK_NOFOLLOW ? O_NOFOLLOW : 0), 0);
        if (fd == -EMFILE || fd == -ENFILE)
            return judge_item(path, strnlen(path, PE_PATH), path, argv, PE_UNRESOLVED);
        if (fd < 0)
            return 0;
    }
    long length = pe_fd_path(fd, item);
    bool anonymous = length > 0 && fileless(fd, item);
    if (!by_descriptor)
        SYS1(SYS_close, fd);
    if (length < 0)
        return judge_item(path, strnlen(path, PE_PATH), path, argv, PE_UNRESOLVED);
    int denied = anonymous ? pe_tamper("exec-fd", item, EPERM) : 0;
    return denied ? denied : judge_item(item, (size_t)length, path, argv, 0);
}

static int fail(int error)
{
    errno = error;
    return -1;
}

/* Reads the pointers of the environment before anything of ours does. */
static bool readable_list(char *const list[])
{
    for (size_t i = 0; list; i++) {
        if (!pe_readable(&list[i]))
            return false;
        if (list[i] == NULL)
            break;
        if (!pe_readable(list[i]))
            return false;
    }
    return true;
}

int pe_execveat(int dirfd, const char *path, char *const argv[], char *const envp[], int flags)
{
    bool plain = dirfd == AT_FDCWD && flags == 0;
    if (!pe.enabled || path == NULL || !readable_list(envp))
        return plain ? NEXT(execve)(path, argv, envp) : ({ long r = SYS5(SYS_execveat, dirfd, path, argv, envp, flags); r < 0 ? fail((int)-r) : 0; });
    int denied = pe_active() ? judge_program(dirfd, path, argv, flags) : 0;
    if (denied || (denied = pe_judge_loader(envp)))
        return fail(denied);
    struct environment e;
    environment_for(&e, envp);
    int result = -1;
    if (plain) {
        result = NEXT(execve)(path, argv, e.use);
    } else {
        long raw = SYS5(SYS_execveat, dirfd, path, argv, e.use, flags); /* glibc has the function since 2.34 only */
        errno = (int)-raw;
    }
    int error = errno;
    environment_done(&e);
    errno = error;
    return result;
}

EXPORT int execve(const char *path, char *const argv[], char *const envp[]) { return pe_execveat(AT_FDCWD, path, argv, envp, 0); }
EXPORT int execv(const char *path, char *const argv[]) { return pe_execveat(AT_FDCWD, path, argv, environ, 0); }
EXPORT int execveat(int dirfd, const char *path, char *const argv[], char *const envp[], int flags) { return pe_execveat(dirfd, path, argv, envp, flags); }

EXPORT int fexecve(int fd, char *const argv[], char *const envp[])
{
    if (!pe.enabled || !readable_list(envp))
        return NEXT(fexecve)(fd, argv, envp);
    int denied = pe_active() ? judge_program(fd, "", argv, AT_EMPTY_PATH) : 0;
    if (denied || (denied = pe_judge_loader(envp)))
        return fail(denied);
    struct environment e;
    environment_for(&e, envp);
    int result = NEXT(fexecve)(fd, argv, e.use);
    int error = errno;
    environment_done(&e);
    errno = error;
    return result;
}

/* First program of that name in PATH, as execvp would find it. */
static bool find_in_path(const char *file, char *found)
{
    const char *path = getenv("PATH");
    size_t file_length = strlen(file);
    if (path == NULL)
        path = "/bin:/usr/bin"; /* glibc's default since 2.24 */
    for (;;) {
        size_t length = strcspn(path, ":");
        if (length + 1 + file_length < PE_PATH) {
            memcpy(found, path, length);
            size_t at = length;
            if (length)
                found[at++] = '/';
            memcpy(found + at, file, file_length + 1);
            struct stat info;
            if (SYS4(SYS_newfstatat, AT_FDCWD, found, &info, 0) == 0 && S_ISREG(info.st_mode)
                && SYS3(SYS_faccessat, AT_FDCWD, found, X_OK) == 0)
                return true;
        }
        path += length;
        if (*path++ == 0)
            return false;
    }
}

/* base: where a path with a slash begins */
static int judge_searched(int base, const char *file, char *const argv[])
{
    char found[PE_PATH];
    if (!pe_active() || !pe_readable(file) || *file == 0)
        return 0;
    if (strchr(file, '/'))
        return judge_program(base, file, argv, 0);
    return find_in_path(file, found) ? judge_program(AT_FDCWD, found, argv, 0) : 0;
}

EXPORT int execvpe(const char *file, char *const argv[], char *const envp[])
{
    if (!pe.enabled || file == NULL || !readable_list(envp))
        return NEXT(execvpe)(file, argv, envp);
    int denied = judge_searched(AT_FDCWD, file, argv);
    if (denied || (denied = pe_judge_loader(envp)))
        return fail(denied);
    struct environment e;
    environment_for(&e, envp);
    int result = NEXT(execvpe)(file, argv, e.use);
    int error = errno;
    environment_done(&e);
    errno = error;
    return result;
}
EXPORT int execvp(const char *file, char *const argv[]) { return execvpe(file, argv, environ); }

/* The list ends with NULL; execle has the environment behind it. */
#define EXECL(name, with_environment, run) \
    EXPORT int name(const char *path, const char *argument, ...) \
    { \
        va_list arguments; \
        size_t count = 1; \
        va_start(arguments, argument); \
        if (argument) \
            while (va_arg(arguments, char *)) \
                count++; \
        va_end(arguments); \
        char *argv[count + 1]; \
        char **envp = environ; \
        va_start(arguments, argument); \
        argv[0] = (char *)argument; \
        if (argument) { \
            for (size_t i = 1; i < count; i++) \
                argv[i] = va_arg(arguments, char *); \
            argv[count] = NULL; \
            (void)va_arg(arguments, char *); \
        } \
        if (with_environment) \
            envp = va_arg(arguments, char **); \
        va_end(arguments); \
        return run(path, argv, envp); \
    }
EXECL(execl, false, execve)
EXECL(execle, true, execve)
EXECL(execlp, false, execvpe)

/* Folders that file actions will change to before a relative path is looked up. One text per list of actions. */
#define CHANGED_FOLDERS 16
static struct folder { const void *_Atomic actions; int base; char path[512]; } folders[CHANGED_FOLDERS];

static struct folder *folder_of(const void *actions)
{
    for (size_t i = 0; actions && i < CHANGED_FOLDERS; i++)
        if (atomic_load(&folders[i].actions) == actions)
            return &folders[i];
    return NULL;
}

static void change_folder(const void *actions, int base, const char *path)
{
    struct folder *f = folder_of(actions);
    for (size_t i = 0; !f && i < CHANGED_FOLDERS; i++) {
        const void *none = NULL;
        if (atomic_compare_exchange_strong(&folders[i].actions, &none, actions)) {
            f = &folders[i];
            f->base = AT_FDCWD;
            f->path[0] = 0;
        }
    }
    size_t length = path ? strnlen(path, sizeof f->path) : 0, before = !f || !path || *path == '/' ? 0 : strlen(f->path);
    if (!f || before + length + 2 > sizeof f->path) {
        pe_count_fault(); /* then a relative path is looked up from here */
        return;
    }
    if (!path || *path == '/')
        f->base = base;
    if (before)
        f->path[before++] = '/';
    memcpy(f->path + before, path ? path : "", length);
    f->path[before + length] = 0;
}

static void forget_folder(const void *actions)
{
    struct folder *f = folder_of(actions);
    if (f)
        atomic_store(&f->actions, NULL);
}

extern int posix_spawn_file_actions_addchdir(posix_spawn_file_actions_t *restrict, const char *restrict);
extern int posix_spawn_file_actions_addfchdir(posix_spawn_file_actions_t *, int);
extern int posix_spawn_file_actions_addchdir_np(posix_spawn_file_actions_t *restrict, const char *restrict);
extern int posix_spawn_file_actions_addfchdir_np(posix_spawn_file_actions_t *, int);

/* glibc has them since 2.29; the names without ending since 2.42. */
#define CHANGES_FOLDER(name, type, base, path) \
    EXPORT int name(posix_spawn_file_actions_t *restrict actions, type to) \
    { \
        __typeof__(&name) next = NEXT(name); \
        int result = next ? next(actions, to) : ENOSYS; \
        if (result == 0 && pe.enabled) \
            change_folder(actions, base, path); \
        return result; \
    }
CHANGES_FOLDER(posix_spawn_file_actions_addchdir, const char *restrict, AT_FDCWD, to)
CHANGES_FOLDER(posix_spawn_file_actions_addchdir_np, const char *restrict, AT_FDCWD, to)
CHANGES_FOLDER(posix_spawn_file_actions_addfchdir, int, to, NULL)
CHANGES_FOLDER(posix_spawn_file_actions_addfchdir_np, int, to, NULL)

EXPORT int posix_spawn_file_actions_init(posix_spawn_file_actions_t *actions)
{
    forget_folder(actions);
    return NEXT(posix_spawn_file_actions_init)(actions);
}
EXPORT int posix_spawn_file_actions_destroy(posix_spawn_file_actions_t *actions)
{
    forget_folder(actions);
    return NEXT(posix_spawn_file_actions_destroy)(actions);
}

/* 0 or the error to return; libc's own errors are its matter. */
static int judge_spawn(const char *file, bool searched, const posix_spawn_file_actions_t *actions, char *const argv[], char *const envp[])
{
    if (!pe_active())
        return 0;
    struct folder *f = folder_of(actions);
    int base = AT_FDCWD;
    if (f && pe_readable(file) && *file != '/') {
        base = f->path[0] ? (int)SYS4(SYS_openat, f->base, f->path, O_PATH | O_CLOEXEC | O_DIRECTORY, 0) : f->base;
        if (base < 0 && base != AT_FDCWD)
            base = AT_FDCWD;
    }
    int denied = searched ? judge_searched(base, file, argv) : judge_program(base, file, argv, 0);
    if (f && base >= 0 && base != f->base)
        SYS1(SYS_close, base);
    return denied ? denied : pe_judge_loader(envp);
}

#define SPAWN(name, result_type, searched) \
    EXPORT int name(result_type *restrict pid, const char *restrict file, const posix_spawn_file_actions_t *restrict actions, \
                    const posix_spawnattr_t *restrict attributes, char *const argv[restrict], char *const envp[restrict]) \
    { \
        __typeof__(&name) next = NEXT(name); \
        if (!next) \
            return ENOSYS; \
        if (!pe.enabled || file == NULL || !readable_list(envp)) \
            return next(pid, file, actions, attributes, argv, envp); \
        int saved = errno; \
        int denied = judge_spawn(file, searched, actions, argv, envp); \
        if (denied) \
            return denied; \
        struct environment e; \
        environment_for(&e, envp); \
        errno = saved; \
        int result = next(pid, file, actions, attributes, argv, e.use); \
        environment_done(&e); \
        return result; \
    }
extern int pidfd_spawn(int *restrict, const char *restrict, const posix_spawn_file_actions_t *restrict, const posix_spawnattr_t *restrict, char *const[restrict], char *const[restrict]);
extern int pidfd_spawnp(int *restrict, const char *restrict, const posix_spawn_file_actions_t *restrict, const posix_spawnattr_t *restrict, char *const[restrict], char *const[restrict]);
SPAWN(posix_spawn, pid_t, false)
SPAWN(posix_spawnp, pid_t, true)
SPAWN(pidfd_spawn, int, false) /* glibc has these two since 2.39 */
SPAWN(pidfd_spawnp, int, true)

/* libc starts the shell from inside, with `environ`: what was removed there is set again first. */
static int judge_shell(const char *command)
{
    if (!pe.enabled)
        return 0;
    char *argv[] = { "sh", "-c", (char *)command, NULL };
    int denied = pe_active() ? judge_program(AT_FDCWD, "/bin/sh", argv, 0) : 0;
    if (denied || (denied = pe_judge_loader(environ)))
        return denied;
    struct environment e;
    environment_for(&e, environ);
    if (e.use != environ)
        for (char *const *entry = e.use; *entry; entry++)
            if (*entry == preload || *entry == e.joined || *entry == channel || *entry == e.root || *entry == runtime_api) {
                char name[32];
                size_t length = strcspn(*entry, "=");
                memcpy(name, *entry, length);
                name[length] = 0;
                setenv(name, *entry + length + 1, 1);
            }
    environment_done(&e);
    return 0;
}

EXPORT int system(const char *command)
{
    int saved = errno;
    int denied = command && pe_readable(command) ? judge_shell(command) : 0;
    if (denied)
        return fail(denied);
    errno = saved;
    return NEXT(system)(command);
}

EXPORT FILE *popen(const char *command, const char *type)
{
    int saved = errno;
    int denied = command && pe_readable(command) ? judge_shell(command) : 0;
    if (denied) {
        errno = denied;
        return NULL;
    }
    errno = saved;
    return NEXT(popen)(command, type);
}

EXPORT FILE *_IO_popen(const char *command, const char *type) { return popen(command, type); }

/* The file is opened by libc in the child: it is judged now. */
EXPORT int posix_spawn_file_actions_addopen(posix_spawn_file_actions_t *restrict actions, int fd, const char *restrict path, int flags, mode_t mode)
{
    if (pe_active() && path && pe_readable(path)) {
        int saved = errno;
        bool write = (flags & O_ACCMODE) != O_RDONLY || (flags & (O_CREAT | O_TRUNC));
        int denied = pe_judge_path(write ? PE_WRITE : PE_READ, AT_FDCWD, path, flags & O_NOFOLLOW, write ? "open" : NULL);
        errno = saved;
        if (denied)
            return denied;
    }
    return NEXT(posix_spawn_file_actions_addopen)(actions, fd, path, flags, mode);
}

EXPORT int wordexp(const char *restrict words, wordexp_t *restrict result, int flags)
{
    if (words && !(flags & WRDE_NOCMD) && pe_readable(words) && (strstr(words, "$(") || strchr(words, '`')) && judge_shell(words))
        return WRDE_CMDSUB;
    return NEXT(wordexp)(words, result, flags);
}
