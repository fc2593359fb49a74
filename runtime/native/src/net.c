/* Connections and name look-ups. A host is called by the name it was looked up with. */
#include "pellicle.h"
#include "sys.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#define NAMES 1024u
#define PROBES 16u
enum { TAG_DESTINATION = 0x80 | PE_HOST };

/* Which name an address was looked up with. seq is odd while an entry is being written. */
static struct { _Atomic uint32_t seq; uint8_t address[16]; char name[256]; } names[NAMES];

/* Descriptors connected to a name server, a bit each: what is sent there asks for names. A number used again is found out when it is looked at. */
#define WATCHED 65536
static _Atomic uint64_t name_servers[WATCHED / 64];

static void watch(int fd, bool on)
{
    if (fd < 0 || fd >= WATCHED)
        return;
    uint64_t bit = 1ull << (fd & 63);
    _Atomic uint64_t *word = &name_servers[fd >> 6];
    if (on)
        atomic_fetch_or(word, bit);
    else if (atomic_load_explicit(word, memory_order_relaxed) & bit)
        atomic_fetch_and(word, ~bit);
}

/* Changes when an address gets another name: what is remembered about addresses is void then. */
static _Atomic uint32_t epoch;

static uint32_t place_of(const uint8_t address[16])
{
    uint32_t hash = 2166136261u;
    for (int i = 0; i < 16; i++)
        hash = (hash ^ address[i]) * 16777619u;
    return hash;
}

static size_t find_name(const uint8_t address[16], char *to)
{
    uint32_t start = place_of(address);
    for (uint32_t i = 0; i < PROBES; i++) {
        uint32_t at = (start + i) & (NAMES - 1);
        uint32_t seq = atomic_load_explicit(&names[at].seq, memory_order_acquire);
        if (seq == 0)
            return 0;
        if ((seq & 1) || memcmp(names[at].address, address, 16) != 0)
            continue;
        size_t length = strnlen(names[at].name, 255);
        memcpy(to, names[at].name, length);
        to[length] = 0;
        atomic_thread_fence(memory_order_acquire);
        if (atomic_load_explicit(&names[at].seq, memory_order_relaxed) == seq)
            return length;
    }
    return 0;
}

static void remember_name(const uint8_t address[16], const char *name)
{
    uint32_t start = place_of(address), target = start + (start >> 16) % PROBES;
    for (uint32_t i = 0; i < PROBES; i++) {
        uint32_t at = (start + i) & (NAMES - 1);
        if (atomic_load(&names[at].seq) == 0 || memcmp(names[at].address, address, 16) == 0) {
            target = at;
            break;
        }
    }
    target &= NAMES - 1;
    char before[256];
    bool known = atomic_load(&names[target].seq) != 0 && find_name(address, before) != 0;
    uint32_t seq = atomic_load(&names[target].seq);
    if ((seq & 1) || !atomic_compare_exchange_strong(&names[target].seq, &seq, seq + 1))
        return; /* another thread writes here: the address stays a bare one, which the guard can still judge */
    memcpy(names[target].address, address, 16);
    size_t length = strnlen(name, sizeof names[target].name - 1);
    while (length > 1 && name[length - 1] == '.')
        length--;
    for (size_t i = 0; i < length; i++)
        names[target].name[i] = name[i] >= 'A' && name[i] <= 'Z' ? (char)(name[i] | 0x20) : name[i];
    names[target].name[length] = 0;
    known = known && strcmp(before, names[target].name) == 0;
    atomic_store(&names[target].seq, seq + 2);
    if (!known)
        atomic_fetch_add(&epoch, 1);
}

