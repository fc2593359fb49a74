/* Yardsticks for the guard's hop: a platform, a runtime's loop, and two bare relays, as small as they can honestly be.
 *
 *   hop platform EVENT-FILE [EVERY OTHER-FILE]   answers every GET with the file's bytes as an event, each EVERYth with the other's, everything else with 202; an extension may register, and waits
 *   hop tcp|http UPSTREAM-PORT        a relay: bytes in both directions, or whole HTTP messages with a length
 *   hop loop RESPONSE-BYTES ROUNDS PER-ROUND NAME=PORT…   next + response through each port in turn; prints `NAME p50 p99` in microseconds, then waits for a byte
 *
 * The first three print the port they listen on. All of them block in the kernel and use TCP_NODELAY; nothing polls or spins.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* Lambda's own core (a Go server) says how long a body of up to 2 KB is, and sends a longer one as one chunk. */
enum { ROOM = 1 << 21, LENGTH_UP_TO = 2048 };

static struct event { char *bytes; size_t length; } usual, other;
static unsigned long every;
static int upstream_port;

static void die(const char *what) { perror(what); exit(1); }

static void *room(size_t bytes)
{
    void *p = malloc(bytes);
    if (!p) die("memory");
    return p;
}

/* Like systems are set up by default. With BBR a connection has windows of its own, by chance: for hundreds of milliseconds, or for ever, an event of more than about 100 KB does not fit in
 * them and arrives in parts, which costs half a hop more, in whichever leg it happens. */
static void set_up(int fd)
{
    int one = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, "cubic", 5)) setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, "reno", 4);
}

static int dial(int port)
{
    struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof to)) die("connect");
    set_up(fd);
    return fd;
}

static int put(int fd, const char *bytes, size_t length)
{
    while (length) {
        ssize_t sent = send(fd, bytes, length, MSG_NOSIGNAL);
        if (sent <= 0) return 0;
        bytes += sent;
        length -= sent;
    }
    return 1;
}

/* One HTTP message with a length or in chunks, or none; its size, or 0 at the end of the stream. What follows it stays in the buffer. */
struct reader { int fd; char *bytes; size_t count, used; };

static void length_or_chunks(const struct reader *r, const char *end, size_t *length, int *chunked)
{
    for (const char *line = r->bytes; line < end && (line = memchr(line, '\n', end - line)); ) {
        if (!strncasecmp(++line, "content-length:", 15)) *length = strtoul(line + 15, NULL, 10);
        if (!strncasecmp(line, "transfer-encoding: chunked", 26)) *chunked = 1;
    }
}

static size_t message(struct reader *r, size_t *head)
{
    size_t total = 0;
    int chunked = 0;
    r->count -= r->used;
    memmove(r->bytes, r->bytes + r->used, r->count);
    r->used = 0;
    for (;;) {
        if (!total && r->count) {
            char *end = memmem(r->bytes, r->count, "\r\n\r\n", 4);
            if (end) {
                size_t length = 0;
                length_or_chunks(r, end, &length, &chunked);
                total = (*head = end + 4 - r->bytes) + length;
            }
        }
        /* In chunks, the total is where the next one begins. */
        while (total && chunked && r->count > total) {
            char *line = memchr(r->bytes + total, '\n', r->count - total);
            if (!line) break;
            size_t size = strtoul(r->bytes + total, NULL, 16);
            total = line + 1 - r->bytes + size + 2;
            if (!size) chunked = 0;
        }
        if (total && !chunked && r->count >= total) return r->used = total;
        ssize_t got = recv(r->fd, r->bytes + r->count, ROOM - r->count, 0);
        if (got <= 0) return 0;
        r->count += got;
    }
}

static void *answer(void *argument)
{
    struct reader r = { .fd = (int)(long)argument, .bytes = room(ROOM) };
    char *out = room(ROOM + 512);
    size_t head;
    for (unsigned long number = 1; message(&r, &head);) {
        size_t length;
        if (memmem(r.bytes, head, "/extension/event/next", 21)) {
            while (recv(r.fd, out, 1, 0) > 0) ;
            break;
        }
        if (memmem(r.bytes, head, "/extension/register", 19))
            length = sprintf(out, "HTTP/1.1 200 OK\r\nLambda-Extension-Identifier: 5a4c7e2e-0000-0000-0000-000000000001\r\nContent-Length: 2\r\n\r\n{}");
        else if (!memcmp(r.bytes, "GET", 3)) {
            const struct event *event = every && number % every == 0 ? &other : &usual;
            length = sprintf(out, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nLambda-Runtime-Aws-Request-Id: 8476a536-e9f4-11e8-9739-%012lx\r\nLambda-Runtime-Deadline-Ms: 1900000000000\r\n"
                "Lambda-Runtime-Invoked-Function-Arn: arn:aws:lambda:eu-west-1:123456789012:function:f\r\nLambda-Runtime-Trace-Id: Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=0\r\n", number++);
            length += sprintf(out + length, event->length > LENGTH_UP_TO ? "Transfer-Encoding: chunked\r\n\r\n%zx\r\n" : "Content-Length: %zu\r\n\r\n", event->length);
            memcpy(out + length, event->bytes, event->length);
            length += event->length;
            if (event->length > LENGTH_UP_TO) length += sprintf(out + length, "\r\n0\r\n\r\n");
        } else
            length = sprintf(out, "HTTP/1.1 202 Accepted\r\nContent-Type: application/json\r\nContent-Length: 16\r\n\r\n{\"status\":\"OK\"}\n");
        if (!put(r.fd, out, length)) break;
    }
    close(r.fd);
    free(out);
    free(r.bytes);
    return NULL;
}

