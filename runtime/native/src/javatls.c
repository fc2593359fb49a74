/* Java encrypts in Java code that no symbol passes. When a driver asks a database for encryption, in clear, the stream of the JDK's TLS sockets learns to show what it is about to send:
   its class is exchanged for one whose method `write` first calls us, by JVMTI, in the running JVM. A function that speaks to no database on an encrypted connection never gets here.
   Decision 0019. */
#include "pellicle.h"
#include "jvm.h"
#include "sys.h"
#include <string.h>
#include <sys/mman.h>

/* ---- the class ---- */

#define OUR_CLASS "sun/security/ssl/Statements$Pellicle"
#define OUR_METHOD "look"
#define OUR_TYPE "(Ljava/lang/Object;[BII)[B"

struct reader { const uint8_t *at, *end; bool bad; };
struct writer { uint8_t *at, *end; bool bad; };

static const uint8_t *take(struct reader *r, size_t size)
{
    static const uint8_t none[8];
    if ((size_t)(r->end - r->at) < size) {
        r->bad = true;
        r->at = r->end;
        return size <= sizeof none ? none : NULL;
    }
    const uint8_t *from = r->at;
    r->at += size;
    return from;
}
static unsigned take1(struct reader *r) { return *take(r, 1); }
static unsigned take2(struct reader *r)
{
    const uint8_t *at = take(r, 2);
    return (unsigned)at[0] << 8 | at[1];
}
static uint32_t take4(struct reader *r)
{
    uint32_t high = take2(r);
    return high << 16 | take2(r);
}

static void put(struct writer *w, const void *bytes, size_t size)
{
    if (!bytes || (size_t)(w->end - w->at) < size) {
        w->bad = true;
        return;
    }
    memcpy(w->at, bytes, size);
    w->at += size;
}
static void put1(struct writer *w, unsigned value) { put(w, &(uint8_t){ (uint8_t)value }, 1); }
static void put2(struct writer *w, unsigned value) { put(w, (uint8_t[]){ (uint8_t)(value >> 8), (uint8_t)value }, 2); }
static void put4(struct writer *w, uint32_t value)
{
    put2(w, value >> 16);
    put2(w, value);
}
static void put_text(struct writer *w, const char *text)
{
    put1(w, 1);
    put2(w, (unsigned)strlen(text));
    put(w, text, strlen(text));
}
static void copy(struct writer *w, struct reader *r, size_t size) { put(w, take(r, size), size); }

/* Later: how much longer the code before it became. */
static void shift2(struct writer *w, struct reader *r, unsigned by)
{
    unsigned value = take2(r) + by;
    w->bad |= value > 0xFFFF;
    put2(w, value);
}

enum { POOL = 4096 }; /* constants of a class; the JDK's stream has some 120 */

/* Where each text of the constant pool lies, by its number: 0 for what is no text. */
struct pool { const uint8_t *from; uint32_t texts[POOL]; unsigned count; };

static bool is_text(const struct pool *pool, unsigned number, const char *text)
{
    size_t length = strlen(text);
    if (number >= pool->count || pool->texts[number] == 0)
        return false;
    const uint8_t *at = pool->from + pool->texts[number];
    return ((size_t)at[0] << 8 | at[1]) == length && memcmp(at + 2, text, length) == 0;
}

static void read_pool(struct pool *pool, struct reader *r)
{
    pool->from = r->at;
    pool->count = take2(r);
    if (pool->count > POOL) {
        r->bad = true;
        return;
    }
    memset(pool->texts, 0, pool->count * sizeof *pool->texts);
    for (unsigned i = 1; i < pool->count && !r->bad; i++)
        switch (take1(r)) {
        case 1: {
            pool->texts[i] = (uint32_t)(r->at - pool->from);
            unsigned length = take2(r);
            take(r, length);
            break;
        }
        case 5: case 6: /* two numbers each */
            take(r, 8);
            i++;
            break;
        case 3: case 4: case 9: case 10: case 11: case 12: case 17: case 18:
            take4(r);
            break;
        case 7: case 8: case 16: case 19: case 20:
            take2(r);
            break;
        case 15:
            take(r, 3);
            break;
        default:
            r->bad = true;
        }
}

/* aload_0, aload_1, iload_2, iload_3, invokestatic, astore_1: as long as tables of jumps want it, a multiple of four. */
enum { BEFORE = 8 };

