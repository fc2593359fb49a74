/* Statements on their way to a database: in calls of the libraries that carry them, and on connections, before they are encrypted. The guard is asked about each
   text once in an invocation. A denied one is exchanged for a text that every database refuses: the program gets its ordinary error, and the connection lives. */
#include "pellicle.h"
#include "sys.h"
#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TAG_STATEMENT = 0x80 | PE_STATEMENT };

/* Longer statements are judged by their beginning: what the guard reads in one message. */
#define LONGEST (PE_MAX_MESSAGE - 512u)

static const char refusal[] = "refused_by_pellicle";

static int judge(const char *kind, const char *text, size_t length)
{
    const struct pe_state *state = atomic_load_explicit(&pe.state, memory_order_relaxed);
    if (!state || length == 0)
        return 0;
    if (length > LONGEST)
        length = LONGEST;
    /* What one event makes of a statement says nothing about the next one. */
    uint64_t invocation = pe_scope(), stamp = pe_stamp();
    if (pe_remembered_in(TAG_STATEMENT, text, length, invocation))
        return 0;
    struct pe_ask ask = {
        .dimension = PE_STATEMENT, .deny_errno = EACCES, .item = kind, .item_length = strlen(kind), .more = { { .data = text, .length = length } }, .more_count = 1,
    };
    int denied = pe_judge(&ask);
    if (!denied)
        pe_remember_in(TAG_STATEMENT, text, length, stamp, invocation);
    return denied;
}

/* A negative length: up to the NUL. */
static bool denied_text(const char *kind, const char *text, long length)
{
    if (!text || !pe_active())
        return false;
    int saved = errno;
    bool bad = false;
    size_t size = pe_text_length(text, length >= 0 && (size_t)length < LONGEST ? (size_t)length : LONGEST, &bad);
    bool denied = !bad && judge(kind, text, size) != 0;
    errno = saved;
    return denied;
}

/* As denied_text; a NUL is part of the text. */
static bool denied_bytes(const char *kind, const char *text, unsigned long length)
{
    if (!text || length == 0 || !pe_active() || !pe_readable(text) || !pe_readable(text + (length < LONGEST ? length : LONGEST) - 1))
        return false;
    int saved = errno;
    bool denied = judge(kind, text, length) != 0;
    errno = saved;
    return denied;
}

/* ---- libraries ---- */

#define CARRIERS(X) \
    X(sqlite3_prepare) X(sqlite3_prepare_v2) X(sqlite3_prepare_v3) X(sqlite3_exec) X(PQexec) X(PQexecParams) X(PQprepare) \
    X(PQsendQuery) X(PQsendQueryParams) X(PQsendPrepare) X(mysql_query) X(mysql_real_query) X(mysql_send_query) X(mysql_stmt_prepare) \
    X(SSL_write) X(SSL_write_ex) X(SSL_free)

#define NUMBER(name) AT_##name,
enum { CARRIERS(NUMBER) CARRIER_COUNT };
#define NAME(name) #name,
static const char *const carrier_names[] = { CARRIERS(NAME) };

struct sqlite3;
struct sqlite3_stmt;
int sqlite3_prepare(struct sqlite3 *, const char *, int, struct sqlite3_stmt **, const char **);
int sqlite3_prepare_v2(struct sqlite3 *, const char *, int, struct sqlite3_stmt **, const char **);
int sqlite3_prepare_v3(struct sqlite3 *, const char *, int, unsigned, struct sqlite3_stmt **, const char **);
int sqlite3_exec(struct sqlite3 *, const char *, int (*)(void *, int, char **, char **), void *, char **);
void *PQexec(void *, const char *);
void *PQexecParams(void *, const char *, int, const unsigned *, const char *const *, const int *, const int *, int);
void *PQprepare(void *, const char *, const char *, int, const unsigned *);
int PQsendQuery(void *, const char *);
int PQsendQueryParams(void *, const char *, int, const unsigned *, const char *const *, const int *, const int *, int);
int PQsendPrepare(void *, const char *, const char *, int, const unsigned *);
int mysql_query(void *, const char *);
int mysql_real_query(void *, const char *, unsigned long);
int mysql_send_query(void *, const char *, unsigned long);
int mysql_stmt_prepare(void *, const char *, unsigned long);
int SSL_write(void *, const void *, int);
int SSL_write_ex(void *, const void *, size_t, size_t *);
void SSL_free(void *);

