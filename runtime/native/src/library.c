/* Loading libraries, and looking our names up by handle (ctypes, DllImport, dlsym): they get our functions. */
#include "pellicle.h"
#include "sys.h"
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

/* Declared as objects of unknown type: only the addresses are wanted. */
#define OURS(X) \
    X(execve) X(execv) X(execvp) X(execvpe) X(execl) X(execle) X(execlp) X(execveat) X(fexecve) X(posix_spawn) X(posix_spawnp) \
    X(system) X(popen) X(wordexp) X(connect) X(__connect) X(sendto) X(sendmsg) X(sendmmsg) X(getaddrinfo) X(gethostbyname) \
    X(gethostbyname2) X(gethostbyname_r) X(gethostbyname2_r) X(res_query) X(res_search) X(res_nquery) X(res_nsearch) \
    X(__res_query) X(__res_search) X(__res_nquery) X(__res_nsearch) X(open) X(open64) X(__open) X(__open64) X(openat) \
    X(openat64) X(__open_2) X(__open64_2) X(__openat_2) X(__openat64_2) X(creat) X(creat64) X(fopen) X(fopen64) X(freopen) \
    X(freopen64) X(opendir) X(unlink) X(unlinkat) X(remove) X(rmdir) X(rename) X(renameat) X(renameat2) X(truncate) \
    X(truncate64) X(chmod) X(fchmodat) X(link) X(linkat) X(symlink) X(symlinkat) X(access) X(faccessat) X(stat) X(lstat) \
    X(fstatat) X(stat64) X(lstat64) X(fstatat64) X(__xstat) X(__lxstat) X(__xstat64) X(__lxstat64) X(statx) \
    X(memfd_create) X(ptrace) X(process_vm_readv) X(process_vm_writev) X(kill) X(killpg) X(tgkill) X(sigqueue) X(syscall) \
    X(dlsym) X(dlvsym) X(dlopen) X(dlmopen) \
    X(_IO_fopen) X(_IO_popen) X(__sendmmsg) X(posix_spawn_file_actions_addopen) X(pidfd_send_signal) X(pidfd_getfd) \
    X(pidfd_spawn) X(pidfd_spawnp) X(posix_spawn_file_actions_addchdir) X(posix_spawn_file_actions_addfchdir) X(posix_spawn_file_actions_addchdir_np) \
    X(posix_spawn_file_actions_addfchdir_np) X(posix_spawn_file_actions_init) X(posix_spawn_file_actions_destroy) X(send) X(__send) X(getaddrinfo_a) \
    X(res_querydomain) X(__res_querydomain) X(res_nquerydomain) X(__res_nquerydomain) X(res_send) X(__res_send) X(res_nsend) X(__res_nsend) \
    X(_IO_file_fopen) X(scandir) X(scandir64) X(scandirat) X(scandirat64) X(ftw) X(ftw64) X(nftw) X(nftw64) X(fts_open) X(fts64_open) X(glob) X(glob64) \
    X(mkstemp) X(mkstemp64) X(mkostemp) X(mkostemp64) X(mkstemps) X(mkstemps64) X(mkostemps) X(mkostemps64) X(shm_open) X(shm_unlink) \
    X(open_by_handle_at) X(lchmod) X(fchmod) X(mkdir) X(mkdirat) X(mkfifo) X(mkfifoat) X(mknod) X(mknodat) X(__xmknod) X(__xmknodat) \
    X(write) X(__write) X(writev) \
    X(process_madvise) X(process_mrelease) X(prlimit) X(prlimit64)

#define DECLARE(name) extern const char our_##name[] __asm__(#name);
OURS(DECLARE)

static const struct entry { const char *name; const void *address; } ours[] = {
#define ENTRY(name) { #name, our_##name },
    OURS(ENTRY)
};
#define COUNT (sizeof ours / sizeof *ours)

/* Names that libc keeps for itself but hands out by handle: ours does the same. Not exported: other parts of libc link to them. */
extern const char our_nss_files_fopen[] __asm__("pe_nss_files_fopen");
static const struct entry private[] = {
    { "__open_nocancel", our_open }, { "__open64_nocancel", our_open64 }, { "__openat_nocancel", our_openat }, { "__openat64_nocancel", our_openat64 },
    { "__libc_open", our_open }, { "__libc_open64", our_open64 }, { "__libc_system", our_system }, { "__libc_dlopen_mode", our_dlopen }, { "__libc_dlsym", our_dlsym },
    { "__nss_files_fopen", our_nss_files_fopen },
};

/* libc's functions behind ours, by address: some have further names (system is also __libc_system). */
static const void *behind[COUNT];

static uint8_t places[512]; /* index + 1 into ours */
_Static_assert(COUNT < 255 && COUNT * 2 < sizeof places, "places holds bytes, and half of it stays empty");

static uint32_t place_of(const char *name)
{
    uint32_t hash = 2166136261u;
    while (*name)
        hash = (hash ^ (uint8_t)*name++) * 16777619u;
    return (hash ^ hash >> 15) % sizeof places;
}

static char search_path[PE_PATH]; /* LD_LIBRARY_PATH as the loader saw it at start */

void pe_library_start(void)
{
    for (size_t i = 0; i < COUNT; i++) {
        uint32_t at = place_of(ours[i].name);
        while (places[at])
            at = (at + 1) % sizeof places;
        places[at] = (uint8_t)(i + 1);
    }
    for (size_t i = 0; i < COUNT; i++)
        behind[i] = pe_symbol_of_libc(ours[i].name);
    const char *path = getenv("LD_LIBRARY_PATH");
    if (path && strlen(path) < sizeof search_path)
        strcpy(search_path, path);
}

