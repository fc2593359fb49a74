/* Order of decision: mode off, table of the known, prefix rules, verdicts of this process, question to the guard. */
#include "pellicle.h"
#include "sys.h"
#include <errno.h>
#include <string.h>

#define CACHE_SLOTS 4096u
#define CACHE_PROBES 4u
enum { CACHE_INVOCATION = 1, CACHE_GENERATION = 2, CACHE_PROCESS = 3 };

/* A slot keeps key ^ value beside value: a torn pair does not match, so no lock is needed. */
static struct { _Atomic uint64_t check, value; } cache[CACHE_SLOTS];

static inline const struct pe_state *state_of(void) { return atomic_load_explicit(&pe.state, memory_order_relaxed); }

uint64_t pe_hash(uint8_t dimension, const char *item, size_t length)
{
    const struct pe_state *state = state_of();
    uint64_t hash = 14695981039346656037ull ^ (state ? atomic_load_explicit(&state->seed, memory_order_relaxed) : 0);
    hash = (hash ^ dimension) * 1099511628211ull;
    for (size_t i = 0; i < length; i++)
        hash = (hash ^ (uint8_t)item[i]) * 1099511628211ull;
    return hash ? hash : 1;
}

static bool in_table(const struct pe_state *state, uint64_t hash)
{
    uint32_t offset = atomic_load_explicit(&state->table_offset, memory_order_relaxed);
    uint32_t slots = atomic_load_explicit(&state->table_slots, memory_order_relaxed);
    if (slots == 0 || (slots & (slots - 1)) || offset % 8 || offset > PE_REGION || slots > (PE_REGION - offset) / 8)
        return false;
    const _Atomic uint64_t *table = (const void *)((const char *)state + offset);
    for (uint32_t i = 0, at = (uint32_t)hash & (slots - 1); i < slots; i++, at = (at + 1) & (slots - 1)) {
        uint64_t found = atomic_load_explicit(&table[at], memory_order_relaxed);
        if (found == hash)
            return true;
        if (found == 0)
            return false;
    }
    return false;
}

enum { RULE_PASS = 1, RULE_NOTE = 2, RULE_ASK = 3 };

static int prefix_rule(const struct pe_state *state, uint8_t dimension, const char *item, size_t length)
{
    uint32_t at = atomic_load_explicit(&state->prefix_offset, memory_order_relaxed);
    uint32_t count = atomic_load_explicit(&state->prefix_count, memory_order_relaxed);
    const uint8_t *base = (const uint8_t *)state;
    for (uint32_t i = 0; i < count; i++) {
        if (at > PE_REGION - 4)
            break;
        uint8_t rule_dimension = base[at], action = base[at + 1];
        uint32_t size = base[at + 2] | (uint32_t)base[at + 3] << 8;
        if (size > PE_REGION - 4 - at)
            break;
        if (rule_dimension == dimension && size <= length && memcmp(base + at + 4, item, size) == 0)
            return action;
        at += (4 + size + 3) & ~3u;
    }
    return RULE_ASK;
}

/* Runs the look-ups between two equal, even generations; gives up to a question when the guard writes all the time. */
static int look_up(const struct pe_state *state, uint8_t dimension, const char *item, size_t length, uint64_t hash)
{
    for (int attempt = 0; attempt < 64; attempt++) {
        uint64_t before = atomic_load_explicit(&state->generation, memory_order_acquire);
        if (before & 1)
            continue;
        int action = in_table(state, hash) ? RULE_PASS : prefix_rule(state, dimension, item, length);
        atomic_thread_fence(memory_order_acquire);
        if (atomic_load_explicit(&state->generation, memory_order_relaxed) == before)
            return action;
    }
    return RULE_ASK;
}

/* value: stamp << 24 | kind << 16 | errno of the denial (0 = allowed) */
static uint64_t stamp_of(const struct pe_state *state, unsigned kind)
{
    switch (kind) {
    case CACHE_INVOCATION: return pe_scope() & 0xFFFFFFFFFF;
    case CACHE_GENERATION: return atomic_load_explicit(&state->generation, memory_order_relaxed) & 0xFFFFFFFFFF;
    default: return 0;
    }
}

static int cache_find(const struct pe_state *state, uint64_t key, unsigned *kind_found)
{
    for (uint32_t i = 0; i < CACHE_PROBES; i++) {
        uint32_t at = (uint32_t)(key + i) & (CACHE_SLOTS - 1);
        uint64_t value = atomic_load_explicit(&cache[at].value, memory_order_relaxed);
        if ((atomic_load_explicit(&cache[at].check, memory_order_relaxed) ^ value) != key || value == 0)
            continue;
        unsigned kind = (value >> 16) & 0xFF;
        *kind_found = kind;
        return value >> 24 == stamp_of(state, kind) ? (int)(value & 0xFFFF) : -1;
    }
    return -1;
}