#define OURS(name) (void *)name,
static void *const ours[] = { CARRIERS(OURS) };

/* Which function a call from a place in memory would have reached without us. Entries are only added; a full table costs the look-up each time. */
#define PLACES 64
static struct { _Atomic(const void *) caller; _Atomic int carrier; _Atomic(void *) real; } places[PLACES];
/* Handed out by handle (ctypes, DllImport): the only one of its name, or none that can be told. */
static _Atomic(void *) by_handle[CARRIER_COUNT];
static _Atomic bool ambiguous[CARRIER_COUNT];

/* The loader's own functions, from wherever this C library keeps them. */
#define LOADER(name) ({ __typeof__(&name) found_; void *symbol_ = pe_symbol_of_libc(#name); memcpy(&found_, &symbol_, sizeof found_); found_; })

/* What the caller's own library brings or needs. */
static void *beside(int carrier, const void *caller)
{
    Dl_info place;
    __typeof__(&dladdr) of_address = LOADER(dladdr);
    __typeof__(&dlopen) open_library = LOADER(dlopen);
    __typeof__(&dlclose) close_library = LOADER(dlclose);
    if (!of_address || !open_library || !close_library || !of_address(caller, &place) || !place.dli_fname || !*place.dli_fname)
        return NULL;
    void *library = open_library(place.dli_fname, RTLD_LAZY | RTLD_NOLOAD);
    if (!library)
        return NULL;
    void *found = pe_real_dlsym(library, carrier_names[carrier]);
    close_library(library);
    return found == ours[carrier] ? NULL : found;
}

/* As the loader would bind it: the program's own libraries first, then the caller's. A caller that has none (code made at run time, libffi) got its address by handle. */
static void *look_up_real(int carrier, const void *caller)
{
    void *local = beside(carrier, caller), *handed = atomic_load(&by_handle[carrier]), *global;
    if (!local && handed)
        return handed;
    global = pe_next_symbol(carrier_names[carrier]);
    return global ? global : local;
}

static void *real_of(int carrier, const void *caller)
{
    size_t start = ((uintptr_t)caller >> 2) % PLACES;
    for (size_t i = 0; i < PLACES; i++) {
        size_t at = (start + i) % PLACES;
        const void *known = atomic_load_explicit(&places[at].caller, memory_order_acquire);
        if (known == caller && atomic_load_explicit(&places[at].carrier, memory_order_relaxed) == carrier)
            return atomic_load_explicit(&places[at].real, memory_order_relaxed);
        if (known)
            continue;
        void *found = look_up_real(carrier, caller);
        /* The caller's address is written last: whoever reads it finds the rest. */
        static _Atomic uint32_t writing;
        uint32_t idle = 0;
        if (found && atomic_compare_exchange_strong(&writing, &idle, 1)) {
            if (atomic_load(&places[at].caller) == NULL) {
                atomic_store(&places[at].carrier, carrier);
                atomic_store(&places[at].real, found);
                atomic_store_explicit(&places[at].caller, caller, memory_order_release);
            }
            atomic_store(&writing, 0);
        }
        return found;
    }
    return look_up_real(carrier, caller);
}

#define REAL(name) ((__typeof__(&name))real_of(AT_##name, __builtin_return_address(0)))

enum { SQLITE_MISUSE = 21, MYSQL_FAILED = 1 };

#define PREPARE(name, ...) \
    { \
        __typeof__(&name) next = REAL(name); \
        if (!next) \
            return SQLITE_MISUSE; \
        if (denied_text("sqlite", text, size)) { \
            text = refusal; \
            size = -1; \
        } \
        return next(__VA_ARGS__); \
    }