/* inet_ntop without locale and errno. Groups are not shortened beyond leading zeros, except the longest run by "::". */
static size_t print_address(const uint8_t address[16], bool v4, char *to)
{
    size_t n = 0;
    if (v4) {
        for (int i = 12; i < 16; i++) {
            n += pe_number(to + n, address[i]);
            to[n++] = '.';
        }
        to[--n] = 0;
        return n;
    }
    uint16_t groups[8];
    int best = -1, best_length = 1;
    for (int i = 0; i < 8; i++)
        groups[i] = (uint16_t)(address[2 * i] << 8 | address[2 * i + 1]);
    for (int i = 0; i < 8; i++) {
        int length = 0;
        while (i + length < 8 && groups[i + length] == 0)
            length++;
        if (length > best_length) {
            best = i;
            best_length = length;
        }
    }
    to[n++] = '[';
    for (int i = 0; i < 8; i++) {
        if (i == best) {
            to[n++] = ':';
            if (i == 0)
                to[n++] = ':';
            i += best_length - 1;
            continue;
        }
        bool started = false;
        for (int shift = 12; shift >= 0; shift -= 4) {
            int digit = groups[i] >> shift & 15;
            if (digit || started || shift == 0) {
                to[n++] = "0123456789abcdef"[digit];
                started = true;
            }
        }
        if (i < 7)
            to[n++] = ':';
    }
    to[n++] = ']';
    to[n] = 0;
    return n;
}

/* The 16-byte form; IPv4 is mapped. False: not an internet address. */
static bool address_of(const struct sockaddr *name, socklen_t length, uint8_t address[16], bool *v4, uint16_t *port)
{
    static const uint8_t mapped[12] = { [10] = 0xFF, [11] = 0xFF };
    if (name->sa_family == AF_INET && length >= sizeof(struct sockaddr_in)) {
        const struct sockaddr_in *in = (const void *)name;
        memcpy(address, mapped, 12);
        memcpy(address + 12, &in->sin_addr, 4);
        *v4 = true;
        *port = ntohs(in->sin_port);
        return true;
    }
    if (name->sa_family == AF_INET6 && length >= 24 /* RFC 2133's size, still accepted by Linux */) {
        const struct sockaddr_in6 *in6 = (const void *)name;
        memcpy(address, &in6->sin6_addr, 16);
        *v4 = memcmp(address, mapped, 12) == 0;
        *port = ntohs(in6->sin6_port);
        return true;
    }
    return false;
}

static const char *protocol_of(int fd, uint16_t port)
{
    if (port == 53)
        return "dns";
    int type = 0;
    socklen_t size = sizeof type;
    SYS5(SYS_getsockopt, fd, SOL_SOCKET, SO_TYPE, &type, &size);
    return type == SOCK_DGRAM ? "udp" : "tcp";
}

