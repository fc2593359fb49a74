/* The Java probe: classes that serialised objects name, classes that are made from bytes, and calls to AWS. libjava calls these two functions of libjvm by symbol, in Java 8 to 25:
   ObjectInputStream.resolveClass asks for the nearest loader of the program, then for the class. Neither Java code nor a start option is needed,
   the class is refused before anything of it runs, and a program's own filters stay as they are. */
#include "pellicle.h"
#include "jvm.h"
#include <string.h>

enum { TAG_CLASS = 0x80 | PE_DESERIALIZE, TAG_JAR = 0x80 | PE_LIBRARY };
enum { BEGINNING = 96 }; /* bytes of a class that are shown; the smallest has some 150 */

/* Between the two calls the thread resolves a class of a stream. */
static __thread bool resolving;

/* Names are as the JVM writes them, with slashes. */

/* Streams with a resolveClass of their own do not ask for the loader. These names no program looks up for another reason: of BeanShell and Spring only what the streams begin with,
   for both look up others of their own (Spring by every proxy of a type). */
static const char *const gadgets[] = {
    "org/apache/commons/collections/functors/", "org/apache/commons/collections4/functors/", "org/apache/commons/beanutils/BeanComparator",
    "com/sun/org/apache/xalan/internal/xsltc/trax/TemplatesImpl", "org/apache/xalan/xsltc/trax/TemplatesImpl", "com/sun/rowset/JdbcRowSetImpl",
    "org/codehaus/groovy/runtime/MethodClosure", "org/codehaus/groovy/runtime/ConvertedClosure", "com/mchange/v2/c3p0/impl/", "bsh/XThis$Handler",
    "org/springframework/core/SerializableTypeWrapper$MethodInvokeTypeProvider", "com/rometools/rome/feed/impl/", "com/sun/syndication/feed/impl/", "clojure/inspector/",
};

/* The words every stream is made of: collections, numbers, times. */
static const char *const ordinary[] = { "java/util/", "java/time/", "java/math/", "java/text/", "java/io/", "java/lang/" };
static const char *const extraordinary[] = { "java/lang/ProcessBuilder", "java/lang/Runtime", "java/lang/reflect/", "java/lang/invoke/", "java/util/ServiceLoader" };

static bool begins(const char *name, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strncmp(name, list[i], strlen(list[i])) == 0)
            return true;
    return false;
}
#define IN(name, list) begins(name, list, sizeof list / sizeof *list)

static bool is_gadget(const char *name) { return IN(name, gadgets); }
static bool is_ordinary(const char *name) { return IN(name, ordinary) && !IN(name, extraordinary); }

static int judge_class(const char *name)
{
    struct { char text[400]; uint64_t invocation; } key;
    char *item = key.text;
    size_t length = strnlen(name, sizeof key.text - 8);
    memset(&key, 0, sizeof key);
    memcpy(item, "java:", 5);
    for (size_t i = 0; i < length; i++)
        item[5 + i] = name[i] == '/' ? '.' : name[i];
    length += 5;
    /* Asked once an invocation: streams name the same few classes over and over. */
    key.invocation = pe_scope();
    if (pe_remembered(TAG_CLASS, &key, sizeof key))
        return 0;
    uint64_t stamp = pe_stamp();
    struct pe_ask ask = {
        .dimension = PE_DESERIALIZE, .flags = PE_PROBE, .deny_errno = 13 /* EACCES */, .item = item, .item_length = length,
        .more = { { .data = "", .length = 0 } }, .more_count = 1,
    };
    int denied = pe_judge(&ask);
    if (!denied)
        pe_remember(TAG_CLASS, &key, sizeof key, stamp);
    return denied;
}

static void *real(void *_Atomic *slot, const char *name)
{
    void *found = atomic_load_explicit(slot, memory_order_relaxed);
    if (found == NULL) {
        found = pe_symbol_in("libjvm.so", name);
        atomic_store(slot, found);
    }
    return found;
}

static void refuse(environment env, const char *exception, const char *why, const char *name)
{
    char text[300];
    size_t at = strlen(why), length = strnlen(name, sizeof text - at - 1);
    memcpy(text, why, at);
    for (size_t i = 0; i < length; i++)
        text[at + i] = name[i] == '/' ? '.' : name[i];
    text[at + length] = 0;
    object type = JVM_CALL(object, env, FIND_CLASS, const char *)(env, exception);
    if (type)
        JVM_CALL(int, env, THROW_NEW, object, const char *)(env, type, text);
}

/* Arrays are named by their elements: "[Lname;". */
static const char *element(const char *name, char *to, size_t capacity)
{
    if (name[0] != '[')
        return name;
    name += strspn(name, "[");
    if (*name != 'L')
        return "";
    size_t length = strcspn(++name, ";");
    if (length >= capacity)
        return "";
    memcpy(to, name, length);
    to[length] = 0;
    return to;
}

