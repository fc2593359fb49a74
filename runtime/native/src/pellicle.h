/* Shared words of the interposer. The contract with the guard is docs/decisions/0001-guard-channel.md. */
#ifndef PELLICLE_H
#define PELLICLE_H
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

#define EXPORT __attribute__((visibility("default")))
#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

enum {
    PE_PROCESS = 1, PE_HOST, PE_READ, PE_WRITE, PE_LIBRARY, PE_AWS, PE_EVENT, PE_RESPONSE, PE_CODE, PE_DESERIALIZE, PE_TAMPER, PE_STATEMENT,
};
enum { PE_INIT = 1, PE_CHILD = 2, PE_UNRESOLVED = 4, PE_PROBE = 8, PE_TELLS_CALLS = 16, PE_OWN = 32 };

#define PE_PATH 4096
#define PE_MAX_MESSAGE (160 * 1024) /* the longest argument of a program, 128 KiB, and what goes with it; below the usual net.core.wmem_default */

/* The state region; written by the guard only. */
struct pe_state {
    uint32_t magic, version;
    _Atomic uint64_t generation;
    _Atomic uint32_t mode;
    _Atomic uint32_t flags;
    _Atomic uint64_t invocation, heartbeat_ms, seed;
    _Atomic uint32_t table_offset, table_slots, prefix_offset, prefix_count, guard_pid, upstream_port, proxy_port, upstream_ip;
};

#define PE_WORKERS 128
#define PE_HANDED_OUT 64

struct pe_ring {
    uint32_t magic, version, slots, slot_size;
    char pad0[48];
    _Atomic uint64_t head;
    char pad1[56];
    _Atomic uint64_t tail;
    char pad2[56];
    _Atomic uint64_t dropped, unanswered, faults, denied;
    _Atomic uint32_t confinement, probe; /* probe: 1 when the runtime's language probe is in place */
    _Atomic uint64_t links; /* how often a covered process made a link or moved an entry: what is known of paths is void then */
    char pad3[784];
    struct pe_worker { _Atomic uint32_t port, thread; _Atomic uint64_t number; } workers[PE_WORKERS]; /* worker.c */
    struct pe_handed_out { _Atomic uint64_t hash, number; } handed_out[PE_HANDED_OUT]; /* the newest events, by the hash of their request id */
};
/* Flags of the state */
enum { PE_FLAG_TAMPER = 1, PE_FLAG_CONFINE = 2, PE_FLAG_NO_PROGRAMS = 4, PE_FLAG_ANSWERS_CALLS = 8, PE_FLAG_SEVERAL = 16 };
enum { PE_CONFINEMENT_UNKNOWN, PE_CONFINEMENT_ACTIVE, PE_CONFINEMENT_AVAILABLE, PE_CONFINEMENT_REFUSED, PE_CONFINEMENT_SUPERVISED };
_Static_assert(offsetof(struct pe_state, table_offset) == 48, "decision 0001");
_Static_assert(offsetof(struct pe_state, upstream_ip) == 76, "decision 0001");
_Static_assert(offsetof(struct pe_ring, head) == 64, "decision 0001");
_Static_assert(offsetof(struct pe_ring, tail) == 128, "decision 0001");
_Static_assert(offsetof(struct pe_ring, dropped) == 192, "decision 0001");
_Static_assert(offsetof(struct pe_ring, denied) == 216, "decision 0001");
_Static_assert(offsetof(struct pe_ring, confinement) == 224, "decision 0001");
_Static_assert(offsetof(struct pe_ring, probe) == 228, "decision 0001");
_Static_assert(offsetof(struct pe_ring, links) == 232, "decision 0001");
_Static_assert(offsetof(struct pe_ring, workers) == 1024, "decision 0001");
_Static_assert(offsetof(struct pe_ring, handed_out) == 3072 && sizeof(struct pe_ring) == 4096, "decision 0001");

#define PE_REGION (1u << 20)

struct pe_field {
    const void *data;
    size_t length;
    const struct iovec *pieces; /* when set, the field is these pieces; length is their sum */
    int piece_count;
};

/* One question. The first field is the item. */
struct pe_ask {
    uint8_t dimension, flags;
    int deny_errno; /* used when the guard names none */
    const char *item;
    size_t item_length;
    struct pe_field more[3];
    int more_count;
};

struct pe_verdict { uint8_t decision, cache; uint16_t error; };