/* 0 or the errno of the denial. The caller has checked that the memory is readable. */
static int judge_address(int fd, const struct sockaddr *name, socklen_t length, int deny_errno)
{
    uint8_t address[16];
    bool v4;
    uint16_t port;
    if (name->sa_family == AF_UNIX) {
        const struct sockaddr_un *un = (const void *)name;
        static const char guard[] = "pellicle/";
        if (length > offsetof(struct sockaddr_un, sun_path) + sizeof guard && un->sun_path[0] == 0 && memcmp(un->sun_path + 1, guard, sizeof guard - 1) == 0)
            return pe_tamper("channel", "connect to the guard's socket", ECONNREFUSED);
        return 0;
    }
    if (!address_of(name, length, address, &v4, &port))
        return 0;
    const struct pe_state *state = atomic_load_explicit(&pe.state, memory_order_relaxed);
    static const uint8_t loopback6[16] = { [15] = 1 }, any[16] = { 0 };
    uint32_t ip;
    memcpy(&ip, address + 12, 4);
    bool local = v4 ? address[12] == 127 || ip == 0 : memcmp(address, loopback6, 16) == 0 || memcmp(address, any, 16) == 0;
    char item[320];
    size_t size;
    if (local && port && port == atomic_load_explicit(&state->proxy_port, memory_order_relaxed))
        return 0; /* who may speak there is the proxy's own decision */
    uint32_t upstream_ip = atomic_load_explicit(&state->upstream_ip, memory_order_relaxed);
    if (port && port == atomic_load_explicit(&state->upstream_port, memory_order_relaxed) && (local || (v4 && ip == upstream_ip))
        && (uint32_t)SYS0(SYS_getpid) != atomic_load_explicit(&state->guard_pid, memory_order_relaxed)) {
        size = print_address(address, v4, item);
        item[size++] = ':';
        pe_number(item + size, port);
        return pe_tamper("upstream", item, ECONNREFUSED);
    }
    struct { uint8_t address[16]; uint32_t epoch, port; } destination = { .epoch = atomic_load(&epoch), .port = port };
    memcpy(destination.address, address, 16);
    if (likely(pe_remembered(TAG_DESTINATION, &destination, sizeof destination)))
        return 0;
    uint64_t stamp = pe_stamp();
    size = find_name(address, item);
    if (size == 0)
        size = print_address(address, v4, item);
    item[size++] = ':';
    size += pe_number(item + size, port);
    enum pe_knowledge known = pe_known(PE_HOST, item, size);
    if (known == PE_KNOWN_LASTING)
        pe_remember(TAG_DESTINATION, &destination, sizeof destination, stamp);
    if (known != PE_UNKNOWN)
        return 0;
    char ip_text[64];
    const char *protocol = protocol_of(fd, port);
    struct pe_ask ask = {
        .dimension = PE_HOST, .deny_errno = deny_errno, .item = item, .item_length = size,
        .more = { { .data = ip_text, .length = print_address(address, v4, ip_text) }, { .data = protocol, .length = strlen(protocol) } },
        .more_count = 2,
    };
    return pe_judge(&ask);
}

/* Judges a copy, and the copy is what is used: another thread could change the caller's memory in between.
   Returns the errno of a denial; *use is the name to go on with. */
static int judge_destination(int fd, const struct sockaddr **use, socklen_t length, struct sockaddr_storage *copy, int deny_errno)
{
    const struct sockaddr *name = *use;
    if (name == NULL || length < sizeof(sa_family_t) || length > sizeof *copy || !pe_readable(name) || !pe_readable((const char *)name + length - 1))
        return 0; /* the kernel will refuse it */
    memcpy(copy, name, length);
    *use = (const struct sockaddr *)copy;
    int saved = errno;
    int denied = judge_address(fd, *use, length, deny_errno);
    errno = denied ? denied : saved;
    return denied;
}

static bool is_name_server(const struct sockaddr *name, socklen_t length)
{
    uint8_t address[16];
    bool v4;
    uint16_t port;
    return address_of(name, length, address, &v4, &port) && port == 53;
}

/* A packet to a name server asks for a name like getaddrinfo does. 0 or the errno of the denial. */
static int judge_packet(const void *data, size_t size, bool stream, int deny_errno)
{
    const uint8_t *packet = data;
    int denied;
    if (data == NULL || !pe_readable(data) || (size && !pe_readable(packet + size - 1)))
        return 0;
    if (stream && size >= 2 && ((size_t)packet[0] << 8 | packet[1]) + 2 >= size) { /* RFC 1035: over TCP its length stands before it */
        packet += 2;
        size -= 2;
    }
    int saved = errno;
    denied = pe_judge_dns(packet, size) ? deny_errno : 0;
    errno = denied ? denied : saved;
    return denied;
}

static int judge_sent(int fd, const void *data, size_t size)
{
    struct sockaddr_storage peer;
    socklen_t length = sizeof peer;
    if (likely(fd < 0 || fd >= WATCHED || !(atomic_load_explicit(&name_servers[fd >> 6], memory_order_relaxed) & 1ull << (fd & 63))))
        return 0;
    if (SYS3(SYS_getpeername, fd, &peer, &length) < 0 || !is_name_server((struct sockaddr *)&peer, length)) {
        watch(fd, false);
        return 0;
    }
    int type = 0;
    socklen_t type_size = sizeof type;
    SYS5(SYS_getsockopt, fd, SOL_SOCKET, SO_TYPE, &type, &type_size);
    return judge_packet(data, size, type == SOCK_STREAM, ECONNREFUSED);
}

