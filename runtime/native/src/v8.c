/* Code made from strings in Node.js, where V8 makes it: `eval` of every kind and `Function` in every context, out of reach of JavaScript.
   Node.js sets a callback for that and exports both it and the functions needed here; ours asks, then lets Node's own decide.
   probe.js starts this from the main thread and from each worker: V8's isolates belong to threads. */
#include "pellicle.h"
#include "sys.h"
#include <string.h>

#define PIECE 4096 /* bytes the guard looks at (decision 0001) */
#define PIECES 8
enum { TAG_CODE = 0x80 | PE_CODE };
enum { REPLACE_INVALID = 1 }; /* v8::String::WriteOptions */

/* v8::ModifyCodeGenerationFromStringsResult: a bool and a handle, returned in two registers. */
struct result { bool allowed; void *modified; };
typedef struct result callback(void *context, void *source, bool code_like);

/* v8::String::Utf8Value, with room for fields that later versions may add. */
struct utf8 { char *text; size_t length; size_t more[6]; };

static struct {
    void *(*isolate)(void);
    void (*set)(void *isolate, callback *);
    callback *nodes;
    bool (*is_string)(const void *value);
    void (*open)(struct utf8 *, void *isolate, void *value, int options); /* options: from version 24 on, and passed in vain before */
    void (*close)(struct utf8 *);
} v8;

/* What code must name to reach outside itself, also when it hides the name. */
static const char *const words[] = {
    "process", "require", "child_process", "import", "mainModule", "binding", "dlopen", "global", "constructor", "eval", "Function", "fromCharCode", "atob", "unescape", "Buffer", "\\x", "\\u",
};

static const char *reaching(const char *from, const char *end)
{
    for (const char *at = from; at < end; at++) {
        if (!memchr("prcimbdgeFfauB\\", *at, 15))
            continue;
        for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
            size_t length = strlen(words[i]);
            if ((size_t)(end - at) >= length && memcmp(at, words[i], length) == 0)
                return at;
        }
    }
    return NULL;
}

static int ask_piece(const char *text, size_t length)
{
    struct { char text[PIECE]; uint64_t invocation, length; } key;
    length = length < PIECE ? length : PIECE;
    memset(&key, 0, sizeof key);
    memcpy(key.text, text, length);
    key.invocation = pe_scope(); /* what is another's event may be this one's code */
    key.length = length;
    if (pe_remembered(TAG_CODE, &key, sizeof key))
        return 0;
    uint64_t stamp = pe_stamp();
    struct pe_ask ask = {
        .dimension = PE_CODE, .flags = PE_PROBE, .deny_errno = 13 /* EACCES */, .item = "eval", .item_length = 4,
        .more = { { .data = text, .length = length } }, .more_count = 1,
    };
    int denied = pe_judge(&ask);
    if (!denied)
        pe_remember(TAG_CODE, &key, sizeof key, stamp);
    return denied;
}

/* The beginning, and the surroundings of what reaches outside further on. Text that reaches nowhere is a template or a formula. */
static int ask_text(const char *text, size_t length)
{
    const char *end = text + length, *at = reaching(text, end);
    if (!at)
        return 0;
    int denied = ask_piece(text, length);
    for (int pieces = 1; !denied && pieces < PIECES; pieces++) {
        const char *next = text + PIECE > at ? text + PIECE : at;
        at = next < end ? reaching(next, end) : NULL;
        if (!at)
            break;
        const char *start = at - PIECE / 4 > text ? at - PIECE / 4 : text;
        denied = ask_piece(start, (size_t)(end - start));
        at = start + PIECE;
    }
    return denied;
}

/* The probe's own wrapper of `Function` asked about this text a moment ago, on this thread. */
static __thread bool asked_before;
void pe_v8_asked(void) { asked_before = true; }

static bool is_function(const char *text)
{
    return strncmp(text, "(function", 9) == 0 || strncmp(text, "(async function", 15) == 0;
}

static struct result on_code(void *context, void *source, bool code_like)
{
    int denied = 0;
    if (pe_active() && source && v8.is_string(source)) {
        struct utf8 text;
        memset(&text, 0, sizeof text); /* the length is an int in older versions: its upper half stays 0 */
        v8.open(&text, v8.isolate(), source, REPLACE_INVALID);
        if (text.text && !(asked_before && is_function(text.text)))
            denied = ask_text(text.text, text.length);
        v8.close(&text);
    }
    asked_before = false;
    return denied ? (struct result){ false, NULL } : v8.nodes(context, source, code_like);
}

static bool find(void *target, const char *name)
{
    void *found = pe_real_dlsym(NULL /* RTLD_DEFAULT */, name);
    memcpy(target, &found, sizeof found);
    return found != NULL;
}

bool pe_v8_start(void)
{
    bool complete = find(&v8.isolate, "_ZN2v87Isolate10GetCurrentEv") & find(&v8.nodes, "_ZN4node31ModifyCodeGenerationFromStringsEN2v85LocalINS0_7ContextEEENS1_INS0_5ValueEEEb")
        & find(&v8.set, "_ZN2v87Isolate42SetModifyCodeGenerationFromStringsCallbackEPFNS_37ModifyCodeGenerationFromStringsResultENS_5LocalINS_7ContextEEENS2_INS_5ValueEEEbE")
        & find(&v8.is_string, "_ZNK2v85Value12FullIsStringEv")
        & (find(&v8.open, "_ZN2v86String9Utf8ValueC1EPNS_7IsolateENS_5LocalINS_5ValueEEENS0_12WriteOptionsE") || find(&v8.open, "_ZN2v86String9Utf8ValueC1EPNS_7IsolateENS_5LocalINS_5ValueEEE"))
        & find(&v8.close, "_ZN2v86String9Utf8ValueD1Ev");
    void *isolate = complete ? v8.isolate() : NULL;
    if (!isolate)
        return false;
    v8.set(isolate, on_code);
    return true;
}