/* The stamp was read before the decision: one made under an older generation must not live on under a newer. */
static void cache_put(const struct pe_state *state, uint64_t key, unsigned kind, uint64_t stamp, int error)
{
    uint64_t value = stamp << 24 | (uint64_t)kind << 16 | (uint16_t)error;
    uint32_t target = (uint32_t)key & (CACHE_SLOTS - 1);
    for (uint32_t i = 0; i < CACHE_PROBES; i++) {
        uint32_t at = (uint32_t)(key + i) & (CACHE_SLOTS - 1);
        uint64_t old = atomic_load_explicit(&cache[at].value, memory_order_relaxed);
        uint64_t old_key = atomic_load_explicit(&cache[at].check, memory_order_relaxed) ^ old;
        /* An entry of another generation or invocation is as good as empty. */
        if (old == 0 || old_key == key || old >> 24 != stamp_of(state, (old >> 16) & 0xFF)) {
            target = at;
            break;
        }
    }
    atomic_store_explicit(&cache[target].check, key ^ value, memory_order_relaxed);
    atomic_store_explicit(&cache[target].value, value, memory_order_relaxed);
}

bool pe_protecting(void)
{
    const struct pe_state *state = state_of();
    return state && atomic_load_explicit(&state->mode, memory_order_relaxed) == 2;
}

void pe_count_fault(void)
{
    struct pe_ring *ring = atomic_load(&pe.ring);
    if (ring)
        atomic_fetch_add(&ring->faults, 1);
}

/* Of the runtime itself: a child in another language says nothing about it. */
void pe_probe_is_in_place(void)
{
    struct pe_ring *ring = atomic_load(&pe.ring);
    if (ring && atomic_load_explicit(&ring->probe, memory_order_relaxed) == 0 && pe.root_pid == (uint32_t)SYS0(SYS_getpid))
        atomic_store(&ring->probe, 1);
}

void pe_count_unanswered(void)
{
    struct pe_ring *ring = atomic_load(&pe.ring);
    if (ring)
        atomic_fetch_add(&ring->unanswered, 1);
}

void pe_note(const struct pe_ask *ask)
{
    const struct pe_state *state = state_of();
    struct pe_ring *ring = atomic_load(&pe.ring);
    if (!ring || !state) {
        pe_send_note(ask);
        return;
    }
    uint32_t slots = ring->slots, size = ring->slot_size;
    if (slots == 0 || size < 64 || size % 8 || slots > (PE_REGION - 4096) / size) {
        pe_count_fault();
        return;
    }
    uint64_t head = atomic_load(&ring->head);
    do {
        if (head - atomic_load(&ring->tail) >= slots) {
            atomic_fetch_add(&ring->dropped, 1);
            return;
        }
    } while (!atomic_compare_exchange_weak(&ring->head, &head, head + 1));
    char *slot = (char *)ring + 4096 + (head % slots) * size;
    uint8_t flags = ask->flags | pe_flags();
    uint64_t invocation = pe_invocation(&flags);
    uint32_t pid = (uint32_t)SYS0(SYS_getpid);
    uint16_t length = (uint16_t)(ask->item_length < size - 24 ? ask->item_length : size - 24);
    memcpy(slot + 8, &invocation, 8);
    memcpy(slot + 16, &pid, 4);
    slot[20] = (char)ask->dimension;
    slot[21] = (char)flags;
    memcpy(slot + 22, &length, 2);
    memcpy(slot + 24, ask->item, length);
    atomic_store_explicit((_Atomic uint64_t *)(void *)slot, head + 1, memory_order_release);
}

static int enforce(const struct pe_state *state, uint8_t dimension, int error)
{
    if (error == 0 || atomic_load_explicit(&state->mode, memory_order_relaxed) != 2)
        return 0;
    if (dimension == PE_TAMPER && !(atomic_load_explicit(&state->flags, memory_order_relaxed) & PE_FLAG_TAMPER))
        return 0;
    struct pe_ring *ring = atomic_load(&pe.ring);
    if (ring)
        atomic_fetch_add(&ring->denied, 1);
    return error;
}

#define NOTED_KEY 0x9E3779B97F4A7C15ull

enum { ASK = -1 };

/* 0 allowed, ASK, or the errno of a cached denial */
static int decide_here(const struct pe_state *state, const struct pe_ask *ask, uint64_t hash, unsigned *kind)
{
    unsigned noted;
    *kind = CACHE_GENERATION;
    switch (look_up(state, ask->dimension, ask->item, ask->item_length, hash)) {
    case RULE_PASS:
        return 0;
    case RULE_NOTE:
        if (cache_find(state, hash ^ NOTED_KEY, &noted) < 0) {
            cache_put(state, hash ^ NOTED_KEY, CACHE_PROCESS, 0, 0);
            pe_note(ask);
        }
        return 0;
    default:
        return cache_find(state, hash, kind);
    }
}

