/* Requests to AWS: which service they are for and what they ask of it, from the text of a request before it is encrypted. Decision 0014. */
#include "pellicle.h"
#include <string.h>
#include <strings.h>

bool pe_tells_calls;

struct text { const char *data; size_t length; };

static struct text until(const char *from, const char *end, const char *stops)
{
    const char *at = from;
    while (at < end && !strchr(stops, *at))
        at++;
    return (struct text){ from, (size_t)(at - from) };
}

static bool ends_with(struct text text, const char *end)
{
    size_t size = strlen(end);
    return text.length >= size && strncasecmp(text.data + text.length - size, end, size) == 0;
}

/* The value when the line is this header. */
static bool header(struct text line, const char *name, struct text *value)
{
    size_t size = strlen(name);
    if (line.length <= size || line.data[size] != ':' || strncasecmp(line.data, name, size) != 0)
        return false;
    const char *at = line.data + size + 1, *end = line.data + line.length;
    while (at < end && (*at == ' ' || *at == '\t'))
        at++;
    *value = (struct text){ at, (size_t)(end - at) };
    return true;
}

/* KEY/DATE/REGION/SERVICE/aws4_request; in an address the slashes are "%2F". */
static struct text scope(struct text from, const char *slash)
{
    size_t size = strlen(slash);
    char mark[16];
    memcpy(mark, slash, size);
    memcpy(mark + size, "aws4_request", sizeof "aws4_request");
    const char *end = memmem(from.data, from.length, mark, strlen(mark)), *at = end;
    while (at && at > from.data && !((size_t)(at - from.data) >= size && strncasecmp(at - size, slash, size) == 0))
        at--;
    return end && at > from.data ? (struct text){ at, (size_t)(end - at) } : (struct text){ NULL, 0 };
}

static struct text service_of(struct text authorization, struct text target, struct text host)
{
    struct text found = { NULL, 0 };
    if (authorization.length > 5 && memcmp(authorization.data, "AWS4-", 5) == 0)
        found = scope(authorization, "/");
    const char *credential = found.length == 0 ? memmem(target.data, target.length, "X-Amz-Credential=", 17) : NULL;
    if (credential) {
        struct text value = until(credential + 17, target.data + target.length, "&");
        found = scope(value, "%2F");
        if (found.length == 0)
            found = scope(value, "/");
    }
    if (found.length)
        return found;
    struct text name = until(host.data, host.data + host.length, ":");
    return ends_with(name, ".amazonaws.com") || ends_with(name, ".amazonaws.com.cn") || ends_with(name, ".api.aws") ? name : (struct text){ NULL, 0 };
}

static void add(struct pe_call *call, struct text text)
{
    size_t room = sizeof call->item - call->length;
    size_t length = text.length < room ? text.length : room;
    memcpy(call->item + call->length, text.data, length);
    call->length += length;
}

/* "Action=Name" among the fields of a form. */
bool pe_read_action(const char *body, size_t length, struct pe_call *call)
{
    const char *end = body + length;
    for (const char *at = body; at < end;) {
        struct text field = until(at, end, "&");
        if (field.length > 7 && memcmp(field.data, "Action=", 7) == 0) {
            add(call, (struct text){ field.data + 7, field.length - 7 });
            return true;
        }
        at = field.data + field.length + 1;
    }
    return false;
}

/* PE_CALL_IN_BODY: the item ends with the colon, and what follows stands in a form that is sent later. */
enum pe_request pe_read_request(const char *head, size_t length, struct pe_call *call)
{
    const char *end = memmem(head, length, "\r\n\r\n", 4);
    if (!end)
        return PE_NO_CALL;
    struct text line = until(head, end, "\r"), authorization = { NULL, 0 }, host = { NULL, 0 }, type = { NULL, 0 }, aim = { NULL, 0 };
    struct text method = until(line.data, line.data + line.length, " ");
    struct text target = until(method.data + method.length + (method.length < line.length), line.data + line.length, " ");
    if (method.length == 0 || target.length == 0 || (method.length == 7 && memcmp(method.data, "CONNECT", 7) == 0))
        return PE_NO_CALL;
    for (const char *at = line.data + line.length + 2; at < end;) {
        struct text next = until(at, end, "\r");
        if (!header(next, "authorization", &authorization) && !header(next, "host", &host) && !header(next, "x-amz-target", &aim))
            header(next, "content-type", &type);
        at = next.data + next.length + 2;
    }
    struct text service = service_of(authorization, target, host);
    if (service.length == 0 || service.length > 255) /* no name is longer */
        return PE_NO_CALL;
    call->length = 0;
    call->host = host.data ? host.data : "";
    call->host_length = host.length;
    add(call, service);
    add(call, (struct text){ ":", 1 });
    if (aim.length) {
        const char *dot = memrchr(aim.data, '.', aim.length);
        add(call, dot ? (struct text){ dot + 1, aim.length - (size_t)(dot + 1 - aim.data) } : aim);
        return PE_CALL;
    }
    if (type.length >= 33 && strncasecmp(type.data, "application/x-www-form-urlencoded", 33) == 0) {
        const char *body = end + 4;
        if (body == head + length)
            return PE_CALL_IN_BODY;
        if (pe_read_action(body, length - (size_t)(body - head), call))
            return PE_CALL;
    }
    add(call, method);
    add(call, (struct text){ " ", 1 });
    add(call, target);
    return PE_CALL;
}
