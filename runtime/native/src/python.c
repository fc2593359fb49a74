/* The Python probe: an audit hook in C (PEP 578). Python code cannot reach or remove it. */
#include "pellicle.h"
#include <dlfcn.h>
#include <errno.h>
#include <string.h>

typedef struct object object;
typedef intptr_t Py_ssize_t;

static struct {
    int (*add_hook)(int (*)(const char *, object *, void *), void *);
    Py_ssize_t (*tuple_size)(object *);
    object *(*tuple_item)(object *, Py_ssize_t);          /* borrowed */
    const char *(*text)(object *, Py_ssize_t *);
    int (*bytes)(object *, char **, Py_ssize_t *);
    object *(*attribute)(object *, const char *);         /* new reference */
    void (*release)(object *);
    void (*clear)(void);
    object *(*occurred)(void);                            /* borrowed */
    void (*set_error)(object *, const char *);
    object *(*frame)(void);                               /* borrowed */
    object *(*frame_code)(object *);                      /* new reference; since 3.9 */
    object *(*frame_back)(object *);                      /* new reference; since 3.9 */
    int (*is_initialized)(void);
    object **permission_error, **runtime_error;
} py;

#define TEXT_LIMIT (PE_MAX_MESSAGE - 4096)

static int judge(uint8_t dimension, const char *item, size_t length, const char *text, size_t text_length, const char *what)
{
    struct pe_ask ask = {
        .dimension = dimension, .flags = PE_PROBE, .deny_errno = EPERM, .item = item, .item_length = length,
        .more = { { .data = text, .length = text_length < TEXT_LIMIT ? text_length : TEXT_LIMIT } }, .more_count = 1,
    };
    int saved = errno;
    int denied = pe_judge(&ask);
    errno = saved;
    if (!denied)
        return 0;
    char message[160] = "blocked by pellicle: ";
    strncat(message, what, sizeof message - strlen(message) - 1);
    /* Clients take an OSError for a connection that broke, and botocore tries ten times to get another: half a minute. */
    py.set_error(dimension == PE_AWS ? *py.runtime_error : *py.permission_error, message);
    return -1;
}

/* Text or bytes; false for anything else. */
static bool read_text(object *from, const char **text, size_t *length)
{
    Py_ssize_t size = 0;
    *text = py.text(from, &size);
    if (*text) {
        *length = (size_t)size;
        return true;
    }
    py.clear();
    char *bytes = NULL;
    if (py.bytes(from, &bytes, &size) == 0) {
        *text = bytes;
        *length = (size_t)size;
        return true;
    }
    py.clear();
    return false;
}

/* "<string>", "<stdin>", "<template>": made from text. "<frozen ...>" is part of the interpreter. */
static bool from_text(const char *file) { return file[0] == '<' && strncmp(file, "<frozen ", 8) != 0; }

/* A program that compiles a text under a name of its own, "rule": files have a folder or an ending. */
static bool names_file(const char *file) { return strpbrk(file, "/.") != NULL; }

static object *argument(object *arguments, Py_ssize_t index)
{
    return arguments && py.tuple_size(arguments) > index ? py.tuple_item(arguments, index) : NULL;
}

/* Functions of libraries, by the end of their file's path. */
struct maker { const char *file, *function, *format; };

/* Those that call what a document names: "!!python/object/apply:", "py/reduce". Constructors of a program's own do not pass through them. */
static const struct maker makers[] = {
    { "yaml/constructor.py", "make_python_instance", "yaml:python/object/apply:" },
    { "jsonpickle/unpickler.py", "_restore_reduce", "jsonpickle:py/reduce:" },
};
/* What is compiled there becomes a tree that is read and never run. */
static const struct maker readers[] = { { "/ast.py", "literal_eval", "literal" } };
#define COUNT(list) (sizeof list / sizeof *list)
#define DEPTH 16 /* frames between such a function and the event of a module of the standard library */

static bool ends_with(const char *text, size_t length, const char *end)
{
    size_t size = strlen(end);
    return length >= size && memcmp(text + length - size, end, size) == 0;
}

static const char *maker_of(object *code, const struct maker *list, size_t count)
{
    object *file = py.attribute(code, "co_filename"), *function = py.attribute(code, "co_name");
    const char *path, *name, *found = NULL;
    size_t path_length, name_length;
    if (file && function && read_text(file, &path, &path_length) && read_text(function, &name, &name_length))
        for (size_t i = 0; i < count && !found; i++)
            if (ends_with(path, path_length, list[i].file) && strcmp(name, list[i].function) == 0)
                found = list[i].format;
    if (!file || !function)
        py.clear();
    if (file)
        py.release(file);
    if (function)
        py.release(function);
    return found;
}

