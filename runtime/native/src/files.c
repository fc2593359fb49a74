/* Opening, creating, removing and renaming files. */
#include "pellicle.h"
#include "sys.h"
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <fts.h>
#include <glob.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef O_TMPFILE
#define O_TMPFILE (020000000 | O_DIRECTORY)
#endif
#define RESOLVE_NO_SYMLINKS 0x04
/* Added to the dimension. FIXED: a raw path in a fixed tree that leads to something allowed. KNOWN: a clean path that is itself allowed.
   ENTRY: a clean path that led to itself and is allowed, until some covered process makes a link or a folder, or moves one. PLAIN: it was a plain file. */
enum { TAG_FIXED = 0x80, TAG_KNOWN = 0xC0, TAG_ENTRY = 0xE0, TAG_PLAIN = 0xF0 };

struct how { uint64_t flags, mode, resolve; };

static _Atomic bool no_openat2;

static bool writes(int flags)
{
    return (flags & O_ACCMODE) != O_RDONLY || (flags & (O_CREAT | O_TRUNC)) || (flags & O_TMPFILE) == O_TMPFILE;
}

static bool has_mode(int flags) { return (flags & O_CREAT) || (flags & O_TMPFILE) == O_TMPFILE; }

/* Succeeds only when no part of the path is a link: then the raw text is the resolved one. -ELOOP: cannot say. */
static long open_unlinked(int dirfd, const char *path, int flags, mode_t mode)
{
    if (atomic_load_explicit(&no_openat2, memory_order_relaxed))
        return -ELOOP;
    struct how how = { (uint32_t)flags, has_mode(flags) ? mode & 07777 : 0, RESOLVE_NO_SYMLINKS };
    long fd = SYS4(SYS_openat2, dirfd, path, &how, sizeof how);
    if (fd == -ENOSYS || fd == -EPERM) { /* EPERM: old container filters; a real one comes again from open itself */
        if (fd == -ENOSYS)
            atomic_store(&no_openat2, true);
        return -ELOOP;
    }
    return fd == -EINVAL || fd == -EAGAIN || fd == -E2BIG ? -ELOOP : fd;
}

/* A vendor's open between us and libc must be called. */
static bool alone(void)
{
    static _Atomic int known; /* 1 alone, 2 not */
    int value = atomic_load_explicit(&known, memory_order_relaxed);
    if (unlikely(value == 0)) {
        value = pe_in_libc((void *)NEXT(openat)) && pe_in_libc((void *)NEXT(open)) ? 1 : 2;
        atomic_store(&known, value);
    }
    return value == 1;
}

static int forward(int dirfd, const char *path, int flags, mode_t mode, bool plain)
{
    return plain ? NEXT(open)(path, flags, mode) : NEXT(openat)(dirfd, path, flags, mode);
}

/* The system itself refused: the attempt is a behaviour all the same. The system's answer stands. */
static void note_refused(int error, int dirfd, const char *path)
{
    if (error == EACCES || error == EPERM)
        pe_judge_path(PE_READ, dirfd, path, false, NULL);
}

static int failed(int error)
{
    errno = error;
    return -1;
}

/* After the kernel said ENOENT the path is known to be readable memory. */
static int not_found(const char *path)
{
    return pe_is_probe(path) ? pe_probe(path) : ENOENT;
}

static int ask_path(uint8_t dimension, const char *item, size_t length, const char *raw, const char *operation, uint8_t flags)
{
    struct pe_ask ask = {
        .dimension = dimension, .flags = flags, .deny_errno = EACCES, .item = item, .item_length = length,
        .more = { { .data = raw, .length = strnlen(raw, PE_PATH) }, { .data = operation, .length = operation ? strlen(operation) : 0 } },
        .more_count = operation ? 2 : 1,
    };
    return pe_judge(&ask);
}

/* What was really opened. Pipes, sockets and anonymous files have no path and are not judged here.
   lasting (may be NULL) tells whether the answer holds until the generation changes; judged is the hash of what was allowed just before. */
static int judge_open_fd(int fd, uint8_t dimension, const char *raw, bool *lasting, uint64_t judged)
{
    char item[PE_PATH];
    long length = pe_fd_path(fd, item);
    const char *operation = dimension == PE_WRITE ? "open" : NULL;
    if (length < 0)
        return ask_path(dimension, raw, strnlen(raw, PE_PATH), raw, operation, PE_UNRESOLVED);
    if (item[0] != '/' || (judged && pe_hash(dimension, item, (size_t)length) == judged))
        return 0;
    int denied = ask_path(dimension, item, (size_t)length, raw, operation, 0);
    if (lasting && !denied)
        *lasting = pe_known(dimension, item, (size_t)length) == PE_KNOWN_LASTING;
    return denied;
}

int pe_judge_open_fd(int fd, uint8_t dimension, const char *raw) { return judge_open_fd(fd, dimension, raw, NULL, 0); }