struct pe_globals {
    const struct pe_state *_Atomic state;
    struct pe_ring *_Atomic ring;
    bool enabled;             /* PELLICLE_CHANNEL was set when the process started */
    uint32_t root_pid;        /* the process the wrapper started */
    char channel[108];        /* without the leading NUL */
    size_t channel_length;
    char own_path[PE_PATH];   /* of this library */
};
extern struct pe_globals pe;

/* Code of a library: from the first byte to behind the last. */
struct pe_text { uintptr_t start, end; };
#define PE_TEXTS 8

/* init.c */
unsigned pe_texts(const struct pe_text **found);  /* of libc's parts, the loader and this library: where calls come from that were judged */
void pe_start(void);
bool pe_attach_later(void);
bool pe_in_libc(const void *address);
void *pe_next_symbol(const char *name);
void *pe_real_dlsym(void *handle, const char *name);
void *pe_dlsym_of_libc(void);
/* A function of a loaded library, by its file name, or of any (NULL). Allocates nothing, as dlsym does for what it does not find: a program's own malloc that begins may be who brought us here. */
void *pe_symbol_in(const char *file, const char *name);
void *pe_symbol_of_libc(const char *name);         /* in libc itself, whatever stands before it */

/* The first line of every hook: false means mode off, no guard or no channel. */
static inline bool pe_active(void)
{
    const struct pe_state *state = atomic_load_explicit(&pe.state, memory_order_relaxed);
    if (likely(state != NULL))
        return atomic_load_explicit(&state->mode, memory_order_relaxed) != 0;
    return unlikely(pe.enabled) && pe_attach_later();
}