static void copy_types(struct writer *w, struct reader *r, unsigned count)
{
    for (; count && !r->bad; count--) {
        unsigned tag = take1(r);
        put1(w, tag);
        if (tag == 7)
            copy(w, r, 2);
        else if (tag == 8)
            shift2(w, r, BEFORE); /* names the place of a `new` */
    }
}

/* https://docs.oracle.com/javase/specs/jvms/se17/html/jvms-4.html#jvms-4.7.4: each frame says how far it is behind the one before it, the first one how far from the start. */
static void copy_frames(struct writer *w, struct reader *r)
{
    unsigned count = take2(r), by = BEFORE;
    put2(w, count);
    for (; count && !r->bad; count--, by = 0) {
        unsigned type = take1(r);
        if (type < 64) {
            if (type + by < 64)
                put1(w, type + by);
            else
                put1(w, 251), put2(w, type + by);
        } else if (type < 128) {
            if (type + by < 128)
                put1(w, type + by);
            else
                put1(w, 247), put2(w, type - 64 + by);
            copy_types(w, r, 1);
        } else if (type < 247) {
            r->bad = true;
        } else {
            put1(w, type);
            shift2(w, r, by);
            if (type == 247)
                copy_types(w, r, 1);
            else if (type > 251 && type < 255)
                copy_types(w, r, type - 251);
            else if (type == 255)
                for (int i = 0; i < 2; i++) {
                    unsigned types = take2(r);
                    put2(w, types);
                    copy_types(w, r, types);
                }
        }
    }
}

/* What an attribute's length is written to, once it is known. */
static uint8_t *open_length(struct writer *w)
{
    put4(w, 0);
    return w->at;
}
static void close_length(const struct writer *w, uint8_t *from)
{
    struct writer length = { from - 4, from, false };
    if (!w->bad)
        put4(&length, (uint32_t)(w->at - from));
}

static void copy_code(struct writer *w, struct reader *r, const struct pool *pool, unsigned call)
{
    unsigned stack = take2(r);
    put2(w, stack < 4 ? 4 : stack);
    copy(w, r, 2);
    uint32_t length = take4(r);
    if (length > 0xFFFF - BEFORE) {
        r->bad = true;
        return;
    }
    put4(w, length + BEFORE);
    put(w, (uint8_t[BEFORE]){ 0x2A, 0x2B, 0x1C, 0x1D, 0xB8, (uint8_t)(call >> 8), (uint8_t)call, 0x4C }, BEFORE);
    copy(w, r, length);
    unsigned handlers = take2(r);
    put2(w, handlers);
    for (; handlers && !r->bad; handlers--) {
        for (int i = 0; i < 3; i++)
            shift2(w, r, BEFORE);
        copy(w, r, 2);
    }
    /* What tells a debugger about the code may be left out. */
    unsigned attributes = take2(r), kept = 0;
    uint8_t *count = w->at;
    put2(w, 0);
    for (; attributes && !r->bad && !w->bad; attributes--) {
        unsigned name = take2(r);
        uint32_t size = take4(r);
        const uint8_t *from = take(r, size);
        bool frames = is_text(pool, name, "StackMapTable"), lines = is_text(pool, name, "LineNumberTable");
        if (r->bad || !(frames || lines))
            continue;
        struct reader inner = { from, from + size, false };
        put2(w, name);
        uint8_t *start = open_length(w);
        if (frames) {
            copy_frames(w, &inner);
        } else {
            unsigned entries = take2(&inner);
            put2(w, entries);
            for (; entries && !inner.bad; entries--) {
                shift2(w, &inner, BEFORE);
                copy(w, &inner, 2);
            }
        }
        close_length(w, start);
        r->bad |= inner.bad;
        kept++;
    }
    if (!w->bad) {
        count[0] = (uint8_t)(kept >> 8);
        count[1] = (uint8_t)kept;
    }
}

/* The class with a call before its write(byte[], int, int): `data = Statements$Pellicle.look(this, data, offset, length)`. Returns its size; 0 when it is no such class or does not fit.
   It grows by less than 256 bytes. */
