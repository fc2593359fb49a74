/* Questions of language probes: paths below /.pellicle/ that the kernel did not find. */
#include "pellicle.h"
#include <errno.h>
#include <string.h>

static const char prefix[] = "/.pellicle/";

bool pe_is_probe(const char *path) { return path[0] == '/' && path[1] == '.' && strncmp(path, prefix, sizeof prefix - 1) == 0; }

static const char *const dimensions[] = {
    "", "process", "host", "read", "write", "library", "aws", "event", "response", "code", "deserialize", "tamper", "statement",
};

static int hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Decodes up to the next slash or the end. Returns where it stopped. */
static const char *decode(const char *from, char *to, size_t capacity, size_t *length)
{
    size_t n = 0;
    for (; *from && *from != '/'; from++) {
        char c = *from;
        if (c == '%' && hex(from[1]) >= 0 && hex(from[2]) >= 0) {
            c = (char)(hex(from[1]) << 4 | hex(from[2]));
            from += 2;
        }
        if (n < capacity)
            to[n++] = c;
    }
    *length = n;
    return from;
}

int pe_probe(const char *path)
{
    if (strcmp(path, PE_TELLS) == 0) {
        pe_tells_calls = true;
        return ENOENT;
    }
    path += sizeof prefix - 1;
    if (strcmp(path, "engine") == 0) { /* from the thread whose engine it is */
        pe_v8_start();
        pe_probe_is_in_place();
        return ENOENT;
    }
    bool note = strncmp(path, "note/", 5) == 0;
    if (!note && strncmp(path, "ask/", 4) != 0)
        return ENOENT;
    path += note ? 5 : 4;
    uint8_t dimension = 0;
    for (uint8_t d = 1; d < sizeof dimensions / sizeof *dimensions; d++) {
        size_t size = strlen(dimensions[d]);
        if (strncmp(path, dimensions[d], size) == 0 && path[size] == '/') {
            dimension = d;
            path += size + 1;
            break;
        }
    }
    if (dimension == 0) {
        pe_count_fault();
        return ENOENT;
    }
    char item[PE_PATH], second[PE_PATH];
    size_t item_length, second_length = 0;
    path = decode(path, item, sizeof item, &item_length);
    if (dimension == PE_TAMPER && item_length == 6 && memcmp(item, "source", 6) == 0 && !pe_event_given())
        return ENOENT;
    bool more = *path == '/';
    if (more)
        decode(path + 1, second, sizeof second, &second_length);
    struct pe_ask ask = {
        .dimension = dimension, .flags = PE_PROBE, .deny_errno = EACCES, .item = item, .item_length = item_length,
        .more = { { .data = second, .length = second_length } }, .more_count = more,
    };
    if (note) {
        pe_note(&ask);
        return ENOENT;
    }
    int denied = pe_judge(&ask);
    if (!denied && dimension == PE_CODE && item_length == 8 && memcmp(item, "function", 8) == 0)
        pe_v8_asked();
    return denied ? EACCES : ENOENT;
}