EXPORT int sqlite3_prepare(struct sqlite3 *db, const char *text, int size, struct sqlite3_stmt **statement, const char **tail) PREPARE(sqlite3_prepare, db, text, size, statement, tail)
EXPORT int sqlite3_prepare_v2(struct sqlite3 *db, const char *text, int size, struct sqlite3_stmt **statement, const char **tail) PREPARE(sqlite3_prepare_v2, db, text, size, statement, tail)
EXPORT int sqlite3_prepare_v3(struct sqlite3 *db, const char *text, int size, unsigned flags, struct sqlite3_stmt **statement, const char **tail)
    PREPARE(sqlite3_prepare_v3, db, text, size, flags, statement, tail)
EXPORT int sqlite3_exec(struct sqlite3 *db, const char *text, int (*row)(void *, int, char **, char **), void *context, char **error)
{
    __typeof__(&sqlite3_exec) next = REAL(sqlite3_exec);
    return next ? next(db, denied_text("sqlite", text, -1) ? refusal : text, row, context, error) : SQLITE_MISUSE;
}

#define POSTGRES(text) (denied_text("postgresql", text, -1) ? refusal : text)
EXPORT void *PQexec(void *c, const char *text)
{
    __typeof__(&PQexec) next = REAL(PQexec);
    return next ? next(c, POSTGRES(text)) : NULL;
}
EXPORT void *PQexecParams(void *c, const char *text, int count, const unsigned *types, const char *const *values, const int *lengths, const int *formats, int format)
{
    __typeof__(&PQexecParams) next = REAL(PQexecParams);
    return next ? next(c, POSTGRES(text), count, types, values, lengths, formats, format) : NULL;
}
EXPORT void *PQprepare(void *c, const char *name, const char *text, int count, const unsigned *types)
{
    __typeof__(&PQprepare) next = REAL(PQprepare);
    return next ? next(c, name, POSTGRES(text), count, types) : NULL;
}
EXPORT int PQsendQuery(void *c, const char *text)
{
    __typeof__(&PQsendQuery) next = REAL(PQsendQuery);
    return next ? next(c, POSTGRES(text)) : 0;
}
EXPORT int PQsendQueryParams(void *c, const char *text, int count, const unsigned *types, const char *const *values, const int *lengths, const int *formats, int format)
{
    __typeof__(&PQsendQueryParams) next = REAL(PQsendQueryParams);
    return next ? next(c, POSTGRES(text), count, types, values, lengths, formats, format) : 0;
}
EXPORT int PQsendPrepare(void *c, const char *name, const char *text, int count, const unsigned *types)
{
    __typeof__(&PQsendPrepare) next = REAL(PQsendPrepare);
    return next ? next(c, name, POSTGRES(text), count, types) : 0;
}

EXPORT int mysql_query(void *c, const char *text)
{
    __typeof__(&mysql_query) next = REAL(mysql_query);
    return next ? next(c, denied_text("mysql", text, -1) ? refusal : text) : MYSQL_FAILED;
}
#define MYSQL(name) \
    EXPORT int name(void *c, const char *text, unsigned long size) \
    { \
        __typeof__(&name) next = REAL(name); \
        if (!next) \
            return MYSQL_FAILED; \
        if (denied_bytes("mysql", text, size)) { \
            text = refusal; \
            size = sizeof refusal - 1; \
        } \
        return next(c, text, size); \
    }
MYSQL(mysql_real_query)
MYSQL(mysql_send_query)
MYSQL(mysql_stmt_prepare)

/* Ours for one of these names that was found elsewhere, by handle; else NULL. */
void *pe_carrier(const char *name, void *handle)
{
    if (name[0] != 's' && name[0] != 'P' && name[0] != 'm' && name[0] != 'S')
        return NULL;
    for (int i = 0; i < CARRIER_COUNT; i++) {
        if (strcmp(name, carrier_names[i]) != 0)
            continue;
        void *none = NULL, *found = pe_real_dlsym(handle, name);
        if (!found || found == ours[i] || atomic_load(&ambiguous[i]))
            return NULL;
        if (atomic_compare_exchange_strong(&by_handle[i], &none, found) || none == found)
            return ours[i];
        /* A second library with the same function: which one a caller means cannot be told any more, so it gets its own. */
        atomic_store(&ambiguous[i], true);
        pe_count_fault();
        return NULL;
    }
    return NULL;
}

/* ---- connections ---- */