/* A function of the next library in search order, looked up once. */
#define NEXT(name) \
    ({ static _Atomic(void *) slot_; \
       void *found_ = atomic_load_explicit(&slot_, memory_order_relaxed); \
       if (unlikely(found_ == NULL)) { found_ = pe_next_symbol(#name); atomic_store_explicit(&slot_, found_, memory_order_relaxed); } \
       (__typeof__(&name))found_; })

/* judge.c */
uint64_t pe_hash(uint8_t dimension, const char *item, size_t length);
int pe_judge(const struct pe_ask *ask);           /* 0 or the errno of the denial */
/* Allowed without a question: for this invocation, or until the generation changes. */
enum pe_knowledge { PE_UNKNOWN, PE_KNOWN_NOW, PE_KNOWN_LASTING };
enum pe_knowledge pe_known(uint8_t dimension, const char *item, size_t length);
/* This process's short memory of raw arguments already found good; forgotten with the generation. Tags are 0x80 and above.
   The stamp is taken before the decision that is remembered. */
uint64_t pe_stamp(void);
bool pe_remembered(uint8_t tag, const void *data, size_t length);
void pe_remember(uint8_t tag, const void *data, size_t length, uint64_t stamp);
/* The same, valid only in one epoch of something. */
bool pe_remembered_in(uint8_t tag, const void *data, size_t length, uint64_t epoch);
void pe_remember_in(uint8_t tag, const void *data, size_t length, uint64_t stamp, uint64_t epoch);
uint64_t pe_links(void);
void pe_links_changed(void);
void pe_note(const struct pe_ask *ask);
bool pe_protecting(void);
int pe_tamper(const char *what, const char *detail, int deny_errno);
void pe_count_fault(void);
void pe_count_unanswered(void);
void pe_probe_is_in_place(void);

/* channel.c */
bool pe_channel_attach(void);
bool pe_query(const struct pe_ask *ask, struct pe_verdict *verdict);
bool pe_send_note(const struct pe_ask *ask);
uint8_t pe_flags(void);
int pe_channel_open(void);                        /* a conversation of one's own, or -1 */
bool pe_hand_over(int connection, int listener, bool trial);

/* path.c */
bool pe_readable(const void *address);            /* false: the kernel would say EFAULT */
size_t pe_text_length(const char *text, size_t limit, bool *bad);
bool pe_clean_absolute(const char *path, size_t *length);
bool pe_fixed_tree(const char *path);
long pe_fd_path(int fd, char *buffer);            /* length, or negative errno */
long pe_resolve(int dirfd, const char *path, bool nofollow, char *buffer);
size_t pe_number(char *to, uint64_t value);

/* probe.c: what a language probe asks through a path */
bool pe_is_probe(const char *path);
int pe_probe(const char *path);                   /* the errno to fail with */

/* files.c, exec.c, net.c, tamper.c: shared with syscall() */
int pe_openat(int dirfd, const char *path, int flags, mode_t mode, bool plain);
int pe_judge_path(uint8_t dimension, int dirfd, const char *path, bool nofollow, const char *operation);
int pe_judge_open_fd(int fd, uint8_t dimension, const char *raw);
int pe_judge_dns(const void *packet, size_t size);  /* 0 or the errno of the denial of the name asked for */
int pe_execveat(int dirfd, const char *path, char *const argv[], char *const envp[], int flags);

/* library.c */
void *pe_ours(const char *name);
void pe_library_start(void);
int pe_judge_library(const char *path, bool must_exist);   /* 0 or the errno; must_exist: a missing one is no behaviour */

/* loader.c */
void pe_loader_start(void);
bool pe_writable_place(const char *path);                  /* where a function can put files of its own, but for what is mounted for that */
int pe_judge_loader(char *const envp[]);                   /* 0 or the errno of the denial: what a child would load before its own program */

/* sql.c: statements for databases */
void pe_sql_start(void);
void *pe_carrier(const char *name, void *handle);
bool pe_stream_watched(int fd);
void pe_stream_watch(int fd, bool on);
/* Sends the pieces, or the program's own where there are none. */
typedef ssize_t (*pe_sender)(void *context, const struct iovec *pieces, size_t count);
ssize_t pe_stream_send(int fd, const struct iovec *pieces, size_t count, pe_sender send, void *context);
/* What a language that encrypts by itself is about to send on fd: whether it is, or begins, a database's protocol; and, if so, the same bytes with each denied statement exchanged. */
enum pe_shown { PE_SHOWN_SAME, PE_SHOWN_CHANGED, PE_SHOWN_DENIED };
bool pe_stream_spoken(int fd, const void *data, size_t size);
enum pe_shown pe_stream_show(int fd, void *data, size_t size);

/* javatls.c */
void pe_java_encrypts(void);                      /* before a request for encryption leaves this thread: Java's streams show what they send from then on */
size_t pe_java_rewrite(const uint8_t *bytes, size_t size, uint8_t *to, size_t room);

/* worker.c */
struct sockaddr;
void pe_worker_start(const char *root);           /* the value of PELLICLE_ROOT, or NULL */
bool pe_event_given(void);                        /* an event was handed out; before that nothing can have come with one */
uint64_t pe_invocation(uint8_t *flags);           /* the invocation this thread works for, with PE_OWN set, or the one that began last */
void pe_worker_connects(int fd, const struct sockaddr *name, unsigned length);
uint64_t pe_scope(void);                          /* differs between invocations, and between what is known to belong to one and what is not */
/* What Node.js's probe writes to in place of a descriptor: the number of the invocation that this thread turns to, eight bytes, 0 for none; a request id, whose
   number is the result, 0 where it is not known; a path or name that a thread of the pool will use for it; and the same text once that is done. */
enum { PE_TURN = 3 << 29, PE_NUMBER_OF, PE_CLAIM, PE_RELEASE, PE_BEHIND_TURNS };
enum { PE_CLAIM_TAG = 0xFF };                     /* in place of a dimension, for the hash of such a text */
bool pe_worker_borrows(const struct pe_ask *ask); /* true: what is asked was claimed, and this thread works for who claimed it until it gives back */
void pe_worker_gives_back(void);
ssize_t pe_worker_turn(int what, const void *data, size_t size);
bool pe_worker_sends(int fd, const struct iovec *first); /* true: a connection to the guard's proxy, which is none to a database */

/* confine.c */
#define PE_TRIAL "/.pellicle/trial"               /* what a guard that reads the memory of those who ask answers with EOWNERDEAD */
void pe_confine_start(void);

/* v8.c */
bool pe_v8_start(void);
void pe_v8_asked(void);

/* python.c */
void pe_python_start(void);

/* aws.c: requests to AWS, before they are sent */
#define PE_TELLS "/.pellicle/calls"               /* looked for by a probe that asks about each of them; heard in mode off, too, for the mode may change */
extern bool pe_tells_calls;
struct pe_call { char item[PE_PATH]; size_t length; const char *host; size_t host_length; };
enum pe_request { PE_NO_CALL, PE_CALL, PE_CALL_IN_BODY };
enum pe_request pe_read_request(const char *head, size_t length, struct pe_call *call);
bool pe_read_action(const char *body, size_t length, struct pe_call *call);
#endif