void *pe_ours(const char *name)
{
    for (uint32_t at = place_of(name); places[at]; at = (at + 1) % sizeof places)
        if (strcmp(ours[places[at] - 1].name, name) == 0)
            return (void *)ours[places[at] - 1].address;
    return NULL;
}

#define FOR_STUBS __attribute__((used, visibility("hidden")))

/* A symbol of another library with one of our names (many have a `connect`) stays that library's. */
static void *replace(const char *name, void *found)
{
    return found && pe_in_libc(found) ? pe_ours(name) : NULL;
}

/* By name, or by the address behind one of our names. */
static void *ours_behind(const char *name, const void *found)
{
    if (!found || !pe_in_libc(found))
        return NULL;
    for (size_t i = 0; i < sizeof private / sizeof *private; i++)
        if (strcmp(private[i].name, name) == 0)
            return (void *)private[i].address;
    for (size_t i = 0; found && i < COUNT; i++)
        if (behind[i] == found)
            return (void *)ours[i].address;
    return NULL;
}

FOR_STUBS void *pe_dlsym_ours(void *handle, const char *name)
{
    if (!pe.enabled || !name)
        return NULL;
    void *carrier = handle == RTLD_NEXT ? NULL : pe_carrier(name, handle);
    if (carrier)
        return carrier;
    if (!pe_ours(name))
        /* Second names begin with an underscore; RTLD_NEXT is answered from the caller's place, so it stays out. */
        return name[0] == '_' && handle != RTLD_NEXT ? ours_behind(name, pe_real_dlsym(handle, name)) : NULL;
    /* For RTLD_NEXT the answer depends on the caller; ours is right when nobody stands between us and libc. */
    return replace(name, handle == RTLD_NEXT ? pe_next_symbol(name) : pe_real_dlsym(handle, name));
}

FOR_STUBS void *pe_dlvsym_ours(void *handle, const char *name, const char *version)
{
    (void)version;
    return pe_dlsym_ours(handle, name);
}

static void *_Atomic real_dlvsym, *_Atomic real_dlopen, *_Atomic real_dlmopen;

static void *once(void *_Atomic *slot, const char *name)
{
    void *found = atomic_load(slot);
    if (!found) {
        found = pe_next_symbol(name);
        atomic_store(slot, found);
    }
    return found;
}

FOR_STUBS void *pe_address_of_dlsym(void) { return pe_dlsym_of_libc(); }
FOR_STUBS void *pe_address_of_dlvsym(void) { return once(&real_dlvsym, "dlvsym"); }
FOR_STUBS void *pe_address_of_dlopen(void) { return once(&real_dlopen, "dlopen"); }
FOR_STUBS void *pe_address_of_dlmopen(void) { return once(&real_dlmopen, "dlmopen"); }

static bool find_in(const char *directories, const char *file, char *found)
{
    size_t file_length = strlen(file);
    while (*directories) {
        size_t length = strcspn(directories, ":;");
        if (length && length + 1 + file_length < PE_PATH) {
            memcpy(found, directories, length);
            found[length] = '/';
            memcpy(found + length + 1, file, file_length + 1);
            if (SYS3(SYS_faccessat, AT_FDCWD, found, 4 /* R_OK */) == 0)
                return true;
        }
        directories += length;
        if (*directories)
            directories++;
    }
    return false;
}

#if defined(__x86_64__)
#define MULTIARCH "x86_64-linux-gnu"
#else
#define MULTIARCH "aarch64-linux-gnu"
#endif

int pe_judge_library(const char *path, bool must_exist)
{
    char found[PE_PATH];
    int saved = errno, denied = 0;
    if (strchr(path, '/')) {
        if (!must_exist || SYS3(SYS_faccessat, AT_FDCWD, path, 0 /* F_OK */) == 0)
            denied = pe_judge_path(PE_LIBRARY, AT_FDCWD, path, false, NULL);
    } else if (find_in(search_path, path, found)
               || find_in("/lib64:/usr/lib64:/lib/" MULTIARCH ":/usr/lib/" MULTIARCH ":/usr/local/lib:/lib:/usr/lib", path, found)) {
        denied = pe_judge_path(PE_LIBRARY, AT_FDCWD, found, false, NULL);
    } else if (!must_exist) {
        /* Found, if at all, through the caller's own search path. */
        struct pe_ask ask = {
            .dimension = PE_LIBRARY, .flags = PE_UNRESOLVED, .deny_errno = EACCES, .item = path, .item_length = strnlen(path, PE_PATH),
            .more = { { .data = path, .length = strnlen(path, PE_PATH) } }, .more_count = 1,
        };
        denied = pe_judge(&ask);
    }
    errno = saved;
    return denied;
}

/* The loader's own error text is the only way to make dlerror() speak. */
static const char refused[] = "/.pellicle/denied";

FOR_STUBS const char *pe_dlopen_path(const char *path, int flags)
{
    if (!pe_active() || !path || !pe_readable(path) || *path == 0 || (flags & RTLD_NOLOAD))
        return path;
    return pe_judge_library(path, false) ? refused : path;
}

FOR_STUBS const char *pe_dlmopen_path(Lmid_t space, const char *path, int flags)
{
    if (!pe_active() || !path || !pe_readable(path) || *path == 0)
        return path;
    /* A new namespace has a libc of its own, without us. */
    if (space != LM_ID_BASE && pe_tamper("unhook", path, EPERM))
        return refused;
    return pe_dlopen_path(path, flags);
}