/* A bit for each descriptor whose bytes are looked at: new connections until their first bytes, then those that speak to a database. */
#define WATCHED 65536
static _Atomic uint64_t watched[WATCHED / 64];

#define STREAMS 16
#define MOST_PIECES 64
#define PATIENCE 10000 /* turns of other threads */
#define MOST_REFUSED 80 /* a statement in many pieces is refused at each */
#define SHORTEST 7 /* of the refusal: a word that no statement begins with */
enum { NOBODY, POSTGRES_START, POSTGRES, MYSQL };
/* Connections are named by descriptor and inode. What is encrypted goes by the descriptor below it with this bit, or by libssl's object, which has none. */
enum { ABOVE_TLS = 1 << 30, OBJECT = -1 };

/* How far a connection's bytes were read; small, so that it can be tried on a copy. */
struct cursor {
    uint8_t protocol, type, head_length;
    bool named, text; /* named: the name before the statement is over; text: the message is a statement */
    uint8_t head[8];
    uint32_t left, kept;
};

/* INVARIANT: fields are written, and cursor and statement read, only by the holder of busy. */
static struct stream {
    _Atomic uint32_t busy;
    _Atomic int fd;
    _Atomic uint64_t inode;
    struct cursor cursor;
} streams[STREAMS];
static char statements[STREAMS][LONGEST]; /* apart: whoever looks for a stream passes by all of them */

bool pe_stream_watched(int fd)
{
    return unlikely(fd >= 0 && fd < WATCHED && (atomic_load_explicit(&watched[fd >> 6], memory_order_relaxed) & 1ull << (fd & 63)));
}

void pe_stream_watch(int fd, bool on)
{
    if (fd < 0 || fd >= WATCHED)
        return;
    if (on)
        atomic_fetch_or(&watched[fd >> 6], 1ull << (fd & 63));
    else
        atomic_fetch_and(&watched[fd >> 6], ~(1ull << (fd & 63)));
}

static uint64_t inode_of(int fd)
{
    struct stat info;
    return SYS2(SYS_fstat, fd, &info) == 0 && S_ISSOCK(info.st_mode) ? info.st_ino : 0;
}

static uint32_t big(const uint8_t *at) { return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3]; }
static uint32_t little3(const uint8_t *at) { return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16; }

enum { CODE_SSL = 80877103, CODE_GSS = 80877104, VERSION_3 = 3 };

/* The handshake's response is the client's first packet; encrypted, it is the second, for the request to encrypt has gone in clear. */
static int mysql_of(const uint8_t *data, size_t size, bool encrypted)
{
    static const uint8_t zero[19] = { 0 };
    enum { PROTOCOL_41 = 0x200, SSL = 0x800, COMPRESS = 0x20 };
    if (size < 36 || data[3] != (encrypted ? 2 : 1) || little3(data) + 4 > size)
        return NOBODY;
    uint32_t flags = (uint32_t)data[4] | (uint32_t)data[5] << 8;
    /* 23 bytes of filler, of which MariaDB uses the last four. Compressed, nothing more can be read. */
    return (flags & PROTOCOL_41) && !(flags & COMPRESS) && !(flags & SSL) == !encrypted && memcmp(data + 13, zero, sizeof zero) == 0 ? MYSQL : NOBODY;
}

/* The request to encrypt: the same packet, cut off before the name of the user. */
static bool mysql_encrypts(const uint8_t *data, size_t size)
{
    enum { SSL = 0x800 };
    return size == 36 && little3(data) == 32 && data[3] == 1 && ((uint32_t)data[4] | (uint32_t)data[5] << 8) & SSL;
}

/* PostgreSQL's, in bytes: https://www.postgresql.org/docs/15/protocol-overview.html. No text of another protocol reads as less. */
#define LONGEST_MESSAGE 0x3FFFFFFFu

/* By the first bytes that a client sends: https://www.postgresql.org/docs/15/protocol-message-formats.html, and the handshake response of
   https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_connection_phase_packets_protocol_handshake_response.html */