static bool outside_proc(const char *path) { return strncmp(path, "/proc/", 6) != 0; }

/* judged (may be NULL) gets the hash of the item, 0 when there was none. */
static int judge_path(uint8_t dimension, int dirfd, const char *path, bool nofollow, const char *operation, uint64_t *judged)
{
    char item[PE_PATH];
    if (judged)
        *judged = 0;
    bool bad = false;
    size_t raw_length = path[0] == '/' ? pe_text_length(path, PE_PATH, &bad) : 0;
    uint64_t epoch = pe_links(), stamp = pe_stamp();
    if (raw_length && !judged && likely(pe_remembered_in(dimension | TAG_ENTRY, path, raw_length, epoch)))
        return 0;
    long length = pe_resolve(dirfd, path, nofollow, item);
    if (length == -EACCES || length == -ELOOP || length == -EMFILE || length == -ENFILE)
        return ask_path(dimension, path, strnlen(path, PE_PATH), path, operation, PE_UNRESOLVED);
    if (length < 0 || item[0] != '/')
        return 0; /* the call itself will fail (EFAULT, ENOENT, ...), or it is no file */
    if (judged)
        *judged = pe_hash(dimension, item, (size_t)length);
    if (!judged && (size_t)length == raw_length && memcmp(item, path, raw_length) == 0 && outside_proc(path) && pe_known(dimension, item, raw_length) == PE_KNOWN_LASTING) {
        pe_remember_in(dimension | TAG_ENTRY, path, raw_length, stamp, epoch);
        return 0;
    }
    return ask_path(dimension, item, (size_t)length, path, operation, 0);
}

int pe_judge_path(uint8_t dimension, int dirfd, const char *path, bool nofollow, const char *operation)
{
    return judge_path(dimension, dirfd, path, nofollow, operation, NULL);
}

/* Clean, absolute and allowed as it stands: opening it without following links needs no further look. */
static bool known_as_is(uint8_t dimension, const char *path)
{
    size_t length = strnlen(path, PE_PATH);
    if (likely(pe_remembered(dimension | TAG_KNOWN, path, length)))
        return true;
    uint64_t stamp = pe_stamp();
    if (!pe_clean_absolute(path, &length) || !outside_proc(path))
        return false;
    if (strcmp(path, "/opt/pellicle/dotnet/Pellicle.Probe.dll") == 0) /* the host opens its startup hooks; to ask from there would cost more */
        pe_probe_is_in_place();
    enum pe_knowledge known = pe_known(dimension, path, length);
    if (known == PE_KNOWN_LASTING)
        pe_remember(dimension | TAG_KNOWN, path, length, stamp);
    return known != PE_UNKNOWN;
}

static int open_read(int dirfd, const char *path, int flags, mode_t mode, bool plain)
{
    int saved = errno;
    size_t length = 0;
    bool fixed = false;
    long fd = alone() ? open_unlinked(dirfd, path, flags, mode) : -ELOOP;
    if (likely(fd >= 0)) {
        /* The kernel has read the path: it is safe to look at. */
        if (likely(known_as_is(PE_READ, path)))
            return (int)fd;
    } else if (fd == -ELOOP) {
        fd = forward(dirfd, path, flags, mode, plain);
        if (fd < 0) {
            int error = errno;
            note_refused(error, dirfd, path);
            return failed(error == ENOENT || (error == ENAMETOOLONG && pe_is_probe(path)) ? not_found(path) : error);
        }
        errno = saved;
        fixed = pe_fixed_tree(path) && pe_clean_absolute(path, &length);
        if (fixed && pe_remembered(PE_READ | TAG_FIXED, path, length))
            return (int)fd;
    } else if (fd == -ENOENT || (fd == -ENAMETOOLONG && pe_is_probe(path))) {
        return failed(not_found(path));
    } else {
        note_refused((int)-fd, dirfd, path);
        return failed((int)-fd);
    }
    uint64_t stamp = pe_stamp();
    bool lasting = false;
    int denied = judge_open_fd((int)fd, PE_READ, path, fixed ? &lasting : NULL, 0);
    if (denied) {
        SYS1(SYS_close, fd);
        return failed(denied);
    }
    if (lasting)
        pe_remember(PE_READ | TAG_FIXED, path, length, stamp);
    errno = saved;
    return (int)fd;
}