EXPORT object JVM_LatestUserDefinedLoader(environment env);
EXPORT object JVM_LatestUserDefinedLoader(environment env)
{
    static void *_Atomic next;
    resolving = pe_active();
    object (*call)(environment) = (object (*)(environment))real(&next, "JVM_LatestUserDefinedLoader");
    return call ? call(env) : NULL;
}

EXPORT object JVM_FindClassFromCaller(environment env, const char *name, unsigned char initialise, object loader, object caller);
EXPORT object JVM_FindClassFromCaller(environment env, const char *name, unsigned char initialise, object loader, object caller)
{
    static void *_Atomic next;
    object (*call)(environment, const char *, unsigned char, object, object) = (__typeof__(call))real(&next, "JVM_FindClassFromCaller");
    bool streamed = resolving;
    resolving = false;
    if (name && (streamed || is_gadget(name)) && pe_active()) {
        char plain[400];
        const char *type = element(name, plain, sizeof plain);
        if (*type && !is_ordinary(type) && judge_class(type)) {
            refuse(env, "java/io/InvalidClassException", "filter status: REJECTED, blocked by pellicle: ", type);
            return NULL;
        }
    }
    return call ? call(env, name, initialise, loader, caller) : NULL;
}

/* Which jar a class came from: the archive as a whole is opened whether or not anything of it is used. */
static void note_jar(const char *source)
{
    char path[PE_PATH];
    size_t length = 0;
    const char *end = strstr(source, ".jar");
    const char *from = strstr(source, "file:");
    from = from ? from + 5 : NULL;
    while (from && from[0] == '/' && from[1] == '/')
        from++;
    if (!from || !end || end < from || *from != '/')
        return;
    for (const char *at = from; at < end + 4 && length < sizeof path - 1; at++)
        if (at[0] == '%' && at[1] == '2' && at[2] == '0') {
            path[length++] = ' ';
            at += 2;
        } else {
            path[length++] = *at;
        }
    path[length] = 0;
    if (pe_remembered(TAG_JAR, path, length))
        return;
    pe_remember(TAG_JAR, path, length, pe_stamp());
    struct pe_ask ask = { .dimension = PE_LIBRARY, .flags = PE_PROBE, .item = path, .item_length = length };
    pe_note(&ask);
}

/* The beginning of a class in base64, as an event would carry it. */
static size_t in_base64(const unsigned char *bytes, size_t size, char *to)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    size_t length = 0;
    for (size_t i = 0; i + 3 <= size; i += 3) {
        unsigned group = (unsigned)bytes[i] << 16 | (unsigned)bytes[i + 1] << 8 | bytes[i + 2];
        for (int shift = 18; shift >= 0; shift -= 6)
            to[length++] = digits[group >> shift & 63];
    }
    return length;
}

/* Classes that come from no file: made by a library from a template, or sent by somebody. Which, the guard tells by the event. */
static int judge_bytes(const signed char *bytes, int size)
{
    const struct pe_state *state = atomic_load(&pe.state);
    if (!state || size < BEGINNING || atomic_load_explicit(&state->invocation, memory_order_relaxed) == 0)
        return 0; /* no event yet */
    char text[BEGINNING / 3 * 4];
    struct pe_ask ask = {
        .dimension = PE_CODE, .flags = PE_PROBE, .deny_errno = 13 /* EACCES */, .item = "class", .item_length = 5,
        .more = { { .data = text, .length = in_base64((const unsigned char *)bytes, BEGINNING, text) } }, .more_count = 1,
    };
    return pe_judge(&ask);
}

/* What the JDK makes of each lambda, text with values in it, switch: named so, and by its kind never the code of somebody else. Whoever names his own class so may not
   have anything in it that reaches outside. */
static bool made_by_jdk(const char *name, const signed char *bytes, size_t size)
{
    static const char *const marks[] = { "$$Lambda", "LambdaForm$", "$$StringConcat", "$$TypeSwitch", "$MHProxy" };
    static const char *const reach[] = {
        "java/lang/Runtime", "java/lang/Process", "java/lang/System", "java/lang/ClassLoader", "java/lang/reflect/", "java/lang/foreign/", "java/lang/Class;", "java/lang/Class\1", "java/lang/Thread",
        "java/lang/invoke/MethodHandles$Lookup", "java/net/", "java/nio/", "java/io/", "javax/script/", "javax/naming/", "java/rmi/", "java/sql/", "sun/misc/Unsafe", "jdk/internal/misc/",
    };
    size_t i = 0;
    while (i < sizeof marks / sizeof *marks && !strstr(name, marks[i]))
        i++;
    if (i == sizeof marks / sizeof *marks && strncmp(name, "java/lang/invoke/", 17) != 0)
        return false;
    for (i = 0; i < sizeof reach / sizeof *reach; i++)
        if (memmem(bytes, size, reach[i], strlen(reach[i])))
            return false;
    return true;
}