enum pe_knowledge pe_known(uint8_t dimension, const char *item, size_t length)
{
    const struct pe_state *state = state_of();
    if (!state)
        return PE_UNKNOWN;
    struct pe_ask ask = { .dimension = dimension, .item = item, .item_length = length };
    unsigned kind;
    if (decide_here(state, &ask, pe_hash(dimension, item, length), &kind) != 0)
        return PE_UNKNOWN;
    return kind == CACHE_GENERATION ? PE_KNOWN_LASTING : PE_KNOWN_NOW;
}

static int judge(const struct pe_ask *ask)
{
    const struct pe_state *state = state_of();
    if (!state || atomic_load_explicit(&state->mode, memory_order_relaxed) == 0)
        return 0;
    uint64_t hash = pe_hash(ask->dimension, ask->item, ask->item_length);
    unsigned kind;
    int here = decide_here(state, ask, hash, &kind);
    if (here != ASK)
        return enforce(state, ask->dimension, here);
    struct pe_verdict verdict;
    uint64_t generation = stamp_of(state, CACHE_GENERATION), invocation = stamp_of(state, CACHE_INVOCATION);
    if (!pe_query(ask, &verdict)) {
        pe_count_unanswered();
        return 0;
    }
    int error = verdict.decision ? (verdict.error ? verdict.error : ask->deny_errno) : 0;
    if (verdict.cache == CACHE_INVOCATION)
        cache_put(state, hash, CACHE_INVOCATION, invocation, error);
    else if (verdict.cache == CACHE_GENERATION)
        cache_put(state, hash, CACHE_GENERATION, generation, error);
    return enforce(state, ask->dimension, error);
}

bool pe_event_given(void)
{
    const struct pe_state *state = state_of();
    return state && atomic_load_explicit(&state->invocation, memory_order_relaxed) != 0;
}

int pe_judge(const struct pe_ask *ask)
{
    bool borrowed = pe_worker_borrows(ask);
    int denied = judge(ask);
    if (unlikely(borrowed))
        pe_worker_gives_back();
    return denied;
}

/* Eight bytes a step, where FNV needs four cycles a byte. Keyed by the guard's seed, which data from outside cannot know. */
static uint64_t quick_hash(const struct pe_state *state, uint8_t tag, const void *data, size_t length, uint64_t epoch)
{
    const char *at = data;
    uint64_t seed = atomic_load_explicit(&state->seed, memory_order_relaxed), hash = seed ^ (length << 8 | tag) ^ epoch * 0xA0761D6478BD642Full;
    for (; length >= 8; at += 8, length -= 8) {
        uint64_t word;
        memcpy(&word, at, 8);
        unsigned __int128 product = (unsigned __int128)(hash ^ word) * 0x9E3779B97F4A7C15ull;
        hash = (uint64_t)product ^ (uint64_t)(product >> 64) ^ (seed >> 7);
    }
    uint64_t rest = 0;
    memcpy(&rest, at, length);
    unsigned __int128 product = (unsigned __int128)(hash ^ rest) * 0xD6E8FEB86659FD93ull;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

uint64_t pe_stamp(void)
{
    const struct pe_state *state = state_of();
    return state ? stamp_of(state, CACHE_GENERATION) : 0;
}

bool pe_remembered_in(uint8_t tag, const void *data, size_t length, uint64_t epoch)
{
    const struct pe_state *state = state_of();
    unsigned kind;
    return state && cache_find(state, quick_hash(state, tag, data, length, epoch), &kind) == 0;
}

void pe_remember_in(uint8_t tag, const void *data, size_t length, uint64_t stamp, uint64_t epoch)
{
    const struct pe_state *state = state_of();
    if (state)
        cache_put(state, quick_hash(state, tag, data, length, epoch), CACHE_GENERATION, stamp, 0);
}

bool pe_remembered(uint8_t tag, const void *data, size_t length) { return pe_remembered_in(tag, data, length, 0); }
void pe_remember(uint8_t tag, const void *data, size_t length, uint64_t stamp) { pe_remember_in(tag, data, length, stamp, 0); }

uint64_t pe_links(void)
{
    static _Atomic uint64_t none = 1ull << 63;
    struct pe_ring *ring = atomic_load_explicit(&pe.ring, memory_order_relaxed);
    /* Without the count nothing that was found out holds for a second look. */
    return ring ? atomic_load_explicit(&ring->links, memory_order_acquire) : atomic_fetch_add(&none, 1);
}

void pe_links_changed(void)
{
    struct pe_ring *ring = atomic_load(&pe.ring);
    if (ring)
        atomic_fetch_add(&ring->links, 1);
}

int pe_tamper(const char *what, const char *detail, int deny_errno)
{
    struct pe_ask ask = {
        .dimension = PE_TAMPER, .deny_errno = deny_errno, .item = what, .item_length = strlen(what),
        .more = { { .data = detail, .length = strlen(detail) } }, .more_count = 1,
    };
    return pe_judge(&ask);
}
