/* The connection to the guard. Raw system calls only: it must work in vfork children and signal handlers. */
#include "pellicle.h"
#include "sys.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>

#define MAGIC 0x4C434C50u
#define TIMEOUT_MS 250
#define BUSY_MS 4000       /* what a guard that said WAIT may take; its own limit is below */
#define PATIENCE 3         /* timeouts in a row (one may be a freeze of the environment) after which... */
#define PAUSE_MS 1000      /* ...calls go on unasked and counted for this long, instead of waiting each */
#define KEPT 4             /* connections kept open; a caller that finds all busy opens its own */
#define HIGH_FD 1000

enum { HELLO = 1, WELCOME, QUERY, VERDICT, NOTE, LISTENER, WAIT };

struct header { uint32_t magic; uint16_t version, type; uint32_t length, sequence; };

/* INVARIANT: fields beside busy are touched only by the holder of busy. */
static struct kept { _Atomic uint32_t busy; int fd; uint64_t inode, device; } kept[KEPT];
static _Atomic uint32_t sequence;
static _Atomic int64_t paused_until;
static _Atomic uint32_t timeouts;

/* Owner of `kept`. The page is wiped in fork children, and shared with vfork children: that tells them apart. */
static _Atomic uint32_t *owner;

static int64_t now_ms(void)
{
    struct timespec t = { 0 };
    SYS2(SYS_clock_gettime, CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

uint8_t pe_flags(void)
{
    const struct pe_state *state = atomic_load(&pe.state);
    uint8_t flags = (uint32_t)SYS0(SYS_getpid) != pe.root_pid ? PE_CHILD : 0;
    if (state && atomic_load_explicit(&state->invocation, memory_order_relaxed) == 0)
        flags |= PE_INIT;
    return flags;
}

static bool set_deadline(int fd, int64_t deadline)
{
    int64_t left = deadline - now_ms();
    if (left <= 0)
        return false;
    struct timeval wait = { .tv_sec = left / 1000, .tv_usec = (left % 1000) * 1000 };
    return SYS5(SYS_setsockopt, fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait) == 0
        && SYS5(SYS_setsockopt, fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait) == 0;
}

static bool send_all(int fd, struct iovec *pieces, size_t count)
{
    struct msghdr message = { .msg_iov = pieces, .msg_iovlen = count };
    long sent;
    do
        sent = SYS3(SYS_sendmsg, fd, &message, MSG_NOSIGNAL);
    while (sent == -EINTR);
    return sent > 0;
}

/* One packet; descriptors that came with it go to fds (at most two), the rest are closed by the kernel's truncation. */
static long receive(int fd, struct header *header, void *body, size_t capacity, int fds[2])
{
    union { struct cmsghdr align; char bytes[CMSG_SPACE(2 * sizeof(int))]; } control;
    struct iovec pieces[2] = { { header, sizeof *header }, { body, capacity } };
    struct msghdr message = { .msg_iov = pieces, .msg_iovlen = 2 };
    if (fds) {
        message.msg_control = control.bytes;
        message.msg_controllen = sizeof control.bytes;
    }
    long got;
    do
        got = SYS3(SYS_recvmsg, fd, &message, MSG_CMSG_CLOEXEC);
    while (got == -EINTR);
    if (fds && got >= 0) {
        struct cmsghdr *c = CMSG_FIRSTHDR(&message);
        if (c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS) {
            size_t count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
            memcpy(fds, CMSG_DATA(c), (count < 2 ? count : 2) * sizeof(int));
        }
    }
    if (got < (long)sizeof *header)
        return got < 0 ? got : -EPIPE;
    got -= (long)sizeof *header;
    if (header->magic != MAGIC || header->version != 1 || header->length != (uint32_t)got || (message.msg_flags & MSG_TRUNC))
        return -EPROTO;
    return got;
}

static void map_regions(const int fds[2])
{
    if (fds[0] < 0 || fds[1] < 0 || atomic_load(&pe.state))
        return;
    /* Smaller files would fault on access. */
    if (SYS3(SYS_lseek, fds[0], 0, SEEK_END) < (long)PE_REGION || SYS3(SYS_lseek, fds[1], 0, SEEK_END) < (long)PE_REGION) {
        pe_count_fault();
        return;
    }
    long state = SYS6(SYS_mmap, 0, PE_REGION, PROT_READ, MAP_SHARED, fds[0], 0);
    long ring = SYS6(SYS_mmap, 0, PE_REGION, PROT_READ | PROT_WRITE, MAP_SHARED, fds[1], 0);
    bool mapped = (unsigned long)state < -4096ul && (unsigned long)ring < -4096ul;
    if (mapped && ((struct pe_state *)state)->magic == MAGIC && ((struct pe_state *)state)->version == 1) {
        /* The ring can be written by every process of the function: one that somebody spoiled must not leave the next process unjudged. */
        if (((struct pe_ring *)ring)->magic == MAGIC && ((struct pe_ring *)ring)->version == 1)
            atomic_store(&pe.ring, (struct pe_ring *)ring);
        else
            SYS2(SYS_munmap, ring, PE_REGION);
        atomic_store(&pe.state, (const struct pe_state *)state);
        return;
    }
    if ((unsigned long)state < -4096ul)
        SYS2(SYS_munmap, state, PE_REGION);
    if ((unsigned long)ring < -4096ul)
        SYS2(SYS_munmap, ring, PE_REGION);
}

/* Connects and says hello. Returns the descriptor or -1. */
static int open_connection(int64_t deadline)
{
    struct sockaddr_un name = { .sun_family = AF_UNIX };
    memcpy(name.sun_path + 1, pe.channel, pe.channel_length);
    int fd = (int)SYS3(SYS_socket, AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    socklen_t length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + pe.channel_length);
    if (!set_deadline(fd, deadline) || SYS3(SYS_connect, fd, &name, length) < 0)
        goto failed;
    uint32_t hello[2] = { (uint32_t)SYS0(SYS_getpid), 1 };
    struct header header = { MAGIC, 1, HELLO, sizeof hello, atomic_fetch_add(&sequence, 1) };
    struct iovec pieces[2] = { { &header, sizeof header }, { hello, sizeof hello } };
    uint32_t welcome[2];
    int fds[2] = { -1, -1 };
    if (!send_all(fd, pieces, 2))
        goto failed;
    long got = receive(fd, &header, welcome, sizeof welcome, fds);
    bool good = got == sizeof welcome && header.type == WELCOME;
    if (good)
        map_regions(fds);
    for (int i = 0; i < 2; i++)
        if (fds[i] >= 0)
            SYS1(SYS_close, fds[i]);
    if (good)
        return fd;
failed:
    SYS1(SYS_close, fd);
    return -1;
}

/* Out of the way of programs that count on low numbers. */
static int move_high(int fd)
{
    long high = SYS3(SYS_fcntl, fd, F_DUPFD_CLOEXEC, HIGH_FD);
    if (high < 0)
        high = SYS3(SYS_fcntl, fd, F_DUPFD_CLOEXEC, 200);
    if (high < 0)
        return fd;
    SYS1(SYS_close, fd);
    return (int)high;
}

static bool identify(int fd, uint64_t *inode, uint64_t *device)
{
    struct stat info;
    if (SYS2(SYS_fstat, fd, &info) < 0 || (info.st_mode & S_IFMT) != S_IFSOCK)
        return false;
    *inode = info.st_ino;
    *device = info.st_dev;
    return true;
}

/* The program may have closed our descriptor and got the number for something else. */
static bool still_ours(const struct kept *k)
{
    uint64_t inode, device;
    return k->fd > 0 && identify(k->fd, &inode, &device) && inode == k->inode && device == k->device;
}

static bool owns_kept(void)
{
    uint32_t pid = (uint32_t)SYS0(SYS_getpid);
    if (!owner)
        return false;
    uint32_t current = atomic_load(owner);
    if (current == pid)
        return true;
    if (current != 0)
        return false; /* vfork child: the parent's memory */
    /* Fork child: its copies of the descriptors lead to the parent's conversation. Only this thread exists. */
    if (!atomic_compare_exchange_strong(owner, &current, pid))
        return current == pid;
    for (int i = 0; i < KEPT; i++) {
        if (still_ours(&kept[i]))
            SYS1(SYS_close, kept[i].fd);
        kept[i].fd = 0;
        atomic_store(&kept[i].busy, 0);
    }
    return true;
}

static bool converse(int fd, int64_t deadline, uint16_t type, struct iovec *pieces, size_t count, struct header *header, struct pe_verdict *verdict)
{
    struct { uint8_t decision, cache; uint16_t error; uint32_t reserved; } body;
    uint32_t expected = header->sequence;
    if (!set_deadline(fd, deadline) || !send_all(fd, pieces, count))
        return false;
    if (type == NOTE)
        return true;
    long got = receive(fd, header, &body, sizeof body, NULL);
    /* It compares a large event: who makes the event large must not be let go for it. */
    if (got == 0 && header->type == WAIT && header->sequence == expected && set_deadline(fd, deadline - TIMEOUT_MS + BUSY_MS))
        got = receive(fd, header, &body, sizeof body, NULL);
    if (got != sizeof body || header->type != VERDICT || header->sequence != expected) {
        if (got >= 0 || got == -EPROTO)
            pe_count_fault();
        return false;
    }
    *verdict = (struct pe_verdict){ body.decision, body.cache, body.error };
    return true;
}

static bool exchange(uint16_t type, struct iovec *pieces, size_t count, struct header *header, struct pe_verdict *verdict)
{
    int64_t start = now_ms();
    if (start < atomic_load(&paused_until))
        return false;
    int64_t deadline = start + TIMEOUT_MS;
    struct header first = *header;
    struct kept *mine = NULL;
    if (owns_kept())
        for (int i = 0; i < KEPT && !mine; i++) {
            uint32_t idle = 0;
            if (atomic_compare_exchange_strong(&kept[i].busy, &idle, 1))
                mine = &kept[i];
        }
    bool answered = false;
    bool reused = mine && still_ours(mine);
    int fd = reused ? mine->fd : -1;
    for (int attempt = 0; attempt < 2 && !answered; attempt++) {
        if (fd < 0) {
            fd = open_connection(deadline);
            if (fd < 0)
                break;
            if (mine)
                fd = move_high(fd);
            reused = false;
        }
        *header = first;
        answered = converse(fd, deadline, type, pieces, count, header, verdict);
        if (!answered) {
            SYS1(SYS_close, fd); /* a late answer must never be read as the next one's */
            fd = -1;
            if (!reused)
                break; /* a kept connection may belong to a guard that was restarted; a fresh one has no excuse */
        }
    }
    if (mine) {
        mine->fd = 0;
        if (fd >= 0 && identify(fd, &mine->inode, &mine->device))
            mine->fd = fd;
        atomic_store(&mine->busy, 0);
    } else if (fd >= 0) {
        SYS1(SYS_close, fd);
    }
    if (answered)
        atomic_store(&timeouts, 0);
    else if (now_ms() >= deadline && atomic_fetch_add(&timeouts, 1) + 1 >= PATIENCE)
        atomic_store(&paused_until, now_ms() + PAUSE_MS);
    return answered;
}

static bool transmit(uint16_t type, const struct pe_ask *ask, struct pe_verdict *verdict)
{
    uint8_t flags = ask->flags | pe_flags() | (ask->dimension == PE_HOST && pe_tells_calls ? PE_TELLS_CALLS : 0);
    uint64_t invocation = pe_invocation(&flags);
    struct { uint8_t dimension, flags; uint16_t count; uint32_t pid; uint64_t invocation; } body = {
        ask->dimension, flags, (uint16_t)(ask->more_count + 1), (uint32_t)SYS0(SYS_getpid), invocation,
    };
    struct header header = { .magic = MAGIC, .version = 1, .type = type, .sequence = atomic_fetch_add(&sequence, 1) };
    int piece_count = 4;
    for (int i = 0; i < ask->more_count; i++)
        piece_count += 1 + (ask->more[i].pieces ? ask->more[i].piece_count : 1);
    struct iovec pieces[piece_count];
    uint32_t lengths[4];
    size_t at = 0, room = PE_MAX_MESSAGE - sizeof header - sizeof body - 4 * sizeof(uint32_t);
    pieces[at++] = (struct iovec){ &header, sizeof header };
    pieces[at++] = (struct iovec){ &body, sizeof body };
    lengths[0] = (uint32_t)(ask->item_length < room ? ask->item_length : room);
    pieces[at++] = (struct iovec){ &lengths[0], 4 };
    pieces[at++] = (struct iovec){ (void *)ask->item, lengths[0] };
    room -= lengths[0];
    uint32_t total = (uint32_t)sizeof body + 4 + lengths[0];
    for (int i = 0; i < ask->more_count; i++) {
        const struct pe_field *field = &ask->more[i];
        uint32_t *length = &lengths[i + 1];
        *length = (uint32_t)(field->length < room ? field->length : room);
        pieces[at++] = (struct iovec){ length, 4 };
        if (field->pieces) {
            size_t left = *length;
            for (int p = 0; p < field->piece_count; p++) {
                pieces[at] = field->pieces[p];
                if (pieces[at].iov_len > left)
                    pieces[at].iov_len = left;
                left -= pieces[at++].iov_len;
            }
            *length -= (uint32_t)left;
        } else {
            pieces[at++] = (struct iovec){ (void *)field->data, *length };
        }
        room -= *length;
        total += 4 + *length;
    }
    header.length = total;

    /* A handler that runs in the middle could jump away and leave the connection busy for ever. */
    uint64_t all = ~0ull, before = 0;
    SYS4(SYS_rt_sigprocmask, SIG_BLOCK, &all, &before, 8);
    bool answered = exchange(type, pieces, at, &header, verdict);
    SYS4(SYS_rt_sigprocmask, SIG_SETMASK, &before, 0, 8);
    return answered;
}

bool pe_query(const struct pe_ask *ask, struct pe_verdict *verdict) { return transmit(QUERY, ask, verdict); }

bool pe_send_note(const struct pe_ask *ask)
{
    struct pe_verdict none;
    return transmit(NOTE, ask, &none);
}

bool pe_channel_attach(void)
{
    if (!owner) {
        long page = SYS6(SYS_mmap, 0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if ((unsigned long)page < -4096ul) {
            if (SYS3(SYS_madvise, page, 4096, 18 /* MADV_WIPEONFORK, Linux 4.14 */) == 0) {
                owner = (_Atomic uint32_t *)page;
                atomic_store(owner, (uint32_t)SYS0(SYS_getpid));
            } else {
                SYS2(SYS_munmap, page, 4096); /* then every question opens its own connection */
            }
        }
    }
    uint64_t all = ~0ull, before = 0;
    SYS4(SYS_rt_sigprocmask, SIG_BLOCK, &all, &before, 8);
    int fd = open_connection(now_ms() + TIMEOUT_MS);
    uint32_t idle = 0;
    if (fd >= 0 && owns_kept() && atomic_compare_exchange_strong(&kept[0].busy, &idle, 1)) {
        fd = move_high(fd);
        if (still_ours(&kept[0]))
            SYS1(SYS_close, kept[0].fd);
        kept[0].fd = identify(fd, &kept[0].inode, &kept[0].device) ? fd : 0;
        atomic_store(&kept[0].busy, 0);
    } else if (fd >= 0) {
        SYS1(SYS_close, fd);
    }
    SYS4(SYS_rt_sigprocmask, SIG_SETMASK, &before, 0, 8);
    return atomic_load(&pe.state) != NULL;
}

int pe_channel_open(void) { return open_connection(now_ms() + TIMEOUT_MS); }

/* Gives the guard the descriptor by which the kernel asks about system calls. The message is in its queue when this returns, whatever the answer. */
bool pe_hand_over(int connection, int listener, bool trial)
{
    uint32_t body[2] = { (uint32_t)SYS0(SYS_getpid), trial };
    struct header header = { MAGIC, 1, LISTENER, sizeof body, atomic_fetch_add(&sequence, 1) };
    union { struct cmsghdr align; char bytes[CMSG_SPACE(sizeof(int))]; } control = { .align = { .cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS } };
    struct iovec pieces[2] = { { &header, sizeof header }, { body, sizeof body } };
    struct msghdr message = { .msg_iov = pieces, .msg_iovlen = 2, .msg_control = control.bytes, .msg_controllen = sizeof control.bytes };
    struct { uint8_t decision, cache; uint16_t error; uint32_t reserved; } verdict;
    memcpy(CMSG_DATA(&control.align), &listener, sizeof listener);
    return set_deadline(connection, now_ms() + TIMEOUT_MS) && SYS3(SYS_sendmsg, connection, &message, MSG_NOSIGNAL) > 0
        && receive(connection, &header, &verdict, sizeof verdict, NULL) == sizeof verdict && header.type == VERDICT && verdict.decision == 0;
}