EXPORT int connect(int fd, const struct sockaddr *name, socklen_t length)
{
    struct sockaddr_storage copy;
    if (pe_active()) {
        if (judge_destination(fd, &name, length, &copy, ECONNREFUSED))
            return -1;
        if (name == (const struct sockaddr *)&copy)
            watch(fd, is_name_server(name, length));
        if (fd >= 0 && name) {
            pe_worker_connects(fd, name, length);
            pe_stream_watch(fd, true);
        }
    }
    return NEXT(connect)(fd, name, length);
}
EXPORT int __connect(int fd, const struct sockaddr *name, socklen_t length) { return connect(fd, name, length); }

struct sending { int fd; const void *data; size_t size; int flags; const struct msghdr *message; };

static ssize_t send_bytes(void *context, const struct iovec *changed, size_t count)
{
    const struct sending *s = context;
    (void)count;
    return NEXT(send)(s->fd, changed ? changed->iov_base : s->data, s->size, s->flags);
}

static ssize_t send_message(void *context, const struct iovec *changed, size_t count)
{
    const struct sending *s = context;
    struct msghdr own = *s->message;
    if (changed) {
        own.msg_iov = (struct iovec *)changed;
        own.msg_iovlen = count;
    }
    return NEXT(sendmsg)(s->fd, &own, s->flags);
}

static ssize_t stream_bytes(int fd, const void *data, size_t size, int flags)
{
    struct sending s = { .fd = fd, .data = data, .size = size, .flags = flags };
    struct iovec piece = { (void *)data, size };
    return pe_stream_send(fd, &piece, 1, send_bytes, &s);
}

static ssize_t stream_message(int fd, const struct msghdr *message, int flags)
{
    struct sending s = { .fd = fd, .message = message, .flags = flags };
    return pe_stream_send(fd, message->msg_iov, message->msg_iovlen, send_message, &s);
}

EXPORT ssize_t sendto(int fd, const void *data, size_t size, int flags, const struct sockaddr *name, socklen_t length)
{
    struct sockaddr_storage copy;
    if (pe_active()) {
        if (name && judge_destination(fd, &name, length, &copy, EPERM))
            return -1;
        if (name == (const struct sockaddr *)&copy ? is_name_server(name, length) && judge_packet(data, size, false, EPERM) : judge_sent(fd, data, size))
            return -1;
        if (!name && pe_stream_watched(fd))
            return stream_bytes(fd, data, size, flags);
    }
    return NEXT(sendto)(fd, data, size, flags, name, length);
}

EXPORT ssize_t send(int fd, const void *data, size_t size, int flags)
{
    if (pe_active() && judge_sent(fd, data, size))
        return -1;
    if (pe_stream_watched(fd))
        return stream_bytes(fd, data, size, flags);
    return NEXT(send)(fd, data, size, flags);
}
EXPORT ssize_t __send(int fd, const void *data, size_t size, int flags) { return send(fd, data, size, flags); }

/* The name asked for stands at the packet's beginning, which programs keep in one piece. */
static int judge_message(int fd, const struct msghdr *message, const struct sockaddr *name)
{
    if (message->msg_iovlen == 0 || !pe_readable(message->msg_iov))
        return 0;
    const struct iovec *first = message->msg_iov;
    if (name)
        return is_name_server(name, message->msg_namelen) ? judge_packet(first->iov_base, first->iov_len, false, EPERM) : 0;
    return judge_sent(fd, first->iov_base, first->iov_len);
}

