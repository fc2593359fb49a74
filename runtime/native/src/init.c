/* Start-up: what this process is, where libc's own functions are, the first conversation with the guard. */
#include "pellicle.h"
#include "sys.h"
#include <elf.h>
#include <errno.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct pe_globals pe;

struct library { uintptr_t base, start, end; const ElfW(Dyn) *dynamic; };
enum { LIBC, LIBDL, LIBPTHREAD, LIBRESOLV, LIBRARIES };
static struct library libraries[LIBRARIES];
static struct pe_text texts[PE_TEXTS];
static unsigned text_count;
static void *(*real_dlsym)(void *, const char *);

static int note_library(struct dl_phdr_info *info, size_t size, void *unused)
{
    (void)size;
    (void)unused;
    static const char *const names[LIBRARIES] = { "libc.so.6", "libdl.so.2", "libpthread.so.0", "libresolv.so.2" };
    const char *name = info->dlpi_name ? info->dlpi_name : "";
    const char *slash = strrchr(name, '/');
    const char *base = slash ? slash + 1 : name;
    struct library found = { .base = info->dlpi_addr, .start = UINTPTR_MAX };
    unsigned texts_before = text_count;
    bool ours = false, libc = strncmp(base, "ld-", 3) == 0;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *header = &info->dlpi_phdr[i];
        uintptr_t from = info->dlpi_addr + header->p_vaddr, to = from + header->p_memsz;
        if (header->p_type == PT_DYNAMIC)
            found.dynamic = (const void *)from;
        if (header->p_type != PT_LOAD)
            continue;
        if (from < found.start)
            found.start = from;
        if (to > found.end)
            found.end = to;
        if ((header->p_flags & PF_X) && text_count < PE_TEXTS)
            texts[text_count++] = (struct pe_text){ from, to };
    }
    ours = (uintptr_t)&note_library >= found.start && (uintptr_t)&note_library < found.end;
    if (ours && strlen(name) < sizeof pe.own_path)
        strcpy(pe.own_path, name);
    for (int i = 0; i < LIBRARIES; i++) {
        bool same = strcmp(base, names[i]) == 0;
        libc |= same;
        if (same && !libraries[i].dynamic)
            libraries[i] = found;
    }
    /* musl is one file: loader and library. */
    if ((strncmp(base, "ld-musl-", 8) == 0 || strncmp(base, "libc.musl-", 10) == 0 || strcmp(base, "libc.so") == 0) && !libraries[LIBC].dynamic)
        libraries[LIBC] = found;
    if (!ours && !libc && found.dynamic != libraries[LIBC].dynamic)
        text_count = texts_before; /* other code makes its calls through these */
    return 0;
}

unsigned pe_texts(const struct pe_text **found)
{
    *found = texts;
    return text_count;
}

bool pe_in_libc(const void *address)
{
    for (int i = 0; i < LIBRARIES; i++)
        if ((uintptr_t)address >= libraries[i].start && (uintptr_t)address < libraries[i].end && libraries[i].dynamic)
            return true;
    return false;
}