/* What follows the part in the name, or NULL. */
static const char *after(const char *name, const char *part)
{
    const char *found = name ? strstr(name, part) : NULL;
    return found ? found + strlen(part) : NULL;
}

/* AWS's clients make each operation's request with a class of its own, which is loaded when the operation is first called: services/dynamodb/transform/ScanRequestMarshaller,
   in version 1 services/dynamodbv2/model/transform/ScanRequestProtocolMarshaller. */
static int judge_operation(const char *name)
{
    static const char *const clients[] = { "software/amazon/awssdk/services/", "com/amazonaws/services/" };
    static const char *const ends[] = { "RequestProtocolMarshaller", "RequestMarshaller" };
    if (!IN(name, clients))
        return 0;
    const char *service = after(name, "/services/"), *class = after(service, "/transform/");
    if (!class || strchr(class, '/') || strchr(class, '$'))
        return 0;
    size_t of_service = strcspn(service, "/"), of_class = strlen(class), of_operation = 0;
    for (size_t i = 0; i < 2 && !of_operation; i++) {
        size_t end = strlen(ends[i]);
        if (of_class > end && strcmp(class + of_class - end, ends[i]) == 0)
            of_operation = of_class - end;
    }
    /* Parts of DynamoDB's batches in version 1, and no operations. */
    if (of_operation == 0 || strcmp(class, "PutRequestMarshaller") == 0 || strcmp(class, "DeleteRequestMarshaller") == 0)
        return 0;
    char item[160];
    if (of_service + of_operation + 1 > sizeof item)
        return 0;
    memcpy(item, service, of_service);
    item[of_service] = ':';
    memcpy(item + of_service + 1, class, of_operation);
    struct pe_ask ask = {
        .dimension = PE_AWS, .flags = PE_PROBE, .deny_errno = 13 /* EACCES */, .item = item, .item_length = of_service + 1 + of_operation,
        .more = { { .data = "", .length = 0 } }, .more_count = 1,
    };
    return pe_judge(&ask);
}

/* Of a place that anybody may write, where the event may have brought what lies there. */
static bool from_writable(const char *source)
{
    static const char *const places[] = { "/tmp/", "/var/tmp/", "/dev/shm/" };
    source += strncmp(source, "jar:", 4) == 0 ? 4 : 0;
    source += strncmp(source, "file:", 5) == 0 ? 5 : 0;
    source += strncmp(source, "///", 3) == 0 ? 2 : 0;
    return IN(source, places) || strstr(source, "/../");
}

static bool from_file(const char *source) { return source && (strncmp(source, "file:", 5) == 0 || strncmp(source, "jar:file:", 9) == 0 || strncmp(source, "jrt:", 4) == 0); }

EXPORT object JVM_DefineClassWithSource(environment env, const char *name, object loader, const signed char *bytes, int size, object domain, const char *source);
EXPORT object JVM_DefineClassWithSource(environment env, const char *name, object loader, const signed char *bytes, int size, object domain, const char *source)
{
    static void *_Atomic next;
    object (*call)(environment, const char *, object, const signed char *, int, object, const char *) = (__typeof__(call))real(&next, "JVM_DefineClassWithSource");
    if (pe_active()) {
        pe_probe_is_in_place();
        if (source)
            note_jar(source);
        if (name && judge_operation(name)) {
            refuse(env, "java/lang/SecurityException", "blocked by pellicle: a call to AWS: ", name);
            return NULL;
        }
        if ((!from_file(source) || from_writable(source)) && judge_bytes(bytes, size)) {
            refuse(env, "java/lang/SecurityException", "blocked by pellicle: a class made from bytes: ", name ? name : "");
            return NULL;
        }
    }
    return call ? call(env, name, loader, bytes, size, domain, source) : NULL;
}

/* Lookup.defineClass and defineHiddenClass, since Java 15. */
EXPORT object JVM_LookupDefineClass(environment env, object lookup, const char *name, const signed char *bytes, int size, object domain, unsigned char initialise, int flags, object data);
EXPORT object JVM_LookupDefineClass(environment env, object lookup, const char *name, const signed char *bytes, int size, object domain, unsigned char initialise, int flags, object data)
{
    static void *_Atomic next;
    object (*call)(environment, object, const char *, const signed char *, int, object, unsigned char, int, object) = (__typeof__(call))real(&next, "JVM_LookupDefineClass");
    if (pe_active() && name && size > 0 && !made_by_jdk(name, bytes, (size_t)size) && judge_bytes(bytes, size)) {
        refuse(env, "java/lang/SecurityException", "blocked by pellicle: a class made from bytes: ", name);
        return NULL;
    }
    return call ? call(env, lookup, name, bytes, size, domain, initialise, flags, data) : NULL;
}