EXPORT ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
    struct sockaddr_storage copy;
    struct msghdr own;
    if (message && pe_active() && pe_readable(message)) {
        own = *message;
        const struct sockaddr *name = own.msg_name;
        if ((name && judge_destination(fd, &name, own.msg_namelen, &copy, EPERM)) || judge_message(fd, &own, name == (void *)&copy ? name : NULL))
            return -1;
        own.msg_name = (void *)name;
        message = &own;
        if (!name && pe_stream_watched(fd))
            return stream_message(fd, message, flags);
    }
    return NEXT(sendmsg)(fd, message, flags);
}

EXPORT int sendmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags)
{
    struct sockaddr_storage copy;
    /* One at a time, as the kernel may: a stream's bytes are read in their order. */
    if (messages && count && pe_stream_watched(fd) && pe_active() && pe_readable(messages) && !messages->msg_hdr.msg_name) {
        ssize_t sent = sendmsg(fd, &messages->msg_hdr, flags);
        if (sent >= 0)
            messages->msg_len = (unsigned)sent;
        return sent < 0 ? -1 : 1;
    }
    if (messages && pe_active() && pe_readable(messages))
        for (unsigned i = 0; i < count && i < 1024 /* UIO_MAXIOV: the kernel sends no more */; i++) {
            const struct msghdr *header = &messages[i].msg_hdr;
            if (!pe_readable(header))
                break;
            const struct sockaddr *name = header->msg_name;
            if ((!name || judge_destination(fd, &name, header->msg_namelen, &copy, EPERM) == 0) && judge_message(fd, header, name == (void *)&copy ? name : NULL) == 0)
                continue;
            if (i == 0)
                return -1;
            count = i; /* as the kernel does: those before the refused one are sent */
        }
    return NEXT(sendmmsg)(fd, messages, count, flags);
}
EXPORT int __sendmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags) { return sendmmsg(fd, messages, count, flags); }

/* 0 or the errno of the denial; numeric hosts are no look-up. */
static int judge_name(const char *name)
{
    uint8_t bytes[16];
    char item[264];
    if (!pe_active() || inet_pton(AF_INET, name, bytes) == 1 || inet_pton(AF_INET6, name, bytes) == 1)
        return 0;
    size_t length = strnlen(name, 255);
    while (length > 1 && name[length - 1] == '.')
        length--;
    if (length == 0)
        return 0;
    for (size_t i = 0; i < length; i++)
        item[i] = name[i] >= 'A' && name[i] <= 'Z' ? (char)(name[i] | 0x20) : name[i];
    memcpy(item + length, ":0", 3);
    struct pe_ask ask = {
        .dimension = PE_HOST, .deny_errno = ECONNREFUSED, .item = item, .item_length = length + 2,
        .more = { { .data = "", .length = 0 }, { .data = "dns", .length = 3 } }, .more_count = 2,
    };
    int saved = errno;
    int denied = pe_judge(&ask);
    errno = saved;
    return denied;
}

int pe_judge_dns(const void *packet, size_t size)
{
    const uint8_t *at = packet;
    char name[256];
    size_t n = 0, i = 12;
    /* A question (not an answer) with at least one name. */
    if (size < 17 || (at[2] & 0x80) || (at[4] << 8 | at[5]) == 0)
        return 0;
    while (i < size && at[i]) {
        size_t length = at[i];
        if (length > 63 || i + 1 + length >= size || n + length + 1 >= sizeof name)
            return 0; /* not a name */
        if (n)
            name[n++] = '.';
        for (size_t k = 0; k < length; k++) /* what no name should hold stays visible */
            name[n++] = at[i + 1 + k] > ' ' && at[i + 1 + k] < 0x7F ? (char)at[i + 1 + k] : '?';
        i += 1 + length;
    }
    name[n] = 0;
    return n ? judge_name(name) : 0;
}

static void remember_list(char **addresses, int family, const char *name)
{
    for (; addresses && *addresses; addresses++) {
        uint8_t address[16] = { [10] = 0xFF, [11] = 0xFF };
        memcpy(family == AF_INET ? address + 12 : address, *addresses, family == AF_INET ? 4 : 16);
        remember_name(address, name);
    }
}

