/* The interposer's readers of foreign bytes, each with made-up input under AddressSanitizer and UndefinedBehaviorSanitizer: paths, probes' questions,
   loader variables, DNS packets, messages for databases, names of jars, classes, the guard's state region, the ring, the guard's packets. Inputs follow from a fixed seed, so a failure comes again.
   usage: fuzz INPUTS    prints `N passed, N failed`; a finding ends the program with the sanitizer's report and the input */
#include "../src/pellicle.h"
#include "../src/sys.h"
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* What these sources export would take the place of libc's own in this program. */
#define connect fuzz_connect
#define __connect fuzz___connect
#define sendto fuzz_sendto
#define send fuzz_send
#define __send fuzz___send
#define sendmsg fuzz_sendmsg
#define sendmmsg fuzz_sendmmsg
#define __sendmmsg fuzz___sendmmsg
#define getaddrinfo fuzz_getaddrinfo
#define getaddrinfo_a fuzz_getaddrinfo_a
#define gethostbyname fuzz_gethostbyname
#define gethostbyname2 fuzz_gethostbyname2
#define gethostbyname_r fuzz_gethostbyname_r
#define gethostbyname2_r fuzz_gethostbyname2_r
ssize_t fuzz_send(int, const void *, size_t, int);
ssize_t fuzz_sendmsg(int, const struct msghdr *, int);
ssize_t fuzz_write(int, const void *, size_t);
ssize_t fuzz_writev(int, const struct iovec *, int);
#include "../src/net.c"
#undef connect
#undef __connect
#undef sendto
#undef send
#undef __send
#undef sendmsg
#undef sendmmsg
#undef __sendmmsg
#undef getaddrinfo
#undef getaddrinfo_a
#undef gethostbyname
#undef gethostbyname2
#undef gethostbyname_r
#undef gethostbyname2_r
#include "../src/java.c"
#include "../src/javatls.c"
#define write fuzz_write
#define __write fuzz___write
#define writev fuzz_writev
#define protocol_of protocol_of_first
#include "../src/sql.c"
#undef write
#undef __write
#undef writev

/* ---- what lies in the other sources ---- */

struct pe_globals pe;
bool pe_attach_later(void) { return false; }
void *pe_next_symbol(const char *name) { (void)name; return NULL; }
void *pe_real_dlsym(void *handle, const char *name) { (void)handle; (void)name; return NULL; }
void *pe_symbol_of_libc(const char *name) { (void)name; return NULL; }
void *pe_symbol_in(const char *file, const char *name) { (void)file; (void)name; return NULL; }
bool pe_v8_start(void) { return false; }
void pe_v8_asked(void) { }
int pe_judge_library(const char *path, bool must_exist) { (void)must_exist; return path[0] == 0x7F; }
int pe_judge_path(uint8_t dimension, int dirfd, const char *path, bool nofollow, const char *operation)
{
    (void)dimension, (void)dirfd, (void)nofollow, (void)operation;
    return path[0] == 0x7F;
}

/* ---- input ---- */

static uint64_t state = 0x9E3779B97F4A7C15ull;
static uint32_t any(uint32_t below)
{
    state ^= state << 13, state ^= state >> 7, state ^= state << 17;
    return (uint32_t)((state >> 32) * below >> 32);
}

#define LARGEST 6000
static uint8_t input[LARGEST];
static size_t input_size;
static const char *target;