static int protocol_of(const uint8_t *data, size_t size, bool encrypted)
{
    if (size >= 8) {
        uint32_t length = big(data), code = big(data + 4);
        /* Encrypted bytes may be anybody's: a start is there as a whole. */
        if (encrypted)
            return code >> 16 == VERSION_3 && length > 8 && length < 10000 && length <= size && data[length - 1] == 0 ? POSTGRES_START : mysql_of(data, size, true);
        if ((length == 8 && (code == CODE_SSL || code == CODE_GSS)) || (code >> 16 == VERSION_3 && length >= 8 && length < 10000))
            return POSTGRES_START;
    }
    return mysql_of(data, size, false);
}

/* Where in this call the statement that is being read lies: it may go on in the pieces that follow. Here: it began in this call. */
struct place { size_t piece, offset, last, end; bool here; };

/* Reads on; returns the errno of a denial, with the place of the denied statement. Without `judged` nobody is asked. */
static int feed(struct stream *s, struct cursor *c, const struct iovec *pieces, size_t count, size_t limit, bool judged, struct place *place)
{
    *place = (struct place){ 0 };
    for (size_t p = 0; p < count && limit; p++) {
        const uint8_t *data = pieces[p].iov_base;
        size_t size = pieces[p].iov_len < limit ? pieces[p].iov_len : limit;
        limit -= size;
        for (size_t i = 0; i < size;) {
            if (c->left == 0) {
                size_t wanted = c->protocol == POSTGRES_START ? 8 : c->protocol == POSTGRES ? 5 : 4;
                c->head[c->head_length++] = data[i++];
                if (c->head_length < wanted)
                    continue;
                c->head_length = 0;
                c->kept = 0;
                c->named = true;
                c->text = false;
                c->type = 0;
                if (c->protocol == POSTGRES_START) {
                    uint32_t length = big(c->head), code = big(c->head + 4);
                    if (code == CODE_SSL && judged)
                        pe_java_encrypts();
                    if (code == CODE_SSL || code == CODE_GSS)
                        continue; /* plain or not: the next bytes tell */
                    if (code >> 16 != VERSION_3 || length < 8 || length >= 10000) {
                        c->protocol = NOBODY;
                        return 0;
                    }
                    c->protocol = POSTGRES;
                    c->left = length - 8;
                } else if (c->protocol == POSTGRES) {
                    c->type = c->head[0];
                    uint32_t length = big(c->head + 1);
                    if (length < 4 || length > LONGEST_MESSAGE) {
                        c->protocol = NOBODY;
                        return 0;
                    }
                    c->left = length - 4;
                    c->text = c->type == 'Q' || c->type == 'P';
                    c->named = c->type != 'P';
                } else {
                    c->left = little3(c->head);
                    c->named = c->head[3] != 0; /* the first packet of a command begins with its number */
                }
                continue;
            }
            if (!c->text && (c->protocol == POSTGRES || c->named)) {
                size_t skipped = c->left < size - i ? c->left : size - i;
                i += skipped;
                c->left -= (uint32_t)skipped;
                continue;
            }
            if (!c->named) {
                /* PostgreSQL: the name of the prepared statement, ended by a NUL. MySQL: the command. */
                uint8_t byte = data[i++];
                c->left--;
                if (c->protocol == POSTGRES) {
                    c->named = byte == 0;
                } else {
                    c->named = true;
                    c->text = byte == 3 || byte == 0x16;
                    c->type = byte;
                }
                continue;
            }
            /* MySQL 8.0.23 and later, with CLIENT_QUERY_ATTRIBUTES: no parameters, one set of them. */
            if (c->protocol == MYSQL && c->type == 3 && c->kept == 0 && data[i] <= 1 && c->left > 2) {
                i++;
                c->left--;
                continue;
            }
            size_t run = c->left < size - i ? c->left : size - i;
            const uint8_t *end = c->protocol == POSTGRES ? memchr(data + i, 0, run) : NULL;
            size_t text = end ? (size_t)(end - data) - i : run;
            if (c->kept == 0)
                *place = (struct place){ .piece = p, .offset = i, .here = true };
            place->last = p;
            place->end = i + text;
            size_t room = LONGEST - c->kept, taken = text < room ? text : room;
            memcpy(statements[s - streams] + c->kept, data + i, taken);
            c->kept += (uint32_t)taken;
            i += run;
            c->left -= (uint32_t)run;
            if (end)
                c->text = false; /* types of parameters follow */
            /* At the end of what is sent now even half a statement is judged: the rest is once more, with what came before. */
            if (judged && (end || c->left == 0 || i == size)) {
                int denied = judge(c->protocol == MYSQL ? "mysql" : "postgresql", statements[s - streams], c->kept);
                if (denied)
                    return denied;
            }
        }
    }
    return 0;
}