/* Reads the library's own symbol table: the loader would hand out our dlsym for "dlsym". */
static void *symbol_of(const struct library *library, const char *name)
{
    const ElfW(Sym) *symbols = NULL;
    const char *strings = NULL;
    const uint32_t *hashes = NULL, *old_hashes = NULL;
    const ElfW(Versym) *versions = NULL;
    if (!library->dynamic)
        return NULL;
    for (const ElfW(Dyn) *d = library->dynamic; d->d_tag != DT_NULL; d++) {
        /* glibc relocates these in place; others do not. */
        uintptr_t at = d->d_un.d_ptr >= library->base ? d->d_un.d_ptr : d->d_un.d_ptr + library->base;
        if (d->d_tag == DT_SYMTAB)
            symbols = (const void *)at;
        else if (d->d_tag == DT_STRTAB)
            strings = (const void *)at;
        else if (d->d_tag == DT_GNU_HASH)
            hashes = (const void *)at;
        else if (d->d_tag == DT_HASH)
            old_hashes = (const void *)at;
        else if (d->d_tag == DT_VERSYM)
            versions = (const void *)at;
    }
    if (symbols && strings && !hashes && old_hashes) {
        for (uint32_t i = 1; i < old_hashes[1]; i++) /* the second word counts the symbols */
            if (symbols[i].st_shndx != SHN_UNDEF && ELF64_ST_TYPE(symbols[i].st_info) == STT_FUNC && strcmp(strings + symbols[i].st_name, name) == 0)
                return (void *)(library->base + symbols[i].st_value);
        return NULL;
    }
    if (!symbols || !strings || !hashes)
        return NULL;
    uint32_t buckets = hashes[0], first = hashes[1], bloom = hashes[2], wanted = 5381;
    const uint32_t *bucket = (const void *)((const char *)(hashes + 4) + bloom * sizeof(ElfW(Addr)));
    const uint32_t *chain = bucket + buckets;
    for (const char *c = name; *c; c++)
        wanted = wanted * 33 + (uint8_t)*c;
    uint32_t index = buckets ? bucket[wanted % buckets] : 0;
    void *hidden = NULL;
    if (index < first || index == 0)
        return NULL;
    for (;; index++) {
        uint32_t hash = chain[index - first];
        const ElfW(Sym) *symbol = &symbols[index];
        if ((hash | 1) == (wanted | 1) && symbol->st_shndx != SHN_UNDEF && strcmp(strings + symbol->st_name, name) == 0
            && ELF64_ST_TYPE(symbol->st_info) == STT_FUNC) {
            void *found = (void *)(library->base + symbol->st_value);
            if (!versions || !(versions[index] & 0x8000))
                return found;
            hidden = found;
        }
        if (hash & 1)
            return hidden;
    }
}

void *pe_symbol_of_libc(const char *name)
{
    for (int i = 0; i < LIBRARIES; i++) {
        void *found = symbol_of(&libraries[i], name);
        if (found)
            return found;
    }
    return NULL;
}

struct wanted { const char *file, *name; void *found; };

static int find_symbol(struct dl_phdr_info *info, size_t size, void *wanted)
{
    (void)size;
    struct wanted *w = wanted;
    struct library library = { .base = info->dlpi_addr };
    const char *name = info->dlpi_name ? info->dlpi_name : "", *slash = strrchr(name, '/');
    if (w->file && strcmp(slash ? slash + 1 : name, w->file) != 0)
        return 0;
    for (int i = 0; i < info->dlpi_phnum; i++)
        if (info->dlpi_phdr[i].p_type == PT_DYNAMIC)
            library.dynamic = (const void *)(info->dlpi_addr + info->dlpi_phdr[i].p_vaddr);
    w->found = symbol_of(&library, w->name);
    return w->file || w->found;
}

void *pe_symbol_in(const char *file, const char *name)
{
    struct wanted w = { .file = file, .name = name };
    dl_iterate_phdr(find_symbol, &w);
    return w.found;
}

void *pe_next_symbol(const char *name)
{
    pe_start();
    /* The next in search order, so that another preloaded library keeps its turn. */
    void *found = real_dlsym ? real_dlsym(RTLD_NEXT, name) : NULL;
    return found ? found : pe_symbol_of_libc(name);
}

void *pe_real_dlsym(void *handle, const char *name) { return real_dlsym ? real_dlsym(handle, name) : NULL; }

void *pe_dlsym_of_libc(void)
{
    pe_start();
    return (void *)real_dlsym;
}

static _Atomic int64_t attach_again_at;
static _Atomic int32_t attach_delay = 250;

