/* Several invocations at once in one environment: which of them a thread works for. A thread that asks the Runtime API for an event and waits for it works for the
   event it gets, in Python and in Java, whose runtimes keep an invocation on one thread. It enters the port it asks from into a table in the ring; the guard writes
   the invocation's number beside it before the event goes out. In Node.js one thread works for several in turns: its probe looks up the number by the request id
   and says at each turn whose it is; what it leaves to threads of a pool (files, names) it claims by its text before. .NET's probe says so whenever a thread turns to a
   task of another invocation. Children get the number with their variables. Elsewhere nobody enters anything, and which invocation acts is not told. */
#include "pellicle.h"
#include "sys.h"
#include <dlfcn.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define DESCRIPTORS 4096
static _Atomic uint64_t to_guard[DESCRIPTORS / 64]; /* connected to the guard's proxy, a bit each */

static uint64_t inherited; /* of the invocation that started this process */
static __thread struct { uint32_t slot, thread; uint64_t turn; bool turns; } own; /* slot counts from 1; turn: of Node.js, 0 where it is nobody's */

/* Paths and names that threads of a pool will use soon, and for whom. Who waits for the same text at once cannot be told apart: then it is nobody's. */
#define CLAIMS 256
static struct { uint64_t hash, number; uint32_t count; } claims[CLAIMS];
static _Atomic uint32_t claimed; /* places in use */
static _Atomic uint32_t unclaimed; /* claims that found no place: until the last of all has ended nothing can be told */
static _Atomic uint32_t changing;

static const struct pe_state *several(void)
{
    const struct pe_state *state = atomic_load_explicit(&pe.state, memory_order_relaxed);
    return state && unlikely(atomic_load_explicit(&state->flags, memory_order_relaxed) & PE_FLAG_SEVERAL) ? state : NULL;
}

/* Threads stay with what they took: asked once for each thread that asks for events. */
static bool keeps_its_thread(void)
{
    return pe_symbol_in(NULL, "PySys_AddAuditHook") != NULL || pe_symbol_in("libjvm.so", "JNI_CreateJavaVM") != NULL;
}

void pe_worker_start(const char *root)
{
    const char *number = root ? strchr(root, '/') : NULL;
    if (number)
        inherited = strtoull(number + 1, NULL, 10);
}

uint64_t pe_invocation(uint8_t *flags)
{
    const struct pe_state *state = atomic_load_explicit(&pe.state, memory_order_relaxed);
    if (!state)
        return 0;
    uint64_t last = atomic_load_explicit(&state->invocation, memory_order_relaxed);
    struct pe_ring *ring = atomic_load_explicit(&pe.ring, memory_order_relaxed);
    if (likely(last == 0) || !several() || !ring)
        return last;
    uint64_t number = own.turn;
    if (!number && own.slot) {
        struct pe_worker *worker = &ring->workers[own.slot - 1];
        if (atomic_load_explicit(&worker->thread, memory_order_relaxed) == own.thread)
            number = atomic_load_explicit(&worker->number, memory_order_acquire);
    } else if (!number) {
        number = inherited;
    }
    if (number == 0 || number > last)
        return last;
    *flags |= PE_OWN;
    return number;
}

uint64_t pe_scope(void)
{
    uint8_t flags = 0;
    uint64_t number = pe_invocation(&flags);
    return number << 1 | (flags & PE_OWN ? 1 : 0);
}

/* False after a while: a child may have been made while another thread held it. */
static bool enter_claims(void)
{
    for (int i = 0; i < 10000; i++) {
        uint32_t nobody = 0;
        if (atomic_compare_exchange_weak_explicit(&changing, &nobody, 1, memory_order_acquire, memory_order_relaxed))
            return true;
    }
    return false;
}

static void leave_claims(void) { atomic_store_explicit(&changing, 0, memory_order_release); }

static void claim(uint64_t hash)
{
    int place = -1;
    if (!enter_claims()) {
        atomic_fetch_add(&unclaimed, 1);
        return;
    }
    for (int i = 0; i < CLAIMS; i++) {
        if (claims[i].count && claims[i].hash == hash) {
            place = i;
            break;
        }
        if (place < 0 && claims[i].count == 0)
            place = i;
    }
    if (place < 0) {
        atomic_fetch_add(&unclaimed, 1);
    } else if (claims[place].count++ == 0) {
        claims[place].hash = hash;
        claims[place].number = own.turn;
        atomic_fetch_add(&claimed, 1);
    } else if (claims[place].number != own.turn) {
        claims[place].number = 0;
    }
    leave_claims();
}

static void release(uint64_t hash)
{
    if (!enter_claims())
        return; /* the place stays in use, and is nobody's from the next claim on */
    int place = 0;
    while (place < CLAIMS && !(claims[place].count && claims[place].hash == hash))
        place++;
    if (place < CLAIMS && --claims[place].count == 0 && atomic_fetch_sub(&claimed, 1) == 1)
        atomic_store(&unclaimed, 0);
    leave_claims();
}

bool pe_worker_borrows(const struct pe_ask *ask)
{
    if (likely(atomic_load_explicit(&claimed, memory_order_relaxed) == 0) || own.turns || own.slot || atomic_load_explicit(&unclaimed, memory_order_relaxed))
        return false;
    const char *text = ask->item;
    size_t length = ask->item_length;
    if (ask->dimension == PE_HOST)
        length -= length > 2 && memcmp(text + length - 2, ":0", 2) == 0 ? 2 : 0;
    else if ((ask->dimension == PE_READ || ask->dimension == PE_WRITE) && ask->more_count && !ask->more[0].pieces)
        text = ask->more[0].data, length = ask->more[0].length;
    else
        return false;
    uint64_t hash = pe_hash(PE_CLAIM_TAG, text, length);
    if (!enter_claims())
        return false;
    for (int i = 0; i < CLAIMS; i++)
        if (claims[i].count && claims[i].hash == hash)
            own.turn = claims[i].number;
    leave_claims();
    return own.turn != 0;
}