static bool hold(struct stream *s, int turns)
{
    for (uint32_t idle = 0; !atomic_compare_exchange_strong(&s->busy, &idle, 1); idle = 0) {
        if (turns-- == 0)
            return false;
        SYS0(SYS_sched_yield);
    }
    return true;
}

static bool is_of(const struct stream *s, int fd, uint64_t inode) { return atomic_load(&s->inode) == inode && atomic_load(&s->fd) == fd; }

/* Nobody's, or of a connection that was closed. */
static bool is_free(struct stream *s)
{
    uint64_t inode = atomic_load(&s->inode);
    int fd = atomic_load(&s->fd);
    return inode == 0 || (fd != OBJECT && inode_of(fd & ~ABOVE_TLS) != inode);
}

/* The connection's stream, held; NULL: it has none, and unless one should be there it is not watched any longer. */
static struct stream *stream_of(int fd, uint64_t inode, const struct iovec *first)
{
    for (size_t i = 0; i < STREAMS && inode; i++) {
        struct stream *s = &streams[i];
        if (!is_of(s, fd, inode))
            continue;
        /* Another thread sends on the same connection, and perhaps waits for the guard. */
        if (hold(s, PATIENCE)) {
            if (is_of(s, fd, inode))
                return s;
            atomic_store(&s->busy, 0);
        }
        pe_count_fault();
        return NULL;
    }
    bool encrypted = fd == OBJECT || fd & ABOVE_TLS, given = inode && first->iov_base && pe_readable(first->iov_base);
    int protocol = given ? protocol_of(first->iov_base, first->iov_len, encrypted) : NOBODY;
    if (given && !encrypted && mysql_encrypts(first->iov_base, first->iov_len))
        pe_java_encrypts();
    for (size_t i = 0; i < STREAMS && protocol != NOBODY; i++) {
        struct stream *s = &streams[i];
        if (!is_free(s) || !hold(s, 0))
            continue;
        if (is_free(s)) {
            atomic_store(&s->fd, fd);
            atomic_store(&s->inode, inode);
            s->cursor = (struct cursor){ .protocol = (uint8_t)protocol };
            return s;
        }
        atomic_store(&s->busy, 0);
    }
    if (protocol != NOBODY)
        pe_count_fault(); /* more connections to databases than there is room for */
    pe_stream_watch(fd, false);
    return NULL;
}

static bool readable(const struct iovec *pieces, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (pieces[i].iov_len && (!pieces[i].iov_base || !pe_readable(pieces[i].iov_base) || !pe_readable((char *)pieces[i].iov_base + pieces[i].iov_len - 1)))
            return false;
    return true;
}

/* Where the program's bytes may be changed: a copy, made once. */
struct copy { char *bytes; size_t size; struct iovec pieces[MOST_PIECES]; };