/* The format of such a function among this many frames, or NULL. */
static const char *caller(const struct maker *list, size_t count, int depths)
{
    if (!py.frame || !py.frame_code || !py.frame_back)
        return NULL;
    const char *found = NULL;
    object *frame = py.frame();
    for (int depth = 0; frame && depth < depths && !found; depth++) {
        object *code = py.frame_code(frame);
        found = code ? maker_of(code, list, count) : NULL;
        if (code)
            py.release(code);
        object *back = found ? NULL : py.frame_back(frame);
        if (depth > 0)
            py.release(frame);
        frame = back;
    }
    return found;
}

/* 0 allowed or none of our business */
static int on_document(const char *event)
{
    const char *format = caller(makers, COUNT(makers), DEPTH);
    char item[200];
    size_t at = format ? strlen(format) : 0, length = strlen(event);
    if (!format || at + length >= sizeof item)
        return 0;
    memcpy(item, format, at);
    memcpy(item + at, event, length);
    return judge(PE_DESERIALIZE, item, at + length, "", 0, "a call named by a document");
}

static int on_compile(object *arguments)
{
    object *source = argument(arguments, 0), *file = argument(arguments, 1);
    const char *name = "<string>", *text = "";
    size_t name_length, length = 0;
    if (file && read_text(file, &name, &name_length) && !from_text(name) && (names_file(name) || strncmp(name, "<frozen ", 8) == 0)) {
        /* A module where the function can put files: the event may have brought it. */
        if (!pe_writable_place(name) || !pe_event_given() || !source || !read_text(source, &text, &length))
            return 0;
        return judge(PE_TAMPER, "source", 6, text, length, "code from a file that came with the event");
    }
    if (caller(readers, COUNT(readers), 2)) /* `parse`, and who called it */
        return 0;
    if (source)
        read_text(source, &text, &length); /* a syntax tree has no text; then it is judged without */
    int denied = on_document("compile");
    return denied ? denied : judge(PE_CODE, "compile", 7, text, length, "code made from text");
}

static int on_exec(object *arguments)
{
    object *code = argument(arguments, 0);
    object *file = code ? py.attribute(code, "co_filename") : NULL;
    if (!file) {
        py.clear();
        return 0;
    }
    const char *name;
    size_t length;
    int result = 0;
    if (read_text(file, &name, &length) && from_text(name))
        result = judge(PE_CODE, "exec", 4, name, length, "execution of code made from text");
    py.release(file);
    return result;
}

/* Imports of compiled files unmarshal too: those come from the interpreter's own frozen code. */
static bool called_by_import(void)
{
    if (!py.frame || !py.frame_code)
        return false;
    object *frame = py.frame();
    object *code = frame ? py.frame_code(frame) : NULL;
    object *file = code ? py.attribute(code, "co_filename") : NULL;
    const char *name;
    size_t length;
    /* No frame at all: the interpreter itself starts up. */
    bool import = frame == NULL || (file && read_text(file, &name, &length) && strncmp(name, "<frozen ", 8) == 0);
    if (frame && !file)
        py.clear();
    if (file)
        py.release(file);
    if (code)
        py.release(code);
    return import;
}

static int on_pickle(object *arguments)
{
    const char *module, *name;
    size_t module_length, name_length;
    object *first = argument(arguments, 0), *second = argument(arguments, 1);
    if (!first || !second || !read_text(first, &module, &module_length) || !read_text(second, &name, &name_length))
        return 0;
    char item[512] = "pickle:";
    size_t at = 7;
    if (module_length + name_length + at + 2 > sizeof item) {
        module_length = module_length < 200 ? module_length : 200;
        name_length = name_length < 200 ? name_length : 200;
    }
    memcpy(item + at, module, module_length);
    at += module_length;
    item[at++] = '.';
    memcpy(item + at, name, name_length);
    at += name_length;
    return judge(PE_DESERIALIZE, item, at, "", 0, "a class named by pickled data");
}

static int on_ctypes(const char *event, object *arguments)
{
    static const char *const watched[] = { "dlopen", "dlsym", "dlsym/handle", "call_function", "string_at", "wstring_at" };
    bool found = false;
    for (size_t i = 0; i < sizeof watched / sizeof *watched; i++)
        found |= strcmp(event + 7, watched[i]) == 0;
    if (!found)
        return 0;
    char text[320];
    size_t at = strlen(event), length;
    memcpy(text, event, at);
    for (Py_ssize_t i = 0; i < 2; i++) {
        object *part = argument(arguments, i);
        const char *name;
        if (part && read_text(part, &name, &length) && at + 2 < sizeof text) {
            text[at++] = ' ';
            if (length > sizeof text - at)
                length = sizeof text - at;
            memcpy(text + at, name, length);
            at += length;
        }
    }
    return judge(PE_CODE, "ctypes", 6, text, at, "a call to native code");
}

/* A request in the query protocol names its operation in its body, which may be sent after its head. */
static __thread struct { object *connection; size_t length; char item[200], host[256]; size_t host_length; } unfinished;

static int judge_call(const struct pe_call *call) { return judge(PE_AWS, call->item, call->length, call->host, call->host_length, "a call to AWS"); }