EXPORT int getaddrinfo(const char *restrict node, const char *restrict service, const struct addrinfo *restrict hints, struct addrinfo **restrict result)
{
    bool look = node && *node && pe_active() && !(hints && (hints->ai_flags & AI_NUMERICHOST));
    if (look && judge_name(node))
        return EAI_FAIL;
    int status = NEXT(getaddrinfo)(node, service, hints, result);
    uint8_t bytes[16];
    if (!look || status != 0 || inet_pton(AF_INET, node, bytes) == 1 || inet_pton(AF_INET6, node, bytes) == 1)
        return status;
    for (const struct addrinfo *a = *result; a; a = a->ai_next) {
        bool v4;
        uint16_t port;
        if (a->ai_addr && address_of(a->ai_addr, a->ai_addrlen, bytes, &v4, &port))
            remember_name(bytes, node);
    }
    return status;
}

static struct hostent *found(struct hostent *host, const char *name)
{
    if (host && pe_active())
        remember_list(host->h_addr_list, host->h_addrtype, name);
    return host;
}

static bool refused(const char *name, int *error)
{
    if (!name || !judge_name(name))
        return false;
    *error = NO_RECOVERY;
    return true;
}

EXPORT struct hostent *gethostbyname(const char *name) { return refused(name, &h_errno) ? NULL : found(NEXT(gethostbyname)(name), name); }
EXPORT struct hostent *gethostbyname2(const char *name, int family)
{
    return refused(name, &h_errno) ? NULL : found(NEXT(gethostbyname2)(name, family), name);
}
EXPORT int gethostbyname_r(const char *restrict name, struct hostent *restrict host, char *restrict buffer, size_t size, struct hostent **restrict result, int *restrict error)
{
    if (refused(name, error)) {
        *result = NULL;
        return EACCES;
    }
    int status = NEXT(gethostbyname_r)(name, host, buffer, size, result, error);
    if (status == 0)
        found(*result, name);
    return status;
}
EXPORT int gethostbyname2_r(const char *restrict name, int family, struct hostent *restrict host, char *restrict buffer, size_t size, struct hostent **restrict result, int *restrict error)
{
    if (refused(name, error)) {
        *result = NULL;
        return EACCES;
    }
    int status = NEXT(gethostbyname2_r)(name, family, host, buffer, size, result, error);
    if (status == 0)
        found(*result, name);
    return status;
}

/* Several names at once, perhaps in the background: then what they lead to is not known by name. */
EXPORT int getaddrinfo_a(int mode, struct gaicb *list[restrict], int count, struct sigevent *restrict event)
{
    __typeof__(&getaddrinfo_a) next = NEXT(getaddrinfo_a);
    for (int i = 0; list && i < count && pe_active(); i++)
        if (list[i] && list[i]->ar_name && *list[i]->ar_name && judge_name(list[i]->ar_name)) {
            errno = EACCES;
            return EAI_SYSTEM;
        }
    return next ? next(mode, list, count, event) : EAI_SYSTEM;
}

/* The resolver's own functions; programs built for older glibc call them with the underscores. */
extern int res_query(const char *, int, int, unsigned char *, int);
extern int res_search(const char *, int, int, unsigned char *, int);
extern int res_nquery(void *, const char *, int, int, unsigned char *, int);
extern int res_nsearch(void *, const char *, int, int, unsigned char *, int);
extern int __res_query(const char *, int, int, unsigned char *, int);
extern int __res_search(const char *, int, int, unsigned char *, int);
extern int __res_nquery(void *, const char *, int, int, unsigned char *, int);
extern int __res_nsearch(void *, const char *, int, int, unsigned char *, int);
#define RESOLVE(symbol) \
    EXPORT int symbol(const char *name, int class, int type, unsigned char *answer, int size) \
    { \
        __typeof__(&symbol) next = NEXT(symbol); \
        if (refused(name, &h_errno) || !next) \
            return -1; \
        return next(name, class, type, answer, size); \
    }