static bool make_copy(struct copy *copy, const struct iovec *pieces, size_t count)
{
    size_t size = 0;
    if (copy->bytes)
        return true;
    for (size_t i = 0; i < count; i++)
        size += pieces[i].iov_len;
    long memory = SYS6(SYS_mmap, 0, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if ((unsigned long)memory >= -4096ul)
        return false;
    copy->bytes = (char *)memory;
    copy->size = size;
    for (size_t i = 0, at = 0; i < count; at += pieces[i++].iov_len) {
        memcpy(copy->bytes + at, pieces[i].iov_base, pieces[i].iov_len);
        copy->pieces[i] = (struct iovec){ copy->bytes + at, pieces[i].iov_len };
    }
    return true;
}

/* In the statement's place, as long as it was. */
static bool put_refusal(struct iovec *pieces, const struct place *place)
{
    size_t written = 0;
    for (size_t p = place->piece; p <= place->last; p++) {
        char *text = pieces[p].iov_base;
        for (size_t i = p == place->piece ? place->offset : 0; i < (p == place->last ? place->end : pieces[p].iov_len); i++, written++)
            text[i] = written < sizeof refusal - 1 ? refusal[written] : ' ';
    }
    return written >= SHORTEST;
}

/* 0, or the errno of a denial that could only be met by sending nothing: part of the statement has gone already. */
static int exchange_denied(struct stream *s, const struct iovec *pieces, size_t count, struct copy *copy)
{
    for (int round = 0; round < MOST_REFUSED; round++) {
        struct cursor trial = s->cursor;
        struct place place;
        int denied = feed(s, &trial, copy->bytes ? copy->pieces : pieces, count, SIZE_MAX, true, &place);
        if (!denied)
            return 0;
        if (!place.here || !make_copy(copy, pieces, count) || !put_refusal(copy->pieces, &place))
            return denied;
    }
    return EACCES;
}

/* Sends what the program wanted to send, with each denied statement exchanged for one that is refused. */
static ssize_t stream_send(int fd, uint64_t inode, const struct iovec *pieces, size_t count, pe_sender send, void *context)
{
    int saved = errno;
    bool more = count > MOST_PIECES;
    if (more)
        count = MOST_PIECES;
    if (count == 0 || !pe_active() || !pe_readable(pieces) || !pe_readable((const char *)(pieces + count) - 1) || !readable(pieces, count))
        return send(context, NULL, 0);
    size_t first = 0;
    while (first + 1 < count && pieces[first].iov_len == 0)
        first++;
    struct stream *s = pe_worker_sends(fd, &pieces[first]) ? NULL : stream_of(fd, inode, &pieces[first]);
    if (!s) {
        errno = saved;
        return send(context, NULL, 0);
    }
    struct copy copy = { .bytes = NULL };
    struct place unused;
    ssize_t sent = -1;
    int denied = exchange_denied(s, pieces, count, &copy);
    errno = denied ? denied : saved;
    /* Of more pieces than are looked at, the first are sent, as a full buffer would have it. */
    if (!denied)
        sent = send(context, copy.bytes ? copy.pieces : more ? pieces : NULL, count);
    saved = errno;
    if (sent > 0)
        feed(s, &s->cursor, pieces, count, (size_t)sent, false, &unused);
    if (s->cursor.protocol == NOBODY) {
        atomic_store(&s->inode, 0);
        pe_stream_watch(fd, false);
    }
    if (copy.bytes)
        SYS2(SYS_munmap, copy.bytes, copy.size);
    atomic_store(&s->busy, 0);
    errno = saved;
    return sent;
}

ssize_t pe_stream_send(int fd, const struct iovec *pieces, size_t count, pe_sender send, void *context) { return stream_send(fd, inode_of(fd), pieces, count, send, context); }

struct written { int fd; const void *data; size_t size; bool changed; };

static ssize_t send_written(void *context, const struct iovec *changed, size_t count)
{
    const struct written *w = context;
    (void)count;
    return NEXT(write)(w->fd, changed ? changed->iov_base : w->data, w->size);
}

/* A language that encrypts by itself shows what it is about to send by writing a copy of it to the descriptor with ABOVE_TLS, which no kernel hands out. The copy is
   what it then sends. The answer is its size, or 0 where nothing needs to be shown any more: it is no connection to a database. */
static ssize_t send_shown(void *context, const struct iovec *changed, size_t count)
{
    struct written *w = context;
    if (changed)
        memcpy((void *)w->data, changed->iov_base, w->size);
    w->changed = changed != NULL;
    return count ? (ssize_t)w->size : 0;
}

static ssize_t show(struct written *w)
{
    struct iovec piece = { (void *)w->data, w->size };
    return stream_send(w->fd, inode_of(w->fd & ~ABOVE_TLS), &piece, 1, send_shown, w);
}

enum pe_shown pe_stream_show(int fd, void *data, size_t size)
{
    struct written w = { .fd = fd | ABOVE_TLS, .data = data, .size = size };
    return show(&w) < 0 ? PE_SHOWN_DENIED : w.changed ? PE_SHOWN_CHANGED : PE_SHOWN_SAME;
}

bool pe_stream_spoken(int fd, const void *data, size_t size)
{
    uint64_t inode = inode_of(fd);
    for (size_t i = 0; i < STREAMS && inode; i++)
        if (is_of(&streams[i], fd | ABOVE_TLS, inode))
            return true;
    return inode && protocol_of(data, size, true) != NOBODY;
}

EXPORT ssize_t write(int fd, const void *data, size_t size)
{
    if (unlikely(fd >= ABOVE_TLS) && pe_active() && size <= SSIZE_MAX) {
        if (fd >= PE_TURN && fd < PE_BEHIND_TURNS)
            return pe_readable(data) ? pe_worker_turn(fd, data, size) : NEXT(write)(fd, data, size);
        return show(&(struct written){ .fd = fd, .data = data, .size = size });
    }
    if (!pe_stream_watched(fd))
        return NEXT(write)(fd, data, size);
    struct written w = { .fd = fd, .data = data, .size = size };
    struct iovec piece = { (void *)data, size };
    return pe_stream_send(fd, &piece, 1, send_written, &w);
}
EXPORT ssize_t __write(int fd, const void *data, size_t size) { return write(fd, data, size); }

struct vector { int fd; const struct iovec *pieces; int count; };

static ssize_t send_vector(void *context, const struct iovec *changed, size_t count)
{
    const struct vector *v = context;
    return NEXT(writev)(v->fd, changed ? changed : v->pieces, changed ? (int)count : v->count);
}

EXPORT ssize_t writev(int fd, const struct iovec *pieces, int count)
{
    struct vector v = { fd, pieces, count };
    if (!pe_stream_watched(fd) || count <= 0)
        return NEXT(writev)(fd, pieces, count);
    return pe_stream_send(fd, pieces, (size_t)count, send_vector, &v);
}

/* ---- libssl ---- */

struct sealed { void *connection; const void *data; size_t size; void *next; size_t *written; int result; };

static ssize_t send_sealed(void *context, const struct iovec *changed, size_t count)
{
    struct sealed *w = context;
    const void *data = changed ? changed->iov_base : w->data;
    (void)count;
    if (!w->written)
        return w->result = ((__typeof__(&SSL_write))w->next)(w->connection, data, (int)w->size);
    w->result = ((__typeof__(&SSL_write_ex))w->next)(w->connection, data, w->size, w->written);
    return w->result == 1 ? (ssize_t)*w->written : -1;
}

/* A denied statement of which a part has gone fails as a connection that the system refuses. */
static int seal(struct sealed *w)
{
    struct iovec piece = { (void *)w->data, w->size };
    stream_send(OBJECT, (uintptr_t)w->connection, &piece, 1, send_sealed, w);
    return w->result;
}

EXPORT int SSL_write(void *connection, const void *data, int size)
{
    struct sealed w = { connection, data, (size_t)size, (void *)REAL(SSL_write), NULL, -1 };
    if (!w.next)
        return -1;
    return size > 0 && connection && pe_active() ? seal(&w) : ((__typeof__(&SSL_write))w.next)(connection, data, size);
}

EXPORT int SSL_write_ex(void *connection, const void *data, size_t size, size_t *written)
{
    struct sealed w = { connection, data, size, (void *)REAL(SSL_write_ex), written, 0 };
    if (!w.next)
        return 0;
    return size > 0 && connection && written && pe_active() ? seal(&w) : ((__typeof__(&SSL_write_ex))w.next)(connection, data, size, written);
}

/* Another connection may get the same address. */
EXPORT void SSL_free(void *connection)
{
    __typeof__(&SSL_free) next = REAL(SSL_free);
    for (size_t i = 0; i < STREAMS && connection; i++)
        if (is_of(&streams[i], OBJECT, (uintptr_t)connection))
            atomic_store(&streams[i].inode, 0);
    if (next)
        next(connection);
}

/* Looked up before a signal handler could be the first to write. Comes last at the start: a look-up that succeeds frees the text that one which failed left behind,
   and a handler that looks something up at that moment would free it again. */
void pe_sql_start(void)
{
    (void)NEXT(write);
    (void)NEXT(writev);
}