/* A grown seed: bytes changed, doubled, cut out, words put in. */
static void make(const char *const seeds[], const char *words)
{
    const char *seed = seeds[0];
    size_t count = 0;
    while (seeds[count])
        count++;
    seed = seeds[any((uint32_t)count)];
    input_size = strlen(seed);
    memcpy(input, seed, input_size);
    for (uint32_t changes = any(8); changes; changes--) {
        size_t at = any((uint32_t)input_size + 1), size = any(24);
        switch (any(6)) {
        case 0:
            if (at < input_size)
                input[at] = (uint8_t)any(256);
            break;
        case 1: /* a word, or one of its parts */
            size = strlen(words) < size ? strlen(words) : size;
            if (input_size + size < LARGEST) {
                memmove(input + at + size, input + at, input_size - at);
                memcpy(input + at, words + any((uint32_t)(strlen(words) - size + 1)), size);
                input_size += size;
            }
            break;
        case 2:
            if (at + size <= input_size) {
                memmove(input + at, input + at + size, input_size - at - size);
                input_size -= size;
            }
            break;
        case 3: /* a long run of one byte */
            size = any(LARGEST - (uint32_t)input_size);
            memmove(input + at + size, input + at, input_size - at);
            memset(input + at, any(2) ? 'a' : (int)any(256), size);
            input_size += size;
            break;
        case 4: /* the same again, up to very long */
            while (input_size && input_size * 2 < LARGEST && any(3)) {
                memcpy(input + input_size, input, input_size);
                input_size *= 2;
            }
            break;
        default:
            if (input_size < LARGEST - 1)
                input[input_size++] = (uint8_t)any(256);
        }
    }
}

/* A copy that ends where the input ends, so that one byte further is a finding. */
static char *text(void)
{
    char *copy = malloc(input_size + 1);
    memcpy(copy, input, input_size);
    copy[input_size] = 0;
    return copy;
}