#define RESOLVE_WITH(symbol) \
    EXPORT int symbol(void *state, const char *name, int class, int type, unsigned char *answer, int size) \
    { \
        __typeof__(&symbol) next = NEXT(symbol); \
        if (refused(name, &h_errno) || !next) \
            return -1; \
        return next(state, name, class, type, answer, size); \
    }
#define RESOLVE_IN(symbol) \
    EXPORT int symbol(const char *name, const char *domain, int class, int type, unsigned char *answer, int size) \
    { \
        __typeof__(&symbol) next = NEXT(symbol); \
        if (refused_in(name, domain) || !next) \
            return -1; \
        return next(name, domain, class, type, answer, size); \
    }
#define RESOLVE_IN_WITH(symbol) \
    EXPORT int symbol(void *state, const char *name, const char *domain, int class, int type, unsigned char *answer, int size) \
    { \
        __typeof__(&symbol) next = NEXT(symbol); \
        if (refused_in(name, domain) || !next) \
            return -1; \
        return next(state, name, domain, class, type, answer, size); \
    }
#define RESOLVE_PACKET(symbol) \
    EXPORT int symbol(const unsigned char *packet, int length, unsigned char *answer, int size) \
    { \
        __typeof__(&symbol) next = NEXT(symbol); \
        if (refused_packet(packet, length) || !next) \
            return -1; \
        return next(packet, length, answer, size); \
    }
#define RESOLVE_PACKET_WITH(symbol) \
    EXPORT int symbol(void *state, const unsigned char *packet, int length, unsigned char *answer, int size) \
    { \
        __typeof__(&symbol) next = NEXT(symbol); \
        if (refused_packet(packet, length) || !next) \
            return -1; \
        return next(state, packet, length, answer, size); \
    }
static bool refused_in(const char *name, const char *domain)
{
    char whole[520];
    if (!name)
        return false;
    size_t length = strnlen(name, 255), more = domain ? strnlen(domain, 255) : 0;
    memcpy(whole, name, length);
    if (more) {
        whole[length++] = '.';
        memcpy(whole + length, domain, more);
    }
    whole[length + more] = 0;
    return refused(whole, &h_errno);
}

static bool refused_packet(const unsigned char *packet, int length)
{
    if (!packet || length <= 0 || !pe_active() || !pe_readable(packet) || !pe_readable(packet + length - 1) || !pe_judge_dns(packet, (size_t)length))
        return false;
    errno = ECONNREFUSED;
    return true;
}

extern int res_querydomain(const char *, const char *, int, int, unsigned char *, int);
extern int __res_querydomain(const char *, const char *, int, int, unsigned char *, int);
extern int res_nquerydomain(void *, const char *, const char *, int, int, unsigned char *, int);
extern int __res_nquerydomain(void *, const char *, const char *, int, int, unsigned char *, int);
extern int res_send(const unsigned char *, int, unsigned char *, int);
extern int __res_send(const unsigned char *, int, unsigned char *, int);
extern int res_nsend(void *, const unsigned char *, int, unsigned char *, int);
extern int __res_nsend(void *, const unsigned char *, int, unsigned char *, int);
RESOLVE_IN(res_querydomain)
RESOLVE_IN(__res_querydomain)
RESOLVE_IN_WITH(res_nquerydomain)
RESOLVE_IN_WITH(__res_nquerydomain)
RESOLVE_PACKET(res_send)
RESOLVE_PACKET(__res_send)
RESOLVE_PACKET_WITH(res_nsend)
RESOLVE_PACKET_WITH(__res_nsend)
RESOLVE(res_query)
RESOLVE(res_search)
RESOLVE(__res_query)
RESOLVE(__res_search)
RESOLVE_WITH(res_nquery)
RESOLVE_WITH(res_nsearch)
RESOLVE_WITH(__res_nquery)
RESOLVE_WITH(__res_nsearch)