void pe_worker_gives_back(void) { own.turn = 0; }

ssize_t pe_worker_turn(int what, const void *data, size_t size)
{
    if (what == PE_TURN) {
        own.turns = true;
        if (size == sizeof own.turn)
            memcpy(&own.turn, data, sizeof own.turn);
        return (ssize_t)size;
    }
    if (what == PE_CLAIM || what == PE_RELEASE) {
        own.turns = true;
        (what == PE_CLAIM ? claim : release)(pe_hash(PE_CLAIM_TAG, data, size));
        return (ssize_t)size;
    }
    struct pe_ring *ring = atomic_load_explicit(&pe.ring, memory_order_relaxed);
    if (!several() || !ring)
        return 0;
    uint64_t hash = pe_hash(PE_EVENT, data, size);
    for (uint32_t i = 0; i < PE_HANDED_OUT; i++) {
        struct pe_handed_out *one = &ring->handed_out[i];
        if (atomic_load_explicit(&one->hash, memory_order_acquire) != hash)
            continue;
        uint64_t number = atomic_load_explicit(&one->number, memory_order_acquire);
        /* The guard empties the place before it writes another one. */
        return atomic_load_explicit(&one->hash, memory_order_relaxed) == hash && number <= INT64_MAX ? (ssize_t)number : 0;
    }
    return 0;
}

/* The port of an address, 0 where it is none. Java's sockets are of version 6. */
static uint16_t port_of(const struct sockaddr *name, unsigned length, struct in_addr *address)
{
    if (length >= sizeof(struct sockaddr_in) && name->sa_family == AF_INET) {
        const struct sockaddr_in *v4 = (const struct sockaddr_in *)(const void *)name;
        *address = v4->sin_addr;
        return ntohs(v4->sin_port);
    }
    const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)(const void *)name;
    if (length < sizeof *v6 || name->sa_family != AF_INET6 || !IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr))
        return 0;
    memcpy(address, v6->sin6_addr.s6_addr + 12, sizeof *address);
    return ntohs(v6->sin6_port);
}

static bool is_proxy(const struct pe_state *state, const struct sockaddr *name, unsigned length)
{
    struct in_addr address;
    uint16_t port = port_of(name, length, &address);
    return port && port == atomic_load_explicit(&state->proxy_port, memory_order_relaxed) && address.s_addr == htonl(INADDR_LOOPBACK);
}

void pe_worker_connects(int fd, const struct sockaddr *name, unsigned length)
{
    if (fd < 0 || fd >= DESCRIPTORS)
        return;
    const struct pe_state *state = several();
    uint64_t bit = 1ull << (fd & 63);
    _Atomic uint64_t *word = &to_guard[fd >> 6];
    if (state && is_proxy(state, name, length))
        atomic_fetch_or(word, bit);
    else if (atomic_load_explicit(word, memory_order_relaxed) & bit)
        atomic_fetch_and(word, ~bit);
}

/* A slot of this thread's: the one it has, a free one, or one whose thread is gone. */
static struct pe_worker *slot_of(struct pe_ring *ring)
{
    uint32_t thread = (uint32_t)SYS0(SYS_gettid); /* not the one of before a fork */
    if (own.slot && own.thread == thread && atomic_load(&ring->workers[own.slot - 1].thread) == thread)
        return &ring->workers[own.slot - 1];
    for (uint32_t i = 0; i < PE_WORKERS; i++) {
        uint32_t holder = atomic_load(&ring->workers[i].thread);
        if ((holder == 0 || holder == thread || SYS2(SYS_tkill, holder, 0) == -ESRCH) && atomic_compare_exchange_strong(&ring->workers[i].thread, &holder, thread)) {
            own.slot = i + 1;
            own.thread = thread;
            return &ring->workers[i];
        }
    }
    own.slot = 0;
    return NULL;
}

bool pe_worker_sends(int fd, const struct iovec *first)
{
    static const char asks[] = "GET /2018-06-01/runtime/invocation/next ";
    if (fd < 0 || fd >= DESCRIPTORS || likely(!(atomic_load_explicit(&to_guard[fd >> 6], memory_order_relaxed) & 1ull << (fd & 63))))
        return false;
    const struct pe_state *state = several();
    struct sockaddr_storage here, there;
    struct in_addr address;
    socklen_t here_length = sizeof here, there_length = sizeof there;
    if (!state || SYS3(SYS_getpeername, fd, &there, &there_length) < 0 || !is_proxy(state, (struct sockaddr *)&there, there_length)) {
        atomic_fetch_and(&to_guard[fd >> 6], ~(1ull << (fd & 63)));
        return false; /* the number is another connection's or a file's by now */
    }
    struct pe_ring *ring = atomic_load(&pe.ring);
    if (!ring || first->iov_len < sizeof asks - 1 || memcmp(first->iov_base, asks, sizeof asks - 1) != 0 || SYS3(SYS_getsockname, fd, &here, &here_length) < 0 || !keeps_its_thread())
        return true;
    struct pe_worker *worker = slot_of(ring);
    uint32_t port = port_of((struct sockaddr *)&here, here_length, &address);
    /* A pooled connection may have been another thread's before. */
    for (uint32_t i = 0; i < PE_WORKERS; i++)
        if (&ring->workers[i] != worker && atomic_load(&ring->workers[i].port) == port)
            atomic_store(&ring->workers[i].port, 0);
    if (worker) {
        atomic_store(&worker->number, 0);
        atomic_store(&worker->port, port);
    }
    return true;
}
