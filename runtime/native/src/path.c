/* What a path really names. */
#include "pellicle.h"
#include "sys.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

/* Pages found readable before: asking again would cost more than the rest of a hook. */
static _Atomic uintptr_t readable_pages[64];

/* Asks the kernel to read the 8 aligned bytes around the address (same page): EFAULT instead of a crash.
   The impossible `how` makes sure that no mask is changed. */
bool pe_readable(const void *address)
{
    uintptr_t page = (uintptr_t)address >> 12, word = (uintptr_t)address & ~(uintptr_t)7;
    _Atomic uintptr_t *known = &readable_pages[page & 63];
    if (likely(page != 0 && atomic_load_explicit(known, memory_order_relaxed) == page))
        return true;
    if (page == 0 || SYS4(SYS_rt_sigprocmask, -1, word, 0, 8) == -EFAULT)
        return false;
    atomic_store_explicit(known, page, memory_order_relaxed);
    return true;
}

size_t pe_text_length(const char *text, size_t limit, bool *bad)
{
    size_t length = 0;
    while (length < limit) {
        if (!pe_readable(text + length)) {
            *bad = true;
            return 0;
        }
        size_t page = 4096 - ((uintptr_t)(text + length) & 4095);
        const char *end = memchr(text + length, 0, page);
        if (end)
            return (size_t)(end - text) < limit ? (size_t)(end - text) : limit;
        length += page;
    }
    return limit;
}

size_t pe_number(char *to, uint64_t value)
{
    char digits[20];
    size_t count = 0;
    do
        digits[count++] = (char)('0' + value % 10);
    while (value /= 10);
    for (size_t i = 0; i < count; i++)
        to[i] = digits[count - 1 - i];
    to[count] = 0;
    return count;
}

/* Absolute, without empty, "." or ".." parts, and no trailing slash. */
bool pe_clean_absolute(const char *path, size_t *length)
{
    if (path[0] != '/')
        return false;
    size_t i = 1;
    for (; path[i]; i++) {
        if (path[i - 1] != '/')
            continue;
        if (path[i] == '/')
            return false;
        if (path[i] == '.' && (path[i + 1] == 0 || path[i + 1] == '/' || (path[i + 1] == '.' && (path[i + 2] == 0 || path[i + 2] == '/'))))
            return false;
    }
    *length = i;
    return i == 1 || path[i - 1] != '/';
}

/* Trees that the platform mounts read-only: a link in them was put there by whoever deployed the function. */
bool pe_fixed_tree(const char *path)
{
    static const char *const trees[] = { "/var/task/", "/var/lang/", "/var/runtime/", "/opt/", "/usr/", "/lib/", "/lib64/", "/bin/", "/sbin/", "/etc/" };
    for (size_t i = 0; i < sizeof trees / sizeof *trees; i++)
        if (strncmp(path, trees[i], strlen(trees[i])) == 0)
            return true;
    return false;
}

/* Own numbers become `self`: an item with a process id in it would never be seen twice. */
static long own_process(char *path, long length)
{
    if (strncmp(path, "/proc/", 6) != 0)
        return length;
    char own[24];
    size_t digits = pe_number(own, (uint64_t)SYS0(SYS_getpid));
    char *rest = path + 6;
    if (strncmp(rest, own, digits) == 0 && (rest[digits] == '/' || rest[digits] == 0)) {
        if (digits < 4 && length + 4 - (long)digits >= PE_PATH)
            return length;
        memmove(rest + 4, rest + digits, (size_t)length - 6 - digits + 1);
        memcpy(rest, "self", 4);
        length += 4 - (long)digits;
    }
    /* /proc/self/task/<any thread of this process>/x is /proc/self/x */
    if (strncmp(path, "/proc/self/task/", 16) == 0) {
        char *end = path + 16;
        while (*end >= '0' && *end <= '9')
            end++;
        if (end > path + 16 && *end == '/') {
            memmove(path + 10, end, strlen(end) + 1);
            length = (long)strlen(path);
        }
    }
    return length;
}

long pe_fd_path(int fd, char *buffer)
{
    char name[40] = "/proc/self/fd/";
    pe_number(name + 14, (unsigned)fd);
    long length = SYS4(SYS_readlinkat, AT_FDCWD, name, buffer, PE_PATH - 1);
    if (length < 0)
        return length;
    buffer[length] = 0;
    static const char deleted[] = " (deleted)";
    if (length > (long)sizeof deleted && strcmp(buffer + length - (sizeof deleted - 1), deleted) == 0) {
        struct stat info;
        if (SYS2(SYS_fstat, fd, &info) == 0 && info.st_nlink == 0)
            buffer[length -= (long)sizeof deleted - 1] = 0;
    }
    return own_process(buffer, length);
}

/* Resolves links and dots. The last part need not exist. Returns the length or a negative errno. */
long pe_resolve(int dirfd, const char *path, bool nofollow, char *buffer)
{
    char target[PE_PATH];
    int base = dirfd, opened = -1;
    long result = -ELOOP;
    for (int links = 0; links < 40; links++) {
        int fd = (int)SYS4(SYS_openat, base, path, O_PATH | O_CLOEXEC | (nofollow ? O_NOFOLLOW : 0), 0);
        if (fd >= 0) {
            result = pe_fd_path(fd, buffer);
            SYS1(SYS_close, fd);
            break;
        }
        result = fd;
        if (fd != -ENOENT)
            break;
        /* Missing, or a link to something missing: resolve the parent, then look at the last part. */
        size_t length = strnlen(path, PE_PATH);
        if (length == 0 || length >= PE_PATH)
            break;
        while (length > 1 && path[length - 1] == '/')
            length--;
        size_t cut = length;
        while (cut > 0 && path[cut - 1] != '/')
            cut--;
        char last[256], *parent = buffer; /* free until the answer is written: stacks of handlers are small */
        if (length - cut >= sizeof last)
            break;
        memcpy(last, path + cut, length - cut);
        last[length - cut] = 0;
        memcpy(parent, path, cut);
        parent[cut] = 0;
        fd = (int)SYS4(SYS_openat, base, cut ? parent : ".", O_PATH | O_CLOEXEC | O_DIRECTORY, 0);
        if (fd < 0)
            break; /* the program's own call will fail the same way */
        long got = nofollow ? -EINVAL : SYS4(SYS_readlinkat, fd, last, target, sizeof target - 1);
        if (got < 0) {
            result = pe_fd_path(fd, buffer);
            SYS1(SYS_close, fd);
            if (result < 0)
                break;
            if (result + 1 + (long)strlen(last) >= PE_PATH) {
                result = -ENAMETOOLONG;
                break;
            }
            if (result > 1)
                buffer[result++] = '/';
            strcpy(buffer + result, last);
            result += (long)strlen(last);
            break;
        }
        target[got] = 0;
        if (opened >= 0)
            SYS1(SYS_close, opened);
        base = opened = fd;
        path = target;
        result = -ELOOP;
    }
    if (opened >= 0)
        SYS1(SYS_close, opened);
    return result;
}