size_t pe_java_rewrite(const uint8_t *bytes, size_t size, uint8_t *to, size_t room)
{
    struct reader reader = { bytes, bytes + size, false }, *r = &reader;
    struct writer writer = { to, to + room, false }, *w = &writer;
    struct pool pool;
    if (take4(r) != 0xCAFEBABE)
        return 0;
    take4(r);
    read_pool(&pool, r);
    unsigned first = pool.count, call = first + 5;
    if (r->bad || call > 0xFFFE)
        return 0;
    put(w, bytes, 8);
    put2(w, first + 6);
    put(w, bytes + 10, (size_t)(r->at - bytes) - 10);
    put_text(w, OUR_CLASS);
    put1(w, 7), put2(w, first);
    put_text(w, OUR_METHOD);
    put_text(w, OUR_TYPE);
    put1(w, 12), put2(w, first + 2), put2(w, first + 3);
    put1(w, 10), put2(w, first + 1), put2(w, first + 4);
    copy(w, r, 6);
    unsigned interfaces = take2(r), written = 0;
    put2(w, interfaces);
    copy(w, r, (size_t)interfaces * 2);
    for (int kind = 0; kind < 2; kind++) { /* fields, methods */
        unsigned count = take2(r);
        put2(w, count);
        for (; count && !r->bad && !w->bad; count--) {
            copy(w, r, 2);
            unsigned name = take2(r), type = take2(r), attributes = take2(r);
            put2(w, name), put2(w, type), put2(w, attributes);
            bool write = kind == 1 && is_text(&pool, name, "write") && is_text(&pool, type, "([BII)V");
            for (; attributes && !r->bad && !w->bad; attributes--) {
                unsigned attribute = take2(r);
                uint32_t length = take4(r);
                const uint8_t *from = take(r, length);
                put2(w, attribute);
                if (r->bad)
                    return 0;
                if (write && is_text(&pool, attribute, "Code")) {
                    struct reader inner = { from, from + length, false };
                    uint8_t *start = open_length(w);
                    copy_code(w, &inner, &pool, call);
                    close_length(w, start);
                    r->bad |= inner.bad;
                    written++;
                } else {
                    put4(w, length);
                    put(w, from, length);
                }
            }
        }
    }
    copy(w, r, (size_t)(r->end - r->at));
    return written == 1 && !r->bad && !w->bad ? (size_t)(w->at - to) : 0;
}

/* ---- in the running JVM ---- */

/* final class with one method: static native byte[] look(Object, byte[], int, int). Java 8's format. */
static size_t our_class(uint8_t *to, size_t room)
{
    struct writer writer = { to, to + room, false }, *w = &writer;
    put4(w, 0xCAFEBABE), put4(w, 52);
    put2(w, 7);
    put_text(w, OUR_CLASS);
    put1(w, 7), put2(w, 1);
    put_text(w, "java/lang/Object");
    put1(w, 7), put2(w, 3);
    put_text(w, OUR_METHOD);
    put_text(w, OUR_TYPE);
    put2(w, 0x1030), put2(w, 2), put2(w, 4);
    put2(w, 0), put2(w, 0);
    put2(w, 1);
    put2(w, 0x0108), put2(w, 5), put2(w, 6), put2(w, 0);
    put2(w, 0);
    return w->bad ? 0 : (size_t)(w->at - to);
}

/* The stream of TLS sockets, and its field that leads to the socket: since Java 8u261, and before. */
static const struct { const char *name, *socket; } tls_streams[] = { { "sun/security/ssl/SSLSocketImpl$AppOutputStream", "this$0" }, { "sun/security/ssl/AppOutputStream", "c" } };

/* INVARIANT: written before the stream's class is exchanged, which is the first that calls look. */
static struct { void *socket, *below, *transport, *descriptor, *number; } members;

static void *member(environment env, int kind, const char *class, const char *name, const char *type)
{
    object found = JVM_CALL(object, env, FIND_CLASS, const char *)(env, class);
    void *place = found ? JVM_CALL(void *, env, kind, object, const char *, const char *)(env, found, name, type) : NULL;
    if (!place)
        JVM_CALL0(void, env, EXCEPTION_CLEAR);
    return place;
}

static object field(environment env, object of, void *place) { return of ? JVM_CALL(object, env, GET_OBJECT_FIELD, object, void *)(env, of, place) : NULL; }

