/* AWS_LAMBDA_EXEC_WRAPPER: asks the guard where its proxy listens, points the runtime at it, becomes the runtime (decision 0001, rendezvous).
   Whatever fails, the command starts unchanged. Without a C library, because its start is part of every cold start.
   usage: wrapper CMD...            calls PELLICLE_NEXT_WRAPPER first, if there is one
          wrapper --launch CMD...   does not: for packages whose own bootstrap calls us */
#include "../src/sys.h"
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>

#define MAGIC 0x4C434C50u
#define TIMEOUT_SECONDS 0
#define TIMEOUT_MICROSECONDS 500000
#define ROOT "/opt/pellicle"
#define TOKEN 160
#define SPARE 16 /* variables that may be added */

enum { HELLO = 1, WELCOME, QUERY, VERDICT };
enum { ROLE_WRAPPER = 2, TAMPER = 11 };

struct packet {
    uint32_t magic;
    uint16_t version, type;
    uint32_t length, sequence;
    uint32_t first, second; /* HELLO: pid, role. WELCOME: port, mode. QUERY: dimension, flags and number of fields; pid. VERDICT: decision first */
    char token[TOKEN]; /* QUERY: the rest */
};
enum { HEADER = offsetof(struct packet, first), NUMBERS = offsetof(struct packet, token) };

/* ---- what a C library would give ---- */

void *memcpy(void *to, const void *from, size_t size)
{
    for (size_t i = 0; i < size; i++)
        ((volatile char *)to)[i] = ((const char *)from)[i];
    return to;
}

void *memset(void *to, int value, size_t size)
{
    for (size_t i = 0; i < size; i++)
        ((volatile char *)to)[i] = (char)value;
    return to;
}

static size_t length_of(const char *text)
{
    size_t length = 0;
    while (text[length])
        length++;
    return length;
}

static bool same(const char *a, const char *b, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (a[i] != b[i])
            return false;
    return true;
}

static bool equal(const char *a, const char *b)
{
    size_t length = length_of(a);
    return length == length_of(b) && same(a, b, length);
}

/* The word is in lower case. */
static bool is_word(const char *text, const char *word)
{
    for (; *text && *word; text++, word++)
        if ((*text >= 'A' && *text <= 'Z' ? *text + 32 : *text) != *word)
            return false;
    return *text == *word;
}

/* New strings. Never freed: the exec takes all. */
static char *arena, *arena_end;