static int open_write(int dirfd, const char *path, int flags, mode_t mode, bool plain)
{
    int saved = errno;
    if (!pe_readable(path))
        return forward(dirfd, path, flags, mode, plain);
    if (pe_is_probe(path))
        return failed(not_found(path));
    if (alone() && known_as_is(PE_WRITE, path)) {
        long fd = open_unlinked(dirfd, path, flags, mode);
        if (fd >= 0)
            return (int)fd;
        if (fd != -ELOOP)
            return failed((int)-fd);
    }
    uint64_t judged;
    int denied = judge_path(PE_WRITE, dirfd, path, (flags & O_NOFOLLOW) || (flags & (O_CREAT | O_EXCL)) == (O_CREAT | O_EXCL), "open", &judged);
    if (denied)
        return failed(denied);
    int fd = forward(dirfd, path, flags, mode, plain);
    if (fd < 0)
        return fd;
    /* A link may have been exchanged since: what counts is what was opened. */
    if ((flags & O_TMPFILE) != O_TMPFILE)
        denied = judge_open_fd(fd, PE_WRITE, path, NULL, judged);
    if (denied) {
        SYS1(SYS_close, fd);
        return failed(denied);
    }
    errno = saved;
    return fd;
}

#define MODULE_LIMIT (16 << 10)

static bool is_ruby(void)
{
    static _Atomic int known; /* 1 it is, 2 not */
    int now = known;
    if (!now)
        known = now = dlsym(RTLD_DEFAULT, "rb_load_protect") ? 1 : 2;
    return now == 1;
}

/* Ruby opens what it loads so (without waiting), and nothing else: a program in a place where the function can put files. 0 or the errno of the denial.
 * Apart: its room is no part of the stack of other opens, which handlers of signals do, too. */
__attribute__((noinline)) static int judge_module(int fd, const char *path)
{
    if (!pe_writable_place(path) || !pe_event_given() || !is_ruby())
        return 0;
    char text[MODULE_LIMIT];
    long length = SYS4(SYS_pread64, fd, text, sizeof text, 0);
    if (length <= 0)
        return 0;
    struct pe_ask ask = {
        .dimension = PE_TAMPER, .flags = PE_PROBE, .deny_errno = EACCES, .item = "source", .item_length = 6, .more = { { .data = text, .length = (size_t)length } }, .more_count = 1,
    };
    return pe_judge(&ask);
}

int pe_openat(int dirfd, const char *path, int flags, mode_t mode, bool plain)
{
    if (!pe_active() || path == NULL)
        return forward(dirfd, path, flags, mode, plain);
    if (flags & O_PATH) { /* gives no access to content; opening it again comes back here */
        int fd = forward(dirfd, path, flags, mode, plain);
        return fd < 0 && errno == ENOENT ? failed(not_found(path)) : fd;
    }
    if (writes(flags))
        return open_write(dirfd, path, flags, mode, plain);
    int fd = open_read(dirfd, path, flags, mode, plain);
    int denied = fd < 0 || !(flags & O_NONBLOCK) ? 0 : judge_module(fd, path);
    if (!denied)
        return fd;
    SYS1(SYS_close, fd);
    return failed(denied);
}

static inline mode_t mode_of(int flags, va_list arguments) { return has_mode(flags) ? va_arg(arguments, mode_t) : 0; }

#define OPEN_AT(name) \
    EXPORT int name(int dirfd, const char *path, int flags, ...) \
    { \
        va_list arguments; \
        va_start(arguments, flags); \
        mode_t mode = mode_of(flags, arguments); \
        va_end(arguments); \
        return pe_openat(dirfd, path, flags, mode, false); \
    }
#define OPEN(name) \
    EXPORT int name(const char *path, int flags, ...) \
    { \
        va_list arguments; \
        va_start(arguments, flags); \
        mode_t mode = mode_of(flags, arguments); \
        va_end(arguments); \
        return pe_openat(AT_FDCWD, path, flags, mode, true); \
    }
OPEN(open)
OPEN(open64)
OPEN(__open)
OPEN(__open64)
OPEN_AT(openat)
OPEN_AT(openat64)
/* Called by programs built with _FORTIFY_SOURCE. */
EXPORT int __open_2(const char *path, int flags) { return pe_openat(AT_FDCWD, path, flags, 0, true); }
EXPORT int __open64_2(const char *path, int flags) { return pe_openat(AT_FDCWD, path, flags, 0, true); }
EXPORT int __openat_2(int dirfd, const char *path, int flags) { return pe_openat(dirfd, path, flags, 0, false); }
EXPORT int __openat64_2(int dirfd, const char *path, int flags) { return pe_openat(dirfd, path, flags, 0, false); }
EXPORT int creat(const char *path, mode_t mode) { return pe_openat(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode, true); }
EXPORT int creat64(const char *path, mode_t mode) { return pe_openat(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode, true); }

/* -1: not a mode fopen accepts */
static int stream_flags(const char *mode)
{
    int flags;
    switch (*mode++) {
    case 'r': flags = O_RDONLY; break;
    case 'w': flags = O_WRONLY | O_CREAT | O_TRUNC; break;
    case 'a': flags = O_WRONLY | O_CREAT | O_APPEND; break;
    default: return -1;
    }
    for (int i = 0; i < 6 && *mode && *mode != ','; i++, mode++) /* glibc looks at seven characters */
        switch (*mode) {
        case '+': flags = (flags & ~O_ACCMODE) | O_RDWR; break;
        case 'x': flags |= O_EXCL; break;
        case 'e': flags |= O_CLOEXEC; break;
        default: break;
        }
    return flags;
}