/* http.client hands over what it sends before it is encrypted: the standard library's, urllib3's, requests' and botocore's requests. */
static int on_http(object *arguments)
{
    object *connection = argument(arguments, 0), *data = argument(arguments, 1);
    char *bytes = NULL;
    Py_ssize_t size = 0;
    if (!connection || !data)
        return 0;
    if (py.bytes(data, &bytes, &size) != 0) {
        py.clear(); /* a file or an iterator: never a head */
        return 0;
    }
    struct pe_call call;
    switch (pe_read_request(bytes, (size_t)size, &call)) {
    case PE_CALL:
        return judge_call(&call);
    case PE_CALL_IN_BODY:
        if (call.length > sizeof unfinished.item || call.host_length > sizeof unfinished.host)
            return judge_call(&call);
        memcpy(unfinished.item, call.item, unfinished.length = call.length);
        memcpy(unfinished.host, call.host, unfinished.host_length = call.host_length);
        unfinished.connection = connection;
        return 0;
    default:
        break;
    }
    if (unfinished.connection != connection)
        return 0;
    unfinished.connection = NULL;
    memcpy(call.item, unfinished.item, call.length = unfinished.length);
    call.host = unfinished.host;
    call.host_length = unfinished.host_length;
    if (!pe_read_action(bytes, (size_t)size, &call)) {
        memcpy(call.item + call.length, "POST /", 6);
        call.length += 6;
    }
    return judge_call(&call);
}

static int hook(const char *event, object *arguments, void *unused)
{
    (void)unused;
    /* Called for every event: the first characters decide. */
    switch (event[0]) {
    case 'c': if (event[1] == 'o' || event[1] == 't') break; return 0;
    case 'e': if (event[1] == 'x') break; return 0;
    case 'p': if (event[1] == 'i') break; return 0;
    case 'm': if (event[1] == 'a') break; return 0;
    case 'f': if (event[1] == 'u') break; return 0;
    case 'o': if (event[1] == 's' && (event[3] == 's' || event[3] == 'e' || event[3] == 'p')) break; return 0; /* os.system, os.exec, os.posix_spawn... */
    case 's': if (event[1] == 'u') break; return 0;
    case 'h': if (event[1] == 't') break; return 0; /* http.client.send */
    default: return 0;
    }
    if (!pe_active() || !py.is_initialized())
        return 0; /* before that the interpreter runs its own code only */
    /* An audited call may be on its way with an exception set; asking about attributes would lose it. */
    if (py.occurred())
        return 0;
    if (strcmp(event, "http.client.send") == 0)
        return on_http(arguments);
    if (strcmp(event, "compile") == 0)
        return on_compile(arguments);
    if (strcmp(event, "exec") == 0)
        return on_exec(arguments);
    static const char *const starts[] = { "os.system", "os.exec", "os.posix_spawn", "os.spawn", "subprocess.Popen" };
    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++)
        if (strcmp(event, starts[i]) == 0)
            return on_document(event);
    if (strcmp(event, "pickle.find_class") == 0)
        return on_pickle(arguments);
    if (strncmp(event, "ctypes.", 7) == 0)
        return on_ctypes(event, arguments);
    if (strcmp(event, "marshal.loads") == 0 || strcmp(event, "marshal.load") == 0)
        return called_by_import() ? 0 : judge(PE_DESERIALIZE, "marshal:code", 12, event, strlen(event), "marshalled data");
    if (strcmp(event, "code.__new__") == 0 || strcmp(event, "function.__new__") == 0)
        return judge(PE_CODE, "function", 8, event, strlen(event), "code assembled by hand");
    return 0;
}

static bool find(void *target, const char *name)
{
    void *found = pe_real_dlsym(RTLD_DEFAULT, name);
    memcpy(target, &found, sizeof found);
    return found != NULL;
}

void pe_python_start(void)
{
    if (!pe_symbol_in(NULL, "PySys_AddAuditHook") || !find(&py.add_hook, "PySys_AddAuditHook"))
        return;
    find(&py.frame, "PyEval_GetFrame");
    find(&py.frame_code, "PyFrame_GetCode");
    find(&py.frame_back, "PyFrame_GetBack");
    bool complete = find(&py.tuple_size, "PyTuple_Size") & find(&py.tuple_item, "PyTuple_GetItem") & find(&py.text, "PyUnicode_AsUTF8AndSize")
        & find(&py.bytes, "PyBytes_AsStringAndSize") & find(&py.attribute, "PyObject_GetAttrString") & find(&py.release, "Py_DecRef")
        & find(&py.clear, "PyErr_Clear") & find(&py.occurred, "PyErr_Occurred") & find(&py.set_error, "PyErr_SetString")
        & find(&py.is_initialized, "Py_IsInitialized") & find(&py.permission_error, "PyExc_PermissionError") & find(&py.runtime_error, "PyExc_RuntimeError");
    if (complete && py.add_hook(hook, NULL) == 0) {
        pe_probe_is_in_place();
        pe_tells_calls = true;
    } else {
        pe_count_fault();
    }
}
