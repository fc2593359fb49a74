/* Nanoseconds per call, one line per kind: the best of rounds (other work on the machine only adds). Run with and without the interposer. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define ROUNDS 41
#define CALLS 1000

static int by_value(const void *a, const void *b) { return *(const double *)a < *(const double *)b ? -1 : 1; }

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1e9 + t.tv_nsec;
}

/* calls: how many interposed ones `call` makes */
#define MEASURE_EACH(name, calls, call) do { \
    double rounds[ROUNDS]; \
    for (int r = 0; r < ROUNDS; r++) { \
        double start = now(); \
        for (int i = 0; i < CALLS; i++) { call; } \
        rounds[r] = (now() - start) / CALLS / (calls); \
    } \
    qsort(rounds, ROUNDS, sizeof *rounds, by_value); \
    printf(name " %.1f\n", rounds[0]); \
} while (0)

#define MEASURE(name, call) MEASURE_EACH(name, 1, call)

int main(int count, char **a)
{
    if (count < 4)
        return 2;
    const char *file = a[1], *written = a[2];
    struct sockaddr_in name = { .sin_family = AF_INET, .sin_port = htons(9) };
    inet_pton(AF_INET, "127.0.0.1", &name.sin_addr);
    int udp = socket(AF_INET, SOCK_DGRAM, 0);
    int connected = socket(AF_INET, SOCK_DGRAM, 0);
    if (connect(connected, (void *)&name, sizeof name))
        return 3;
    struct stat info;
    MEASURE("open-read", close(open(file, O_RDONLY)));
    MEASURE("open-write", close(open(written, O_WRONLY | O_CREAT, 0600)));
    MEASURE("open-missing", open("/var/task/no-such-file", O_RDONLY));
    MEASURE("stat", stat(file, &info));
    MEASURE("access", access(file, R_OK));
    char other[4096];
    snprintf(other, sizeof other, "%s-moved", written);
    MEASURE_EACH("rename", 2, (rename(written, other), rename(other, written)));
    MEASURE("chmod", chmod(written, 0600));
    MEASURE("truncate", truncate(written, 0));
    MEASURE_EACH("create-unlink", 2, (close(open(written, O_WRONLY | O_CREAT, 0600)), unlink(written)));
    MEASURE("opendir", closedir(opendir(a[3])));
    MEASURE("send-udp", send(connected, "", 0, 0));
    MEASURE("sendto-udp", sendto(udp, "", 0, 0, (void *)&name, sizeof name));
    MEASURE("connect-udp", connect(udp, (void *)&name, sizeof name));
    return 0;
}