typedef FILE *open_stream(const char *, const char *);

static FILE *stream(const char *path, const char *mode, open_stream *real)
{
    int flags;
    /* ",ccs=" is understood by fopen only: judged by name there. */
    if (!pe_active() || path == NULL || mode == NULL || (flags = stream_flags(mode)) < 0)
        return real(path, mode);
    if (strstr(mode, ",ccs=") || !alone()) {
        if (!pe_readable(path))
            return real(path, mode);
        if (pe_is_probe(path)) {
            errno = not_found(path);
            return NULL;
        }
        int denied = pe_judge_path(writes(flags) ? PE_WRITE : PE_READ, AT_FDCWD, path, false, writes(flags) ? "open" : NULL);
        if (denied) {
            errno = denied;
            return NULL;
        }
        return real(path, mode);
    }
    int fd = pe_openat(AT_FDCWD, path, flags, 0666, true);
    if (fd < 0)
        return NULL;
    FILE *file = fdopen(fd, mode);
    if (!file)
        SYS1(SYS_close, fd);
    return file;
}

EXPORT FILE *fopen(const char *restrict path, const char *restrict mode) { return stream(path, mode, NEXT(fopen)); }
EXPORT FILE *fopen64(const char *restrict path, const char *restrict mode) { return stream(path, mode, NEXT(fopen64)); }

EXPORT FILE *_IO_fopen(const char *path, const char *mode) { return fopen(path, mode); }

/* An internal of libc that it exports for old programs: opens into a stream that exists. */
extern FILE *_IO_file_fopen(FILE *, const char *, const char *, int);
EXPORT FILE *_IO_file_fopen(FILE *file, const char *path, const char *mode, int is32)
{
    __typeof__(&_IO_file_fopen) next = NEXT(_IO_file_fopen);
    int flags;
    if (pe_active() && path && mode && pe_readable(path) && (flags = stream_flags(mode)) >= 0) {
        int denied = pe_judge_path(writes(flags) ? PE_WRITE : PE_READ, AT_FDCWD, path, false, writes(flags) ? "open" : NULL);
        if (denied || !next) {
            errno = denied ? denied : ENOSYS;
            return NULL;
        }
    }
    return next ? next(file, path, mode, is32) : NULL;
}

/* libc's own service files are read through this; only a look-up by handle can reach it. */
FILE *pe_nss_files_fopen(const char *path) { return fopen(path, "rce"); }

typedef FILE *reopen_stream(const char *, const char *, FILE *);

static FILE *reopen(const char *path, const char *mode, FILE *file, reopen_stream *real)
{
    int flags;
    if (pe_active() && mode && (flags = stream_flags(mode)) >= 0 && (path ? pe_readable(path) : file && fileno(file) >= 0)) {
        uint8_t dimension = writes(flags) ? PE_WRITE : PE_READ;
        /* Without a path libc opens the stream's own file again, maybe for more than before. */
        int denied = path ? pe_judge_path(dimension, AT_FDCWD, path, false, writes(flags) ? "open" : NULL) : pe_judge_open_fd(fileno(file), dimension, "");
        if (denied) {
            fclose(file); /* freopen closes the stream also when it fails */
            errno = denied;
            return NULL;
        }
    }
    return real(path, mode, file);
}

EXPORT FILE *freopen(const char *restrict path, const char *restrict mode, FILE *restrict file) { return reopen(path, mode, file, NEXT(freopen)); }
EXPORT FILE *freopen64(const char *restrict path, const char *restrict mode, FILE *restrict file) { return reopen(path, mode, file, NEXT(freopen64)); }

EXPORT DIR *opendir(const char *path)
{
    if (!pe_active() || path == NULL || !alone())
        return NEXT(opendir)(path);
    if (pe_readable(path) && *path == 0) {
        errno = ENOENT;
        return NULL;
    }
    bool bad = false;
    size_t length = pe_readable(path) && *path == '/' ? pe_text_length(path, PE_PATH, &bad) : 0;
    if (length && pe_remembered_in(PE_READ | TAG_ENTRY, path, length, pe_links()))
        return NEXT(opendir)(path);
    int fd = pe_openat(AT_FDCWD, path, O_RDONLY | O_NONBLOCK | O_DIRECTORY | O_CLOEXEC, 0, true);
    if (fd < 0)
        return NULL;
    if (length && pe_known(PE_READ, path, length) == PE_KNOWN_LASTING)
        pe_judge_path(PE_READ, AT_FDCWD, path, false, NULL); /* remembers it when it leads to itself */
    DIR *directory = fdopendir(fd);
    if (!directory)
        SYS1(SYS_close, fd);
    return directory;
}