/* The guard was not there when this process started. Tries again, ever more rarely; until then everything passes. */
bool pe_attach_later(void)
{
    struct timespec t;
    SYS2(SYS_clock_gettime, CLOCK_MONOTONIC_COARSE, &t);
    int64_t now = (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
    int64_t due = atomic_load(&attach_again_at);
    int32_t delay = atomic_load(&attach_delay);
    if (now < due || !atomic_compare_exchange_strong(&attach_again_at, &due, now + delay))
        return false;
    if (delay < 60000)
        atomic_store(&attach_delay, delay * 2);
    return pe_channel_attach() && atomic_load(&atomic_load(&pe.state)->mode) != 0;
}

extern char **environ;

static bool by_address; /* nobody told us the guard's name: it follows from the platform's address */
static char redirected[48] = "AWS_LAMBDA_RUNTIME_API=127.0.0.1:";
static char named[160] = "PELLICLE_CHANNEL=";

/* OS-only runtimes have no wrapper: the function's own LD_PRELOAD alone brought us. Extensions have no _HANDLER; they are not ours to watch. */
static size_t channel_by_address(void)
{
    static const char prefix[] = "pellicle/";
    const char *api = getenv("AWS_LAMBDA_RUNTIME_API"), *mode = getenv("PELLICLE_MODE");
    size_t length = api && getenv("_HANDLER") && !(mode && strcmp(mode, "off") == 0) ? strlen(api) : 0;
    if (length == 0 || length + sizeof prefix >= sizeof pe.channel - 1)
        return 0;
    memcpy(pe.channel, prefix, sizeof prefix - 1);
    memcpy(pe.channel + sizeof prefix - 1, api, length + 1);
    by_address = true;
    return length + sizeof prefix - 1;
}

static void read_environment(void)
{
    const char *channel = getenv("PELLICLE_CHANNEL");
    size_t length = channel ? strlen(channel) : 0;
    if (length >= sizeof pe.channel - 1)
        return;
    if (length == 0)
        length = channel_by_address();
    else
        memcpy(pe.channel, channel, length + 1);
    if (length == 0)
        return;
    pe.channel_length = length;
    pe.root_pid = (uint32_t)SYS0(SYS_getpid);
    const char *root = getenv("PELLICLE_ROOT");
    if (root && *root)
        pe.root_pid = (uint32_t)strtoul(root, NULL, 10);
    pe_worker_start(root);
    pe.enabled = true;
}

static void replace(const char *name, char *entry)
{
    size_t size = strlen(name);
    for (char **at = environ; at && *at; at++)
        if (strncmp(*at, name, size) == 0 && (*at)[size] == '=')
            *at = entry;
}

/* Another vendor's wrapper, called after ours, pointed the runtime at a proxy of its own. The guard takes that proxy for its upstream: both see everything. */
static bool chained(const char *proxy)
{
    struct pe_ask ask = {
        .dimension = PE_TAMPER, .deny_errno = EPERM, .item = "chain", .item_length = 5, .more = { { .data = proxy, .length = strlen(proxy) } }, .more_count = 1,
    };
    struct pe_verdict verdict;
    return pe_query(&ask, &verdict) && verdict.decision == 0;
}

/* Points the process at the guard's proxy, where the wrapper could not, or where another one came after it. The entries are exchanged where they stand: Go
   reads its variables from the kernel's list and sees nothing that setenv would add. The channel's name takes the place of a variable that only the guard
   needs, for children. */
static void redirect(void)
{
    const struct pe_state *state = atomic_load(&pe.state);
    uint32_t port = state ? atomic_load(&state->proxy_port) : 0;
    const char *api = getenv("AWS_LAMBDA_RUNTIME_API"), *platform = strchr(pe.channel, '/');
    if (port == 0 || !api || !platform || pe.root_pid != (uint32_t)SYS0(SYS_getpid) || !getenv("_HANDLER"))
        return;
    pe_number(redirected + strlen(redirected), port);
    if (strcmp(api, strchr(redirected, '=') + 1) == 0 || (strcmp(api, platform + 1) != 0 && !chained(api)))
        return;
    replace("AWS_LAMBDA_RUNTIME_API", redirected);
    if (!by_address)
        return;
    strcat(named, pe.channel);
    replace("PELLICLE_FUNCTION_ARN", named);
}

void pe_exec_start(void);

/* Hooks may run before the constructor: from constructors of other libraries, and from the program's own first functions, when not even libc has its environment. */
void pe_start(void)
{
    static _Atomic int found_libc, started;
    int none = 0, saved = errno;
    if (atomic_compare_exchange_strong(&found_libc, &none, 1)) {
        dl_iterate_phdr(note_library, NULL);
        void *found = pe_symbol_of_libc("dlsym");
        memcpy(&real_dlsym, &found, sizeof found);
    }
    none = 0;
    if (environ && atomic_compare_exchange_strong(&started, &none, 1)) {
        read_environment();
        if (pe.enabled) {
            pe_library_start();
            pe_channel_attach();
            redirect();
            pe_exec_start();
            pe_confine_start();
            pe_python_start();
            pe_sql_start();
        }
    }
    errno = saved;
}

__attribute__((constructor)) static void start(void) { pe_start(); }