/* The descriptor below a TLS stream; -1: there is none, as where TLS goes through something else than a socket. */
static int descriptor_of(environment env, object stream)
{
    if (JVM_CALL(int, env, PUSH_LOCAL_FRAME, int)(env, 8) != 0) {
        JVM_CALL0(void, env, EXCEPTION_CLEAR);
        return -1;
    }
    object transport = field(env, field(env, field(env, stream, members.socket), members.below), members.transport);
    object descriptor = transport ? JVM_CALL(object, env, CALL_OBJECT_METHOD, object, void *, const void *)(env, transport, members.descriptor, NULL) : NULL;
    if (JVM_CALL0(unsigned char, env, EXCEPTION_CHECK)) {
        JVM_CALL0(void, env, EXCEPTION_CLEAR);
        descriptor = NULL;
    }
    int fd = descriptor ? JVM_CALL(int, env, GET_INT_FIELD, object, void *)(env, descriptor, members.number) : -1;
    JVM_CALL(object, env, POP_LOCAL_FRAME, object)(env, NULL);
    return fd;
}

enum { FIRST = 4096 }; /* what is enough to see a connection's beginning */

/* What is to be sent in place of `length` bytes of `data` from `offset`: an array in which they lie at the same place, nearly always the same one. */
static object look(environment env, object class, object stream, object data, int offset, int length)
{
    (void)class;
    if (!data || !pe_active() || offset < 0 || length <= 0 || length > JVM_CALL(int, env, GET_ARRAY_LENGTH, object)(env, data) - offset)
        return data;
    int fd = descriptor_of(env, stream);
    if (fd < 0)
        return data;
    uint8_t first[FIRST], *bytes = first;
    int beginning = length < FIRST ? length : FIRST;
    JVM_CALL(void, env, GET_BYTES, object, int, int, void *)(env, data, offset, beginning, first);
    if (!pe_stream_spoken(fd, first, (size_t)beginning))
        return data;
    if (length > FIRST) {
        long memory = SYS6(SYS_mmap, 0, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if ((unsigned long)memory >= -4096ul) {
            pe_count_fault();
            return data;
        }
        bytes = (uint8_t *)memory;
        JVM_CALL(void, env, GET_BYTES, object, int, int, void *)(env, data, offset, length, bytes);
    }
    enum pe_shown shown = pe_stream_show(fd, bytes, (size_t)length);
    if (shown == PE_SHOWN_CHANGED) {
        data = JVM_CALL(object, env, NEW_BYTE_ARRAY, int)(env, offset + length);
        if (data) /* else an OutOfMemoryError is on its way */
            JVM_CALL(void, env, SET_BYTES, object, int, int, const void *)(env, data, offset, length, bytes);
    } else if (shown == PE_SHOWN_DENIED) {
        object type = JVM_CALL(object, env, FIND_CLASS, const char *)(env, "java/net/SocketException");
        if (type)
            JVM_CALL(int, env, THROW_NEW, object, const char *)(env, type, "blocked by pellicle: a statement");
    }
    if (bytes != first)
        SYS2(SYS_munmap, bytes, length);
    return data;
}

/* Else the class was not as it is known here, of which JVMTI says nothing. */
static _Atomic bool rewritten;

/* JVMTI: a class is about to be defined, or, with `again`, defined once more. */
static void on_class(environment tools, environment env, object again, object loader, const char *name, object domain, int size, const uint8_t *bytes, int *new_size, uint8_t **new_bytes)
{
    (void)env, (void)loader, (void)domain;
    if (!again || !name || size <= 0 || (strcmp(name, tls_streams[0].name) != 0 && strcmp(name, tls_streams[1].name) != 0))
        return;
    size_t room = (size_t)size + 256;
    uint8_t *to = NULL;
    if (JVM_CALL(int, tools, TI_ALLOCATE, int64_t, uint8_t **)(tools, (int64_t)room, &to) != 0 || !to)
        return;
    size_t written = pe_java_rewrite(bytes, (size_t)size, to, room);
    if (written == 0)
        return;
    *new_size = (int)written;
    *new_bytes = to;
    atomic_store(&rewritten, true);
}

struct native { const char *name, *type; void *function; };

static bool exchange_class(environment vm, object stream)
{
    environment tools = NULL;
    if (JVM_CALL(int, vm, VM_GET_ENVIRONMENT, environment *, int)(vm, &tools, TI_1_2) != 0 || !tools)
        return false;
    /* can_retransform_classes; the callbacks begin with events 50 to 53. */
    const uint8_t wanted[16] = { [4] = 0x20 };
    void *callbacks[5] = { [4] = (void *)on_class };
    bool done = JVM_CALL(int, tools, TI_CAPABILITIES, const void *)(tools, wanted) == 0 && JVM_CALL(int, tools, TI_CALLBACKS, const void *, int)(tools, callbacks, sizeof callbacks) == 0 &&
        JVM_CALL(int, tools, TI_NOTIFY, int, int, object)(tools, 1, TI_CLASS_FILE, NULL) == 0 && JVM_CALL(int, tools, TI_RETRANSFORM, int, const object *)(tools, 1, &stream) == 0;
    JVM_CALL(int, tools, TI_NOTIFY, int, int, object)(tools, 0, TI_CLASS_FILE, NULL);
    return done && atomic_load(&rewritten);
}

/* The thread is one of Java's, in a native method, with nothing thrown. */
static bool prepare(environment vm, environment env)
{
    object stream = NULL;
    for (size_t i = 0; i < sizeof tls_streams / sizeof *tls_streams && !stream; i++) {
        stream = JVM_CALL(object, env, FIND_CLASS, const char *)(env, tls_streams[i].name);
        if (stream)
            members.socket = JVM_CALL(void *, env, GET_FIELD, object, const char *, const char *)(env, stream, tls_streams[i].socket, "Lsun/security/ssl/SSLSocketImpl;");
        JVM_CALL0(void, env, EXCEPTION_CLEAR);
    }
    members.below = member(env, GET_FIELD, "sun/security/ssl/BaseSSLSocketImpl", "self", "Ljava/net/Socket;");
    members.transport = member(env, GET_FIELD, "java/net/Socket", "impl", "Ljava/net/SocketImpl;");
    members.descriptor = member(env, GET_METHOD, "java/net/SocketImpl", "getFileDescriptor", "()Ljava/io/FileDescriptor;");
    members.number = member(env, GET_FIELD, "java/io/FileDescriptor", "fd", "I");
    if (!stream || !members.socket || !members.below || !members.transport || !members.descriptor || !members.number)
        return false;
    uint8_t bytes[256];
    size_t size = our_class(bytes, sizeof bytes);
    object ours = JVM_CALL(object, env, DEFINE_CLASS, const char *, object, const uint8_t *, int)(env, OUR_CLASS, NULL, bytes, (int)size);
    const struct native native = { OUR_METHOD, OUR_TYPE, (void *)look };
    bool ready = ours && JVM_CALL(int, env, REGISTER_NATIVES, object, const struct native *, int)(env, ours, &native, 1) == 0 && exchange_class(vm, stream);
    JVM_CALL0(void, env, EXCEPTION_CLEAR);
    return ready;
}

void pe_java_encrypts(void)
{
    static _Atomic uint32_t state; /* 0 unknown, 1 being prepared, 2 done or given up */
    if (atomic_load(&state) == 2)
        return;
    int (*created)(environment *, int, int *) = (__typeof__(created))pe_symbol_in("libjvm.so", "JNI_GetCreatedJavaVMs");
    environment vm = NULL, env = NULL;
    int count = 0;
    if (!created || created(&vm, 1, &count) != 0 || count == 0 || JVM_CALL(int, vm, VM_GET_ENVIRONMENT, environment *, int)(vm, &env, JNI_6) != 0 || !env || JVM_CALL0(unsigned char, env, EXCEPTION_CHECK))
        return; /* no JVM, or not one of its threads */
    uint32_t unknown = 0;
    if (!atomic_compare_exchange_strong(&state, &unknown, 1)) {
        /* Another connection's thread does it; this one's bytes must not come before. */
        while (atomic_load(&state) != 2)
            SYS0(SYS_sched_yield);
        return;
    }
    if (JVM_CALL(int, env, PUSH_LOCAL_FRAME, int)(env, 16) == 0) {
        if (!prepare(vm, env))
            pe_count_fault();
        JVM_CALL(object, env, POP_LOCAL_FRAME, object)(env, NULL);
    } else {
        JVM_CALL0(void, env, EXCEPTION_CLEAR);
        pe_count_fault();
    }
    atomic_store(&state, 2);
}