static int may_list(int dirfd, const char *path)
{
    if (!pe_active() || path == NULL || !pe_readable(path))
        return 0;
    int saved = errno;
    int denied = pe_judge_path(PE_READ, dirfd, path, false, NULL);
    errno = denied ? denied : saved;
    return denied ? -1 : 0;
}

/* libc opens these folders by itself. What is found below them is named, not read. */
#define SCAN(name, entry) \
    EXPORT int name(const char *restrict path, struct entry ***restrict list, int (*keep)(const struct entry *), int (*compare)(const struct entry **, const struct entry **)) \
    { \
        return may_list(AT_FDCWD, path) ? -1 : NEXT(name)(path, list, keep, compare); \
    }
#define SCAN_AT(name, entry) \
    EXPORT int name(int dirfd, const char *restrict path, struct entry ***restrict list, int (*keep)(const struct entry *), int (*compare)(const struct entry **, const struct entry **)) \
    { \
        return may_list(dirfd, path) ? -1 : NEXT(name)(dirfd, path, list, keep, compare); \
    }
SCAN(scandir, dirent)
SCAN(scandir64, dirent64)
SCAN_AT(scandirat, dirent)
SCAN_AT(scandirat64, dirent64)

EXPORT int ftw(const char *path, __ftw_func_t visit, int limit) { return may_list(AT_FDCWD, path) ? -1 : NEXT(ftw)(path, visit, limit); }
EXPORT int ftw64(const char *path, __ftw64_func_t visit, int limit) { return may_list(AT_FDCWD, path) ? -1 : NEXT(ftw64)(path, visit, limit); }
EXPORT int nftw(const char *path, __nftw_func_t visit, int limit, int flags) { return may_list(AT_FDCWD, path) ? -1 : NEXT(nftw)(path, visit, limit, flags); }
EXPORT int nftw64(const char *path, __nftw64_func_t visit, int limit, int flags) { return may_list(AT_FDCWD, path) ? -1 : NEXT(nftw64)(path, visit, limit, flags); }

static bool may_list_all(char *const *paths)
{
    for (size_t i = 0; pe_active() && pe_readable(paths + i) && paths[i]; i++)
        if (may_list(AT_FDCWD, paths[i]))
            return false;
    return true;
}
extern FTS64 *fts64_open(char *const *, int, int (*)(const FTSENT64 **, const FTSENT64 **));
EXPORT FTS *fts_open(char *const *paths, int options, int (*compare)(const FTSENT **, const FTSENT **))
{
    return may_list_all(paths) ? NEXT(fts_open)(paths, options, compare) : NULL;
}
EXPORT FTS64 *fts64_open(char *const *paths, int options, int (*compare)(const FTSENT64 **, const FTSENT64 **))
{
    return may_list_all(paths) ? NEXT(fts64_open)(paths, options, compare) : NULL;
}

/* The folder before the first sign of a pattern; deeper ones are only named by their parents. */
static bool may_glob(const char *pattern)
{
    char folder[PE_PATH];
    if (!pe_active() || !pattern || !pe_readable(pattern))
        return true;
    size_t length = strcspn(pattern, "*?[{~");
    if (pattern[length] == 0 || pattern[length] == '~' || length >= sizeof folder)
        return true;
    while (length > 0 && pattern[length - 1] != '/')
        length--;
    memcpy(folder, length ? pattern : ".", length ? length : 1);
    folder[length ? length : 1] = 0;
    return may_list(AT_FDCWD, folder) == 0;
}
EXPORT int glob(const char *restrict pattern, int flags, int (*error)(const char *, int), glob_t *restrict found)
{
    return may_glob(pattern) ? NEXT(glob)(pattern, flags, error, found) : GLOB_ABORTED;
}
EXPORT int glob64(const char *restrict pattern, int flags, int (*error)(const char *, int), glob64_t *restrict found)
{
    return may_glob(pattern) ? NEXT(glob64)(pattern, flags, error, found) : GLOB_ABORTED;
}