struct pair { int from, to; };

static void *pump(void *argument)
{
    struct pair *p = argument;
    char *bytes = room(1 << 17);
    for (ssize_t got; (got = recv(p->from, bytes, 1 << 17, 0)) > 0 && put(p->to, bytes, got);) ;
    shutdown(p->from, SHUT_RDWR);
    shutdown(p->to, SHUT_RDWR);
    free(bytes);
    return NULL;
}

static void *relay_tcp(void *argument)
{
    int client = (int)(long)argument, upstream = dial(upstream_port);
    struct pair up = { client, upstream }, down = { upstream, client };
    pthread_t other;
    pthread_create(&other, NULL, pump, &down);
    pump(&up);
    pthread_join(other, NULL);
    close(client);
    close(upstream);
    return NULL;
}

static void *relay_http(void *argument)
{
    struct reader client = { .fd = (int)(long)argument, .bytes = room(ROOM) }, upstream = { .fd = dial(upstream_port), .bytes = room(ROOM) };
    size_t head, length;
    while ((length = message(&client, &head)) && put(upstream.fd, client.bytes, length) && (length = message(&upstream, &head)) && put(client.fd, upstream.bytes, length)) ;
    close(client.fd);
    close(upstream.fd);
    free(client.bytes);
    free(upstream.bytes);
    return NULL;
}

static int serve(void *(*each)(void *))
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t size = sizeof at;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    if (listener < 0 || bind(listener, (struct sockaddr *)&at, size) || listen(listener, 16) || getsockname(listener, (struct sockaddr *)&at, &size)) die("listen");
    printf("%d\n", ntohs(at.sin_port));
    fflush(stdout);
    for (int client; (client = accept(listener, NULL, NULL)) >= 0;) {
        pthread_t thread;
        set_up(client);
        if (pthread_create(&thread, NULL, each, (void *)(long)client)) die("thread");
        pthread_detach(thread);
    }
    return 1;
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1e6 + t.tv_nsec / 1e3;
}

static int ascending(const void *a, const void *b) { return *(double *)a < *(double *)b ? -1 : *(double *)a > *(double *)b; }

static void invoke(struct reader *r, const char *response, size_t response_length)
{
    static const char next[] = "GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: 127.0.0.1:9001\r\nUser-Agent: bench\r\n\r\n";
    char head[300];
    size_t length;
    if (!put(r->fd, next, sizeof next - 1) || !message(r, &length)) die("next");
    char *id = memmem(r->bytes, length, "Request-Id: ", 12);
    if (!id) die("no request id");
    int size = sprintf(head, "POST /2018-06-01/runtime/invocation/%.36s/response HTTP/1.1\r\nHost: 127.0.0.1:9001\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n", id + 12, response_length);
    char *request = room(size + response_length);
    memcpy(request, head, size);
    memcpy(request + size, response, response_length);
    if (!put(r->fd, request, size + response_length) || !message(r, &length) || memcmp(r->bytes + 9, "202", 3)) die("response");
    free(request);
}

static int loop(int legs, char **names, size_t response_length, int rounds, int each)
{
    char *response = room(response_length);
    memset(response, 'y', response_length);
    response[0] = response[response_length - 1] = '"';
    struct reader *readers = calloc(legs, sizeof *readers);
    double **times = calloc(legs, sizeof *times);
    for (int i = 0; i < legs; i++) {
        char *port = strchr(names[i], '=');
        *port++ = 0;
        readers[i] = (struct reader){ .fd = dial(atoi(port)), .bytes = room(ROOM) };
        times[i] = room(sizeof(double) * rounds * each);
        for (int n = 0; n < 200; n++) invoke(&readers[i], response, response_length);
    }
    for (int round = 0; round < rounds; round++)
        for (int i = 0; i < legs; i++) {
            invoke(&readers[i], response, response_length); /* wakes the leg's processes up */
            for (int n = 0; n < each; n++) {
                double start = now();
                invoke(&readers[i], response, response_length);
                times[i][round * each + n] = now() - start;
            }
        }
    for (int i = 0; i < legs; i++) {
        size_t count = (size_t)rounds * each;
        qsort(times[i], count, sizeof(double), ascending);
        printf("%s %.2f %.2f\n", names[i], times[i][count / 2], times[i][count * 99 / 100]);
    }
    fflush(stdout);
    /* The connections stay open, and with them the relays' threads and their counters, until the caller has read those. */
    getchar();
    return 0;
}

static void load(struct event *event, const char *path)
{
    FILE *file = fopen(path, "rb");
    if (!file) die(path);
    event->bytes = room(ROOM);
    event->length = fread(event->bytes, 1, ROOM, file);
    fclose(file);
}

int main(int argc, char **argv)
{
    if ((argc == 3 || (argc == 5 && (every = strtoul(argv[3], NULL, 10)))) && !strcmp(argv[1], "platform")) {
        load(&usual, argv[2]);
        if (every) load(&other, argv[4]);
        return serve(answer);
    }
    if (argc == 3 && (!strcmp(argv[1], "tcp") || !strcmp(argv[1], "http"))) {
        upstream_port = atoi(argv[2]);
        return serve(argv[1][0] == 't' ? relay_tcp : relay_http);
    }
    if (argc > 5 && !strcmp(argv[1], "loop"))
        return loop(argc - 5, argv + 5, strtoul(argv[2], NULL, 10), atoi(argv[3]), atoi(argv[4]));
    fprintf(stderr, "usage: hop platform FILE [EVERY FILE] | tcp PORT | http PORT | loop BYTES ROUNDS EACH NAME=PORT…\n");
    return 2;
}