#define MUST(condition) \
    do \
        if (!(condition)) { \
            fprintf(stderr, "%s: %s is not so for the input of %zu bytes\n", target, #condition, input_size); \
            abort(); \
        } \
    while (0)

static const char *const path_seeds[] = { "/var/task/index.js", "/tmp/a/../b", "//x/./y", "/", "", ".", "/proc/self/environ", "relative/../../etc/passwd", "/opt/pellicle/../x", NULL };
static const char *const probe_seeds[] = {
    "/.pellicle/ask/code/eval/1%2B1", "/.pellicle/note/library/%2Fvar%2Ftask%2Fa.so", "/.pellicle/ask/deserialize/pickle:os.system", "/.pellicle/engine", "/.pellicle/ask/code/function/x", NULL,
};
static const char *const loader_seeds[] = {
    "LD_PRELOAD=/tmp/a.so:/opt/b.so", "NODE_OPTIONS=--require /tmp/x.js --import=file:///tmp/y.mjs", "JAVA_TOOL_OPTIONS=-javaagent:/tmp/a.jar=x", "PYTHONPATH=/tmp:/var/task", "LD_LIBRARY_PATH=/tmp;/opt/lib",
    "BASH_ENV=/tmp/rc", "DOTNET_STARTUP_HOOKS=/tmp/h.dll:", "RUBYOPT=-r/tmp/x", "LD_AUDIT=/tmp/a.so", NULL,
};
static const char *const jar_seeds[] = { "file:/var/task/lib/a.jar", "jar:file:/opt/java/lib/b%20c.jar!/BOOT-INF/", "file:///x.jar", ".jarfile:/y", NULL };
static const char *const request_seeds[] = {
    "POST / HTTP/1.1\r\nHost: dynamodb.us-east-1.amazonaws.com\r\nX-Amz-Target: DynamoDB_20120810.Scan\r\nAuthorization: AWS4-HMAC-SHA256 Credential=A/1/us-east-1/dynamodb/aws4_request, Signature=0\r\n\r\n{}",
    "POST / HTTP/1.1\r\nAuthorization: AWS4-HMAC-SHA256 Credential=A/1/r/sqs/aws4_request\r\nContent-Type: application/x-www-form-urlencoded\r\n\r\nVersion=1&Action=SendMessage",
    "GET /k?X-Amz-Credential=A%2F1%2Fr%2Fs3%2Faws4_request&x=1 HTTP/1.1\r\n\r\n", "software/amazon/awssdk/services/dynamodb/transform/ScanRequestMarshaller",
    "com/amazonaws/services/dynamodbv2/model/transform/ScanRequestProtocolMarshaller", NULL,
};
static const char *const dns_seeds[] = { "\x12\x34\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x07" "example\x03" "com", NULL };

static void paths(void)
{
    make(path_seeds, "/../././//proc/self/task/1/");
    char *path = text(), buffer[PE_PATH];
    size_t length = 0;
    if (pe_clean_absolute(path, &length)) {
        MUST(length == strlen(path) && !strstr(path, "//") && !strstr(path, "/../") && !strstr(path, "/./"));
        MUST(length == 1 || path[length - 1] != '/');
    }
    pe_fixed_tree(path);
    bool bad = false;
    MUST(pe_text_length(path, PE_PATH, &bad) <= PE_PATH && !bad);
    long resolved = pe_resolve(-100 /* AT_FDCWD */, path, any(2), buffer);
    MUST(resolved < PE_PATH && (resolved < 0 || strlen(buffer) == (size_t)resolved));
    MUST(pe_hash(PE_READ, path, strlen(path)) != 0);
    pe_known(PE_READ, path, strlen(path));
    pe_remember(0x80, path, strlen(path), pe_stamp());
    pe_remembered(0x80, path, strlen(path));
    free(path);
}

static void probes(void)
{
    make(probe_seeds, "%2F%00%/ask/note/code/process/");
    char *path = text();
    if (pe_is_probe(path)) {
        int error = pe_probe(path);
        MUST(error == ENOENT || error == EACCES);
    }
    free(path);
}

static void requests(void)
{
    make(request_seeds, "\r\n\r\n: /&=?%2Faws4_request/services/transform/RequestMarshaller");
    char *bytes = malloc(input_size ? input_size : 1), *name = text();
    memcpy(bytes, input, input_size);
    struct pe_call call = { .length = 0 };
    if (pe_read_request(bytes, input_size, &call) != PE_NO_CALL) {
        MUST(call.length <= sizeof call.item && memchr(call.item, ':', call.length));
        MUST(call.host_length == 0 || (call.host >= bytes && call.host + call.host_length <= bytes + input_size));
    }
    call.length = any(sizeof call.item + 1);
    pe_read_action(bytes, input_size, &call);
    MUST(call.length <= sizeof call.item);
    MUST(judge_operation(name) == 0);
    free(bytes);
    free(name);
}

static void loader(void)
{
    make(loader_seeds, " :=\"'--require -r -javaagent:file://data:/tmp/");
    char *entry = text(), *list[2] = { entry, NULL };
    int error = pe_judge_loader(list);
    MUST(error >= 0 && error < 4096);
    free(entry);
}

static void jars(void)
{
    make(jar_seeds, "%20file:.jar//");
    char *source = text(), plain[400], shown[BEGINNING / 3 * 4];
    note_jar(source);
    from_file(source);
    is_gadget(source);
    is_ordinary(source);
    MUST(strlen(element(source, plain, sizeof plain)) <= strlen(source));
    MUST(in_base64((const unsigned char *)source, strlen(source) < BEGINNING ? strlen(source) : BEGINNING, shown) <= sizeof shown);
    free(source);
}

/* A class with a method `write` that has frames of every kind, a handler, lines, and what is left out. */
static size_t sample_class(uint8_t *to, size_t room)
{
    static const char *const texts[] = { "write", "([BII)V", "Code", "StackMapTable", "LineNumberTable", "Other" }; /* from number 1 */
    struct writer writer = { to, to + room, false }, *w = &writer;
    put4(w, 0xCAFEBABE), put4(w, 61);
    put2(w, 14);
    for (size_t i = 0; i < 6; i++)
        put_text(w, texts[i]);
    put1(w, 5), put4(w, 1), put4(w, 2); /* a long, 7 and 8 */
    put1(w, 7), put2(w, 1);
    put1(w, 3), put4(w, 7);
    put1(w, 15), put1(w, 1), put2(w, 9);
    put1(w, 12), put2(w, 1), put2(w, 2);
    put1(w, 18), put2(w, 0), put2(w, 12);
    put2(w, 1), put2(w, 9), put2(w, 9);
    put2(w, 1), put2(w, 9); /* interfaces */
    put2(w, 1), put2(w, 2), put2(w, 1), put2(w, 2), put2(w, 1), put2(w, 6), put4(w, 2), put2(w, 1); /* a field */
    put2(w, 2);
    for (unsigned method = 1; method < 3; method++) {
        put2(w, 1), put2(w, method), put2(w, 2), put2(w, 2);
        put2(w, 6), put4(w, 0);
        put2(w, 3);
        uint8_t *code = open_length(w);
        put2(w, 2), put2(w, 5), put4(w, 12);
        put(w, "codecodecode", 12);
        put2(w, 1), put2(w, 0), put2(w, 4), put2(w, 8), put2(w, 0);
        put2(w, 3);
        put2(w, 4);
        uint8_t *frames = open_length(w);
        put2(w, 7);
        if (any(2))
            put1(w, 60);
        else
            put1(w, 124), put1(w, 1);
        put1(w, 247), put2(w, 3), put1(w, 7), put2(w, 9);
        put1(w, 249), put2(w, 1);
        put1(w, 251), put2(w, 1);
        put1(w, 253), put2(w, 1), put1(w, 8), put2(w, 3), put1(w, 2);
        put1(w, 255), put2(w, 1), put2(w, 1), put1(w, 1), put2(w, 2), put1(w, 8), put2(w, 4), put1(w, 0);
        put1(w, 66), put1(w, 1);
        close_length(w, frames);
        put2(w, 5), put4(w, 6), put2(w, 1), put2(w, 2), put2(w, 9);
        put2(w, 6), put4(w, 3), put(w, "abc", 3);
        close_length(w, code);
    }
    put2(w, 1), put2(w, 6), put4(w, 0);
    MUST(!w->bad);
    return (size_t)(w->at - to);
}

static void classes(void)
{
    uint8_t sample[1024];
    size_t size = sample_class(sample, sizeof sample), changes = any(6), end = any(4) ? size : any((unsigned)size);
    for (size_t i = 0; i < changes; i++)
        sample[any((unsigned)size)] = (uint8_t)(any(3) ? any(256) : any(16));
    size_t room = any(4) ? size + 256 : any((unsigned)size + 256);
    uint8_t *class = malloc(end ? end : 1), *to = malloc(room ? room : 1);
    memcpy(class, sample, end);
    size_t written = pe_java_rewrite(class, end, to, room);
    MUST(written <= room);
    if (changes == 0 && end == size && room == size + 256) {
        /* What was written is a class of its own: with one call more it is read again. */
        uint8_t *again = malloc(written + 256);
        MUST(written > size);
        MUST(pe_java_rewrite(to, written, again, written + 256) > written);
        free(again);
    }
    free(class);
    free(to);
}

static void packets(void)
{
    make(dns_seeds, "\x03" "www\xC0\x0C\x3F\x40\x01");
    for (size_t i = 6; i < 12 && i < input_size; i++)
        input[i] = 0;
    uint8_t *packet = malloc(input_size ? input_size : 1);
    memcpy(packet, input, input_size);
    int error = pe_judge_dns(packet, input_size);
    MUST(error >= 0 && error < 4096);
    struct sockaddr_storage name;
    memset(&name, 0, sizeof name);
    memcpy(&name, input, input_size < sizeof name ? input_size : sizeof name);
    name.ss_family = any(2) ? AF_INET : AF_INET6;
    bool v4;
    uint16_t port;
    uint8_t bytes[16];
    address_of((const struct sockaddr *)&name, (socklen_t)(input_size < sizeof name ? input_size : sizeof name), bytes, &v4, &port);
    free(packet);
}

/* Messages of PostgreSQL and MySQL, whole and torn, with lengths that lie: read in one piece and in pieces, the reader stands at the same place, and never beyond its buffer. */
static void database_streams(void)
{
    struct stream *whole = &streams[0], *torn = &streams[1];
    struct place place;
    uint8_t protocol = (uint8_t)(POSTGRES_START + any(3));
    memset(&whole->cursor, 0, sizeof whole->cursor);
    whole->cursor.protocol = protocol;
    torn->cursor = whole->cursor;
    input_size = 0;
    for (uint32_t messages = any(6); messages && input_size < LARGEST - 2200; messages--) {
        uint32_t size = any(8) ? any(60) : any(2000), told = any(6) ? size : any(4) ? any(300) : UINT32_MAX;
        uint8_t *at = input + input_size;
        if (protocol == POSTGRES_START && input_size == 0 && any(4)) {
            memcpy(at, any(2) ? "\0\0\0\x08\x04\xd2\x16\x2f\0\0" : "\0\0\0\x0a\0\x03\0\0u\0", 10);
            input_size += any(2) ? 8 : 10;
            continue;
        }
        if (protocol == MYSQL) {
            at[0] = (uint8_t)told, at[1] = (uint8_t)(told >> 8), at[2] = (uint8_t)(told >> 16), at[3] = (uint8_t)any(2);
            input_size += 4;
        } else {
            uint32_t length = told + 4;
            at[0] = (uint8_t)"QPBXp"[any(5)], at[1] = (uint8_t)(length >> 24), at[2] = (uint8_t)(length >> 16), at[3] = (uint8_t)(length >> 8), at[4] = (uint8_t)length;
            input_size += 5;
        }
        for (uint32_t i = 0; i < size; i++)
            input[input_size++] = (uint8_t)"\0\x03\x16\x01select 'a'\0"[any(15)];
    }
    uint8_t *bytes = malloc(input_size ? input_size : 1);
    memcpy(bytes, input, input_size);
    feed(whole, &whole->cursor, &(struct iovec){ bytes, input_size }, 1, SIZE_MAX, true, &place);
    MUST(!place.here || (place.offset <= place.end && place.end <= input_size));
    for (size_t at = 0; at < input_size && torn->cursor.protocol != NOBODY;) {
        size_t first = any((uint32_t)(input_size - at) + 1), second = any((uint32_t)(input_size - at - first) + 1);
        struct iovec pieces[2] = { { bytes + at, first }, { bytes + at + first, second } };
        feed(torn, &torn->cursor, pieces, 2, SIZE_MAX, any(2), &place);
        MUST(!place.here || (place.piece <= place.last && place.last < 2 && place.end <= pieces[place.last].iov_len));
        at += first + second;
    }
    MUST(whole->cursor.kept <= LONGEST);
    MUST(whole->cursor.protocol == torn->cursor.protocol);
    if (whole->cursor.protocol != NOBODY)
        MUST(whole->cursor.left == torn->cursor.left && whole->cursor.kept == torn->cursor.kept && whole->cursor.text == torn->cursor.text && whole->cursor.head_length == torn->cursor.head_length);
    protocol_of_first(bytes, input_size, any(2));
    free(bytes);
}

/* The guard writes the region, but a stale or broken one must do no harm either. */
static void regions(void)
{
    struct pe_state *region = (struct pe_state *)pe.state;
    struct pe_ring *ring = pe.ring;
    uint32_t strange[] = { 0, 1, 3, 4095, 4096, 32768, PE_REGION - 8, PE_REGION - 4, PE_REGION, PE_REGION + 1, UINT32_MAX, any(UINT32_MAX) };
#define STRANGE strange[any(sizeof strange / sizeof *strange)]
    region->generation = any(4);
    region->mode = any(4);
    region->flags = any(2);
    region->invocation = any(3);
    region->table_offset = STRANGE;
    region->table_slots = any(2) ? STRANGE : 1u << any(32);
    region->prefix_offset = STRANGE;
    region->prefix_count = any(2) ? any(8) : STRANGE;
    for (int i = 0; i < 16; i++)
        ((uint8_t *)region)[80 + any(PE_REGION - 80)] = (uint8_t)any(256);
    ring->slots = any(2) ? STRANGE : 2040;
    ring->slot_size = any(2) ? STRANGE : 512;
    ring->head = any(2) ? any(5000) : UINT64_MAX - any(3);
    ring->tail = ring->head - any(3000);
    make(path_seeds, "/tmp/");
    char *item = text();
    struct pe_ask ask = { .dimension = (uint8_t)any(14), .item = item, .item_length = strlen(item), .deny_errno = EACCES };
    pe_known(ask.dimension, item, ask.item_length);
    pe_note(&ask);
    free(item);
}

/* ---- a guard that answers nonsense ---- */

static int listener;
static uint8_t answer[512];
static size_t answer_size;
static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;

static void *nonsense(void *unused)
{
    uint8_t packet[PE_MAX_MESSAGE];
    for (;;) {
        int fd = accept(listener, NULL, NULL);
        if (fd < 0)
            return unused;
        while (read(fd, packet, sizeof packet) > 0) {
            pthread_mutex_lock(&turn);
            bool sent = write(fd, answer, answer_size) == (ssize_t)answer_size;
            pthread_mutex_unlock(&turn);
            if (!sent)
                break;
        }
        close(fd);
    }
}

static void conversation(void)
{
    struct { uint32_t magic; uint16_t version, type; uint32_t length, sequence; uint8_t body[400]; } packet = { 0x4C434C50u, 1, (uint16_t)(any(4) ? 4 : any(7)), 0, any(4) ? any(100000) : 0, { 0 } };
    size_t body = any(3) ? 8 : any(sizeof packet.body);
    for (size_t i = 0; i < body; i++)
        packet.body[i] = (uint8_t)any(256);
    packet.length = any(5) ? (uint32_t)body : any(UINT32_MAX);
    if (!any(8))
        packet.magic = any(UINT32_MAX);
    pthread_mutex_lock(&turn);
    answer_size = any(20) ? 16 + body : any(16);
    memcpy(answer, &packet, answer_size);
    pthread_mutex_unlock(&turn);
    make(path_seeds, "/");
    char *item = text();
    struct pe_ask ask = { .dimension = PE_READ, .item = item, .item_length = strlen(item), .more = { { .data = item, .length = strlen(item) } }, .more_count = 1 };
    struct pe_verdict verdict = { 0, 0, 0 };
    pe_query(&ask, &verdict);
    MUST(verdict.error <= UINT16_MAX);
    free(item);
}

static void listen_for_questions(void)
{
    struct sockaddr_un name = { .sun_family = AF_UNIX };
    pe.channel_length = (size_t)snprintf(pe.channel, sizeof pe.channel, "pellicle/fuzz-%d", getpid());
    memcpy(name.sun_path + 1, pe.channel, pe.channel_length);
    listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    pthread_t thread;
    if (listener < 0 || bind(listener, (struct sockaddr *)&name, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + pe.channel_length)) || listen(listener, 64)
        || pthread_create(&thread, NULL, nonsense, NULL)) {
        perror("the guard of the fuzz test");
        exit(3);
    }
}

