/* Nanoseconds per call, one line per kind: the best of rounds (other work on the machine only adds). Run with and without the interposer. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define ROUNDS 101
#define CALLS 1000

static int by_value(const void *a, const void *b) { return *(const double *)a < *(const double *)b ? -1 : 1; }

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1e9 + t.tv_nsec;
}

#define MEASURE(name, call) do { \
    double rounds[ROUNDS]; \
    for (int r = 0; r < ROUNDS; r++) { \
        double start = now(); \
        for (int i = 0; i < CALLS; i++) { call; } \
        rounds[r] = (now() - start) / CALLS; \
    } \
    qsort(rounds, ROUNDS, sizeof *rounds, by_value); \
    printf(name " %.1f\n", rounds[0]); \
} while (0)

int main(int count, char **a)
{
    if (count < 3)
        return 2;
    const char *file = a[1], *written = a[2];
    struct sockaddr_in name = { .sin_family = AF_INET, .sin_port = htons(9) };
    inet_pton(AF_INET, "127.0.0.1", &name.sin_addr);
    int udp = socket(AF_INET, SOCK_DGRAM, 0);
    struct stat info;
    MEASURE("open-read", close(open(file, O_RDONLY)));
    MEASURE("open-write", close(open(written, O_WRONLY | O_CREAT, 0600)));
    MEASURE("open-missing", open("/var/task/no-such-file", O_RDONLY));
    MEASURE("stat", stat(file, &info));
    MEASURE("access", access(file, R_OK));
    MEASURE("connect-udp", connect(udp, (void *)&name, sizeof name));
    return 0;
}