/* libc chooses the name, so the file is judged when it is there; a refused one is taken away again. */
static int made(int fd, char *template, int suffix)
{
    if (fd < 0 || !pe_active())
        return fd;
    int saved = errno, denied = pe_judge_open_fd(fd, PE_WRITE, template);
    errno = saved;
    if (!denied)
        return fd;
    SYS3(SYS_unlinkat, AT_FDCWD, template, 0);
    SYS1(SYS_close, fd);
    memset(template + strlen(template) - (size_t)suffix - 6, 'X', 6);
    return failed(denied);
}
EXPORT int mkstemp(char *template) { return made(NEXT(mkstemp)(template), template, 0); }
EXPORT int mkstemp64(char *template) { return made(NEXT(mkstemp64)(template), template, 0); }
EXPORT int mkostemp(char *template, int flags) { return made(NEXT(mkostemp)(template, flags), template, 0); }
EXPORT int mkostemp64(char *template, int flags) { return made(NEXT(mkostemp64)(template, flags), template, 0); }
EXPORT int mkstemps(char *template, int suffix) { return made(NEXT(mkstemps)(template, suffix), template, suffix); }
EXPORT int mkstemps64(char *template, int suffix) { return made(NEXT(mkstemps64)(template, suffix), template, suffix); }
EXPORT int mkostemps(char *template, int suffix, int flags) { return made(NEXT(mkostemps)(template, suffix, flags), template, suffix); }
EXPORT int mkostemps64(char *template, int suffix, int flags) { return made(NEXT(mkostemps64)(template, suffix, flags), template, suffix); }

/* /dev/shm, where programs are put that no disk should hold. */
static bool may_share(const char *name, int flags, const char *operation)
{
    char path[300] = "/dev/shm/";
    if (!pe_active() || !name || !pe_readable(name))
        return true;
    size_t length = strnlen(name, 256);
    if (length == 256 || (length && strchr(name + 1, '/')))
        return true; /* libc says EINVAL or ENAMETOOLONG */
    memcpy(path + 9, name + (*name == '/'), length + (*name != '/'));
    int saved = errno;
    int denied = pe_judge_path(writes(flags) ? PE_WRITE : PE_READ, AT_FDCWD, path, true, writes(flags) ? operation : NULL);
    errno = denied ? denied : saved;
    return denied == 0;
}
EXPORT int shm_open(const char *name, int flags, mode_t mode) { return may_share(name, flags, "open") ? NEXT(shm_open)(name, flags, mode) : -1; }
EXPORT int shm_unlink(const char *name) { return may_share(name, O_WRONLY, "unlink") ? NEXT(shm_unlink)(name) : -1; }

/* By a handle instead of a path (needs a capability that functions do not have): judged by what it led to. */
EXPORT int open_by_handle_at(int mount, struct file_handle *handle, int flags)
{
    long fd = SYS3(SYS_open_by_handle_at, mount, handle, flags);
    if (fd < 0)
        return failed((int)-fd);
    int denied = pe_active() && !(flags & O_PATH) ? pe_judge_open_fd((int)fd, writes(flags) ? PE_WRITE : PE_READ, "") : 0;
    if (denied) {
        SYS1(SYS_close, fd);
        return failed(denied);
    }
    return (int)fd;
}

/* Judges a change of a directory entry (the link itself, not what it points to). 0 or -1 with errno set. */
static int may_change(int dirfd, const char *path, bool nofollow, const char *operation)
{
    if (!pe_active() || path == NULL || !pe_readable(path))
        return 0;
    int saved = errno;
    int denied = pe_judge_path(PE_WRITE, dirfd, path, nofollow, operation);
    errno = denied ? denied : saved;
    return denied ? -1 : 0;
}

static int may_read(int dirfd, const char *path)
{
    if (!pe_active() || path == NULL || !pe_readable(path))
        return 0;
    int saved = errno;
    int denied = pe_judge_path(PE_READ, dirfd, path, true, NULL);
    errno = denied ? denied : saved;
    return denied ? -1 : 0;
}

EXPORT int unlink(const char *path) { return may_change(AT_FDCWD, path, true, "unlink") ? -1 : NEXT(unlink)(path); }
EXPORT int unlinkat(int dirfd, const char *path, int flags) { return may_change(dirfd, path, true, "unlink") ? -1 : NEXT(unlinkat)(dirfd, path, flags); }
EXPORT int remove(const char *path) { return may_change(AT_FDCWD, path, true, "unlink") ? -1 : NEXT(remove)(path); }
EXPORT int rmdir(const char *path) { return may_change(AT_FDCWD, path, true, "unlink") ? -1 : NEXT(rmdir)(path); }

/* What may lead paths elsewhere is counted before and after: an answer found meanwhile belongs to neither count. */
static int leading(int result)
{
    if (result == 0 && pe_active())
        pe_links_changed();
    return result;
}