static void allow_all(void)
{
    struct pe_state *region = aligned_alloc(4096, PE_REGION);
    struct pe_ring *ring = aligned_alloc(4096, PE_REGION);
    memset(region, 0, PE_REGION);
    memset(ring, 0, PE_REGION);
    region->generation = 2;
    region->mode = 2;
    region->seed = 7;
    region->table_offset = 4096;
    region->table_slots = 1024;
    /* Every dimension is passed and noted: nothing is asked. */
    region->prefix_offset = 65536;
    region->prefix_count = 12;
    for (uint8_t d = 1; d <= 12; d++) {
        uint8_t rule[4] = { d, 2, 0, 0 };
        memcpy((uint8_t *)region + 65536 + (d - 1) * 4, rule, 4);
    }
    ring->slots = (PE_REGION - 4096) / 512;
    ring->slot_size = 512;
    pe.state = region;
    pe.ring = ring;
    pe.enabled = true;
    pe.root_pid = (uint32_t)getpid();
}

int main(int argc, char **argv)
{
    unsigned long inputs = argc > 1 ? strtoul(argv[1], NULL, 10) : 200000;
    static const struct { const char *name; void (*run)(void); unsigned share; } targets[] = {
        { "paths", paths, 4 }, { "probes", probes, 1 }, { "requests", requests, 1 }, { "loader", loader, 4 }, { "jars", jars, 1 }, { "packets", packets, 1 }, { "classes", classes, 1 }, { "streams", database_streams, 2 }, { "regions", regions, 1 }, { "conversation", conversation, 20 },
    };
    listen_for_questions();
    unsigned long all = 0;
    for (size_t i = 0; i < sizeof targets / sizeof *targets; i++) {
        target = targets[i].name;
        allow_all();
        for (unsigned long n = 0; n < inputs / targets[i].share; n++, all++)
            targets[i].run();
        if (strcmp(target, "regions") != 0)
            MUST(atomic_load(&pe.ring->head) <= (uint64_t)inputs * 8);
        free((void *)pe.state);
        free(pe.ring);
        pe.state = NULL;
        pe.ring = NULL;
    }
    printf("%lu inputs\n%zu passed, 0 failed\n", all, sizeof targets / sizeof *targets);
    return 0;
}