static bool reserve(size_t size)
{
    long at = SYS6(SYS_mmap, 0, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if ((unsigned long)at >= -4096ul)
        return false;
    arena = (char *)at;
    arena_end = arena + size;
    return true;
}

/* Joins the texts up to a NULL into a new string. INVARIANT: `reserve` was given room for all that is joined. */
static char *join(const char *const texts[])
{
    char *made = arena;
    for (size_t i = 0; texts[i]; i++) {
        size_t length = length_of(texts[i]);
        if (length >= (size_t)(arena_end - arena))
            return NULL;
        memcpy(arena, texts[i], length);
        arena += length;
    }
    *arena++ = 0;
    return made;
}
#define JOIN(...) join((const char *const[]){ __VA_ARGS__, NULL })

static const char *number(uint32_t value)
{
    static char text[11];
    char *at = text + sizeof text - 1;
    *at = 0;
    do
        *--at = (char)('0' + value % 10);
    while (value /= 10);
    return at;
}

/* One line in the form of the guard's own, to the log of the function. */
static void complain(const char *what, const char *detail, long error)
{
    const char *texts[] = { "pellicle: ", what, detail, error ? ": errno " : "", error ? number((uint32_t)error) : "", "\n" };
    char line[512];
    size_t length = 0;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        for (const char *c = texts[i]; *c && length < sizeof line; c++)
            line[length++] = *c;
    if (length == sizeof line)
        line[length - 1] = '\n';
    SYS3(SYS_write, 2, line, length);
}

/* ---- variables ---- */

struct variables { char **entries; size_t count, capacity; };

/* The place of NAME=..., or count. */
static size_t find(const struct variables *v, const char *name)
{
    size_t length = length_of(name), i = 0;
    while (i < v->count && !(same(v->entries[i], name, length) && v->entries[i][length] == '='))
        i++;
    return i;
}

static const char *value(const struct variables *v, const char *name)
{
    size_t at = find(v, name);
    return at < v->count ? v->entries[at] + length_of(name) + 1 : "";
}

static void drop(struct variables *v, const char *name)
{
    for (size_t at = find(v, name); at < v->count; at = find(v, name))
        v->entries[at] = v->entries[--v->count];
}

static bool set(struct variables *v, const char *name, const char *new_value)
{
    char *entry = JOIN(name, "=", new_value);
    size_t at = find(v, name);
    if (!entry || at >= v->capacity)
        return false;
    v->entries[at] = entry;
    if (at == v->count)
        v->count++;
    return true;
}

static bool exists(const char *file) { return SYS3(SYS_faccessat, AT_FDCWD, file, 0 /* F_OK */) == 0; }

/* Is the word between blanks or any of the separators? */
static bool has_word(const char *list, const char *word, const char *separators)
{
    size_t length = length_of(word);
    for (const char *at = list; *at;) {
        size_t size = 0;
        while (at[size] && at[size] != separators[0] && at[size] != separators[1])
            size++;
        if (size == length && same(at, word, length))
            return true;
        at += size + (at[size] != 0);
    }
    return false;
}

static bool prepend(struct variables *v, const char *name, const char *file)
{
    const char *before = value(v, name);
    return has_word(before, file, " :") || set(v, name, *before ? JOIN(file, " ", before) : file);
}

/* A probe that is not packed is a line less, not a failure: the guard's report says which lines are active. */
static bool append(struct variables *v, const char *name, const char *option, const char *file, const char *separator)
{
    const char *before = value(v, name);
    return !exists(file) || has_word(before, file, separator) || set(v, name, *before ? JOIN(before, separator, option, file) : JOIN(option, file));
}

/* ---- the guard ---- */

static const char guard_file[] = "/opt/extensions/pellicle";

/* Is the other end the guard of this layer? Whoever takes its name would get the events. Where the layer's file is not there (a test), nobody can say. */
static bool is_guard(int fd)
{
    struct { int pid; unsigned uid, gid; } peer;
    struct stat own, theirs;
    unsigned size = sizeof peer;
    if (SYS5(SYS_getsockopt, fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0 || peer.pid <= 0)
        return false; /* of another environment that shares our network */
    if (SYS4(SYS_newfstatat, AT_FDCWD, guard_file, &own, 0) < 0)
        return true;
    const char *program = JOIN("/proc/", number((uint32_t)peer.pid), "/exe");
    return !program || SYS4(SYS_newfstatat, AT_FDCWD, program, &theirs, 0) < 0 || (own.st_dev == theirs.st_dev && own.st_ino == theirs.st_ino);
}

/* A connection to the guard that listens under this name, or a negative errno. `waits` where it has more callers than its queue holds. */
static int connect_to(const char *channel, bool waits)
{
    struct sockaddr_un name = { .sun_family = AF_UNIX };
    size_t length = length_of(channel);
    if (length + 1 > sizeof name.sun_path)
        return -ENAMETOOLONG;
    memcpy(name.sun_path + 1, channel, length);
    int fd = (int)SYS3(SYS_socket, AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | (waits ? 0 : SOCK_NONBLOCK), 0);
    if (fd < 0)
        return fd;
    struct timeval wait = { TIMEOUT_SECONDS, TIMEOUT_MICROSECONDS };
    SYS5(SYS_setsockopt, fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
    SYS5(SYS_setsockopt, fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait);
    long failed = SYS3(SYS_connect, fd, &name, offsetof(struct sockaddr_un, sun_path) + 1 + length);
    if (failed == 0 && is_guard(fd)) {
        SYS3(SYS_fcntl, fd, F_SETFL, O_RDWR);
        return fd;
    }
    SYS1(SYS_close, fd);
    return failed < 0 ? (int)failed : -EPERM;
}

static long exchange(int fd, struct packet *packet, size_t size)
{
    packet->magic = MAGIC;
    packet->version = 1;
    packet->length = (uint32_t)size - HEADER;
    packet->sequence = 1;
    long done = SYS6(SYS_sendto, fd, packet, size, MSG_NOSIGNAL, 0, 0);
    if (done < 0)
        return done;
    /* The descriptors that come along are for the interposer; without room for them the kernel closes them. */
    do
        done = SYS6(SYS_recvfrom, fd, packet, NUMBERS + TOKEN - 1, 0, 0, 0);
    while (done == -EINTR);
    return done < 0 || (done >= HEADER && packet->magic == MAGIC && packet->version == 1 && packet->length == (uint32_t)done - HEADER) ? done : -EPROTO;
}

/* 0, or why not */
static long say_hello(int fd, struct packet *packet)
{
    packet->type = HELLO;
    packet->first = (uint32_t)SYS0(SYS_getpid);
    packet->second = ROLE_WRAPPER;
    long got = exchange(fd, packet, NUMBERS);
    if (got < 0)
        return -got;
    if (got < NUMBERS || packet->type != WELCOME || packet->first == 0 || packet->first > 65535)
        return EPROTO;
    packet->token[got - NUMBERS] = 0;
    return 0;
}

/* A question about the way to the Runtime API. False also when there is no answer. */
static bool allowed(int fd, const char *item, const char *address)
{
    struct packet packet = { .type = QUERY, .first = TAMPER | 2 << 16 /* fields */, .second = (uint32_t)SYS0(SYS_getpid) };
    size_t at = 8; /* the number of an invocation, none */
    const char *fields[] = { item, address };
    memset(packet.token, 0, sizeof packet.token);
    for (size_t i = 0; i < 2; i++) {
        uint32_t length = (uint32_t)length_of(fields[i]);
        if (at + sizeof length + length > sizeof packet.token)
            return false;
        memcpy(packet.token + at, &length, sizeof length);
        memcpy(packet.token + at + sizeof length, fields[i], length);
        at += sizeof length + length;
    }
    return exchange(fd, &packet, NUMBERS + at) >= HEADER + 4 && packet.type == VERDICT && (packet.first & 0xFF) == 0;
}

/* The guard of this environment by the kernel's list of sockets, for when the address we were given is not the one it was given. The name, or NULL.
   Guards of other environments that share our network are in it too, and whoever waits to be accepted stands there under the name of the one who should:
   with each of those called as well, a guard that is frozen would have twice as many callers after every search, and in the end nobody could start. */
static const char *search(int *found)
{
    static char list[1 << 18];
    static const char mark[] = "@pellicle/", listening[] = " 00010000 ";
    size_t size = 0, line = 0;
    int file = (int)SYS4(SYS_openat, AT_FDCWD, "/proc/net/unix", O_RDONLY | O_CLOEXEC, 0);
    if (file < 0)
        return NULL;
    for (long got = 1; got > 0 && size < sizeof list - 1; size += got > 0 ? (size_t)got : 0)
        got = SYS3(SYS_read, file, list + size, sizeof list - 1 - size);
    SYS1(SYS_close, file);
    for (size_t i = 0; i + sizeof mark < size; i++) {
        if (list[i] == '\n')
            line = i + 1;
        if (!same(list + i, mark, sizeof mark - 1))
            continue;
        char *name = list + i + 1;
        bool listens = false;
        for (size_t at = line; at + sizeof listening - 1 <= i; at++)
            listens |= same(list + at, listening, sizeof listening - 1);
        while (i < size && list[i] != '\n')
            i++;
        list[i] = 0;
        line = i + 1;
        if (!listens)
            continue;
        int fd = connect_to(name, false);
        if (fd < 0)
            continue;
        *found = fd;
        return name;
    }
    return NULL;
}

/* SDKs look for keys in variables first and ask the container endpoint when there are none. */
static bool move_credentials(struct variables *v, const char *proxy, const char *token)
{
    static const char *const keys[] = { "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_ACCESS_KEY", "AWS_SECRET_KEY" };
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        drop(v, keys[i]);
    return set(v, "AWS_CONTAINER_CREDENTIALS_FULL_URI", JOIN("http://", proxy, "/pellicle/credentials"))
        && set(v, "AWS_CONTAINER_AUTHORIZATION_TOKEN", token);
}

/* False: said why, and the variables may be half changed. */
static bool protect(struct variables *v)
{
    const char *library = ROOT "/native/libpellicle.so";
    const char *upstream = value(v, "AWS_LAMBDA_RUNTIME_API");
    struct packet answer;
    if (!*upstream) {
        complain("starting without protection: `AWS_LAMBDA_RUNTIME_API` is not set", "", 0);
        return false;
    }
    const char *channel = JOIN("pellicle/", upstream), *other = NULL;
    int guard = channel ? connect_to(channel, true) : -ENOMEM;
    if ((guard == -ECONNREFUSED || guard == -EPERM) && (other = search(&guard)))
        channel = other;
    long error = guard < 0 ? -guard : say_hello(guard, &answer);
    /* The platform gives us the address it gave the guard. Another one was put in between: the guard says whether it may stay. */
    if (!error && other && allowed(guard, "redirect", upstream) && !allowed(guard, "chain", upstream))
        complain("the guard cannot use the Runtime API at ", upstream, 0);
    if (guard >= 0)
        SYS1(SYS_close, guard);
    if (error) {
        complain("starting without protection: the guard does not answer at @", channel ? channel : "pellicle/", error);
        return false;
    }
    if (!exists(library)) {
        complain("starting without protection, the layer lacks ", library, 0);
        return false;
    }
    const char *proxy = JOIN("127.0.0.1:", number(answer.first));
    bool credentials = answer.token[0] && is_word(value(v, "PELLICLE_CREDENTIALS"), "guard");
    /* The guard has the token of the server; whoever gets hold of the function could report in its name. */
    drop(v, "PELLICLE_TOKEN");
    bool done = proxy && set(v, "AWS_LAMBDA_RUNTIME_API", proxy) && set(v, "PELLICLE_CHANNEL", channel) && (!credentials || move_credentials(v, proxy, answer.token))
        && prepend(v, "LD_PRELOAD", library) && append(v, "NODE_OPTIONS", "--require ", ROOT "/node/probe.js", " ")
        && append(v, "DOTNET_STARTUP_HOOKS", "", ROOT "/dotnet/Pellicle.Probe.dll", ":");
    if (!done)
        complain("starting without protection: no room for the variables", "", 0);
    return done;
}

/* ---- the command ---- */

/* Returns only when no program could be started: the errno. */
static long become(char *command[], const struct variables *v)
{
    const char *program = command[0], *path = value(v, "PATH");
    bool plain = true;
    for (const char *c = program; *c; c++)
        plain = plain && *c != '/';
    if (!plain)
        return -SYS3(SYS_execve, program, command, v->entries);
    long error = ENOENT;
    if (!*path)
        path = "/usr/local/bin:/usr/bin:/bin";
    for (bool more = true; more;) {
        char candidate[PATH_MAX];
        size_t size = 0, length = length_of(program);
        while (path[size] && path[size] != ':')
            size++;
        more = path[size] == ':';
        if (size + length + 3 < sizeof candidate) {
            size_t at = size ? size : 1;
            memcpy(candidate, size ? path : ".", at);
            candidate[at++] = '/';
            memcpy(candidate + at, program, length + 1);
            long failed = -SYS3(SYS_execve, candidate, command, v->entries);
            if (failed != ENOENT && failed != ENOTDIR)
                error = failed;
        }
        path += size + more;
    }
    return error;
}

static long start(char *command[], char *chained[], struct variables *v, const char *next)
{
    if (!*next)
        return become(command, v);
    /* INVARIANT: the slot before the command holds our own name, or the option: nobody needs it any more. */
    chained[0] = (char *)next;
    return become(chained, v);
}

__attribute__((used)) static _Noreturn void run(long *stack)
{
    long count = stack[0];
    char **arguments = (char **)(stack + 1), **environment = arguments + count + 1;
    bool launch = count > 1 && equal(arguments[1], "--launch");
    char **command = arguments + 1 + launch;
    size_t variables = 0, bytes = 0;
    while (environment[variables])
        bytes += length_of(environment[variables++]) + 1;
    if (command >= arguments + count) {
        complain("usage: wrapper [--launch] CMD...", "", 0);
        SYS1(SYS_exit_group, 2);
    }
    struct variables original = { environment, variables, variables };
    const char *next = launch ? "" : value(&original, "PELLICLE_NEXT_WRAPPER");
    struct variables changed = { NULL, variables, variables + SPARE };
    struct variables *chosen = &original;
    if (!is_word(value(&original, "PELLICLE_MODE"), "off")) {
        /* Each changed variable is made of what it was, and of a few texts of ours. */
        if (!reserve(2 * bytes + 8192 + (variables + SPARE + 1) * sizeof(char *))) {
            complain("starting without protection: no memory", "", 0);
        } else {
            changed.entries = (char **)arena;
            arena += (variables + SPARE + 1) * sizeof(char *);
            memcpy(changed.entries, environment, variables * sizeof(char *));
            if (protect(&changed))
                chosen = &changed;
            changed.entries[changed.count] = NULL;
        }
    }
    long error = start(command, command - 1, chosen, next);
    complain("cannot start ", *next ? next : command[0], error);
    SYS1(SYS_exit_group, error == ENOENT ? 127 : 126);
    __builtin_unreachable();
}

/* The kernel leaves the arguments on the stack, and nothing to return to. */
#if defined(__x86_64__)
__asm__(".globl _start\n.type _start, @function\n_start:\n\txor %ebp, %ebp\n\tmov %rsp, %rdi\n\tand $-16, %rsp\n\tcall run\n\thlt\n");
#else
__asm__(".globl _start\n.type _start, %function\n_start:\n\tmov x29, xzr\n\tmov x30, xzr\n\tmov x0, sp\n\tbl run\n\tbrk #0\n");
#endif