/* A plain file that changes its name leads no path elsewhere. */
static bool is_plain(const char *path)
{
    bool bad = false;
    size_t length = pe_readable(path) ? pe_text_length(path, PE_PATH, &bad) : 0;
    uint64_t epoch = pe_links(), stamp = pe_stamp();
    if (length == 0 || pe_remembered_in(PE_WRITE | TAG_PLAIN, path, length, epoch))
        return length != 0;
    struct stat info;
    if (!pe_remembered_in(PE_WRITE | TAG_ENTRY, path, length, epoch) || SYS4(SYS_newfstatat, AT_FDCWD, path, &info, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(info.st_mode))
        return false;
    pe_remember_in(PE_WRITE | TAG_PLAIN, path, length, stamp, epoch);
    return true;
}

/* 0, 1 for a move that may lead paths elsewhere, or -1 with errno set */
static int may_rename(int from_dir, const char *from, int to_dir, const char *to)
{
    if (may_change(from_dir, from, true, "rename") || may_change(to_dir, to, true, "rename"))
        return -1;
    if (!pe_active() || !from || is_plain(from))
        return 0;
    pe_links_changed();
    return 1;
}

#define RENAME(from_dir, from, to_dir, to, call) \
    int leads_ = may_rename(from_dir, from, to_dir, to); \
    if (leads_ < 0) \
        return -1; \
    int result_ = call; \
    return leads_ ? leading(result_) : result_

EXPORT int rename(const char *from, const char *to) { RENAME(AT_FDCWD, from, AT_FDCWD, to, NEXT(rename)(from, to)); }
EXPORT int renameat(int from_dir, const char *from, int to_dir, const char *to) { RENAME(from_dir, from, to_dir, to, NEXT(renameat)(from_dir, from, to_dir, to)); }

static int raw_rename(int from_dir, const char *from, int to_dir, const char *to, unsigned flags)
{
    long result = SYS5(SYS_renameat2, from_dir, from, to_dir, to, flags); /* glibc has it since 2.28 only */
    return result < 0 ? failed((int)-result) : 0;
}
EXPORT int renameat2(int from_dir, const char *from, int to_dir, const char *to, unsigned flags)
{
    if (flags && pe_active()) /* two entries may change places: what the other one is matters too */
        pe_links_changed();
    RENAME(from_dir, from, to_dir, to, flags ? leading(raw_rename(from_dir, from, to_dir, to, flags)) : raw_rename(from_dir, from, to_dir, to, 0));
}

EXPORT int truncate(const char *path, off_t length) { return may_change(AT_FDCWD, path, false, "open") ? -1 : NEXT(truncate)(path, length); }
EXPORT int truncate64(const char *path, off64_t length) { return may_change(AT_FDCWD, path, false, "open") ? -1 : NEXT(truncate64)(path, length); }
EXPORT int chmod(const char *path, mode_t mode) { return may_change(AT_FDCWD, path, false, "chmod") ? -1 : NEXT(chmod)(path, mode); }
EXPORT int lchmod(const char *path, mode_t mode) { return may_change(AT_FDCWD, path, true, "chmod") ? -1 : NEXT(lchmod)(path, mode); }
EXPORT int fchmod(int fd, mode_t mode)
{
    char item[PE_PATH];
    /* Only to make it a program: modes of files that are being written are nobody's business. */
    if ((mode & 0111) && pe_active()) {
        int saved = errno;
        long length = pe_fd_path(fd, item);
        int denied = length > 0 && item[0] == '/' ? ask_path(PE_WRITE, item, (size_t)length, item, "chmod", 0) : 0;
        if (denied)
            return failed(denied);
        errno = saved;
    }
    return NEXT(fchmod)(fd, mode);
}
/* What is there already is not made: the call will say so. */
static int may_make(int dirfd, const char *path)
{
    return pe_active() && SYS4(SYS_faccessat, dirfd, path, F_OK, 0) == 0 ? 0 : may_change(dirfd, path, true, "open");
}
EXPORT int mkfifo(const char *path, mode_t mode) { return may_make(AT_FDCWD, path) ? -1 : NEXT(mkfifo)(path, mode); }
EXPORT int mkfifoat(int dirfd, const char *path, mode_t mode) { return may_make(dirfd, path) ? -1 : NEXT(mkfifoat)(dirfd, path, mode); }
/* glibc before 2.33 exports __xmknod and friends, later ones mknod. */
EXPORT int mknod(const char *path, mode_t mode, dev_t device) { return mknodat(AT_FDCWD, path, mode, device); }
EXPORT int mknodat(int dirfd, const char *path, mode_t mode, dev_t device)
{
    if (may_make(dirfd, path))
        return -1;
    long result = SYS4(SYS_mknodat, dirfd, path, mode, device);
    return result < 0 ? failed((int)-result) : 0;
}
extern int __xmknod(int, const char *, mode_t, dev_t *);
extern int __xmknodat(int, int, const char *, mode_t, dev_t *);
EXPORT int __xmknod(int version, const char *path, mode_t mode, dev_t *device)
{
    return may_make(AT_FDCWD, path) ? -1 : NEXT(__xmknod)(version, path, mode, device);
}
EXPORT int __xmknodat(int version, int dirfd, const char *path, mode_t mode, dev_t *device)
{
    return may_make(dirfd, path) ? -1 : NEXT(__xmknodat)(version, dirfd, path, mode, device);
}
EXPORT int fchmodat(int dirfd, const char *path, mode_t mode, int flags)
{
    return may_change(dirfd, path, flags & AT_SYMLINK_NOFOLLOW, "chmod") ? -1 : NEXT(fchmodat)(dirfd, path, mode, flags);
}

#define LEADS(refused, call) \
    if (refused) \
        return -1; \
    if (pe_active()) \
        pe_links_changed(); \
    return leading(call)

/* A second name for a file would let it be read under that name. */
EXPORT int link(const char *from, const char *to)
{
    LEADS(may_read(AT_FDCWD, from) || may_change(AT_FDCWD, to, true, "open"), NEXT(link)(from, to));
}
EXPORT int linkat(int from_dir, const char *from, int to_dir, const char *to, int flags)
{
    LEADS((!(flags & AT_EMPTY_PATH) && may_read(from_dir, from)) || may_change(to_dir, to, true, "open"), NEXT(linkat)(from_dir, from, to_dir, to, flags));
}
EXPORT int symlink(const char *target, const char *path) { LEADS(may_change(AT_FDCWD, path, true, "open"), NEXT(symlink)(target, path)); }
EXPORT int symlinkat(const char *target, int dirfd, const char *path) { LEADS(may_change(dirfd, path, true, "open"), NEXT(symlinkat)(target, dirfd, path)); }
/* Not judged: an empty folder holds nothing, and is made in an environment's first invocation only. It may take links with it when it is moved
   to a name that was a file's. */
EXPORT int mkdir(const char *path, mode_t mode) { LEADS(false, NEXT(mkdir)(path, mode)); }
EXPORT int mkdirat(int dirfd, const char *path, mode_t mode) { LEADS(false, NEXT(mkdirat)(dirfd, path, mode)); }

/* Looking is not judged; these serve the probes' questions only. Called first, so a bad pointer is libc's matter. */
#define LOOK(call, path) \
    int result_ = (call); \
    if (unlikely(result_ != 0) && (errno == ENOENT || errno == ENAMETOOLONG) && (path) != NULL && pe_is_probe(path) && (pe_active() || strcmp(path, PE_TELLS) == 0)) \
        errno = pe_probe(path); \
    return result_

EXPORT int access(const char *path, int mode) { LOOK(NEXT(access)(path, mode), path); }
EXPORT int faccessat(int dirfd, const char *path, int mode, int flags) { LOOK(NEXT(faccessat)(dirfd, path, mode, flags), path); }

/* glibc before 2.33 exports __xstat and friends, later ones stat: each may be absent, never both. */
static int raw_stat(int dirfd, const char *path, struct stat *info, int flags)
{
    long result = SYS4(SYS_newfstatat, dirfd, path, info, flags);
    return result < 0 ? failed((int)-result) : 0;
}
EXPORT int stat(const char *restrict path, struct stat *restrict info) { LOOK(raw_stat(AT_FDCWD, path, info, 0), path); }
EXPORT int lstat(const char *restrict path, struct stat *restrict info) { LOOK(raw_stat(AT_FDCWD, path, info, AT_SYMLINK_NOFOLLOW), path); }
EXPORT int fstatat(int dirfd, const char *restrict path, struct stat *restrict info, int flags) { LOOK(raw_stat(dirfd, path, info, flags), path); }
EXPORT int stat64(const char *restrict path, struct stat64 *restrict info) { LOOK(raw_stat(AT_FDCWD, path, (struct stat *)info, 0), path); }
EXPORT int lstat64(const char *restrict path, struct stat64 *restrict info)
{
    LOOK(raw_stat(AT_FDCWD, path, (struct stat *)info, AT_SYMLINK_NOFOLLOW), path);
}
EXPORT int fstatat64(int dirfd, const char *restrict path, struct stat64 *restrict info, int flags)
{
    LOOK(raw_stat(dirfd, path, (struct stat *)info, flags), path);
}

extern int __xstat(int, const char *, struct stat *);
extern int __lxstat(int, const char *, struct stat *);
extern int __xstat64(int, const char *, struct stat64 *);
extern int __lxstat64(int, const char *, struct stat64 *);
EXPORT int __xstat(int version, const char *path, struct stat *info) { LOOK(NEXT(__xstat)(version, path, info), path); }
EXPORT int __lxstat(int version, const char *path, struct stat *info) { LOOK(NEXT(__lxstat)(version, path, info), path); }
EXPORT int __xstat64(int version, const char *path, struct stat64 *info) { LOOK(NEXT(__xstat64)(version, path, info), path); }
EXPORT int __lxstat64(int version, const char *path, struct stat64 *info) { LOOK(NEXT(__lxstat64)(version, path, info), path); }

EXPORT int statx(int dirfd, const char *restrict path, int flags, unsigned mask, struct statx *restrict info)
{
    long result = SYS5(SYS_statx, dirfd, path, flags, mask, info);
    LOOK(result < 0 ? failed((int)-result) : 0, path);
}
