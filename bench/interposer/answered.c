/* Microseconds per call that libc makes, per one of this program's own, and per start of a program: the best of rounds. Run with PELLICLE_SECCOMP=1 and =strict. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static long own(long number, long a, long b, long c)
{
    register long r10 __asm__("r10") = 0;
    long result;
    __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10) : "rcx", "r11", "memory");
    return result;
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1e6 + t.tv_nsec / 1e3;
}

static void start(char *program)
{
    pid_t child;
    int status;
    if (posix_spawn(&child, program, NULL, NULL, (char *[]){ program, NULL }, environ) || waitpid(child, &status, 0) != child || status)
        exit(4);
}

#define MEASURE(name, calls, call) do { \
    double best = 1e9; \
    for (int r = 0; r < 25; r++) { \
        double begun = now(); \
        for (int i = 0; i < (calls); i++) { call; } \
        double each = (now() - begun) / (calls); \
        if (each < best) \
            best = each; \
    } \
    printf(name " %.2f\n", best); \
} while (0)

int main(int count, char **a)
{
    struct sockaddr_in name = { .sin_family = AF_INET, .sin_port = htons(9), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int udp = socket(AF_INET, SOCK_DGRAM, 0);
    if (count < 4)
        return 2;
    MEASURE("open", 500, close(open(a[1], O_RDONLY)));
    MEASURE("open-own", 100, close((int)own(SYS_openat, AT_FDCWD, (long)a[1], O_RDONLY)));
    MEASURE("connect", 500, connect(udp, (void *)&name, sizeof name));
    MEASURE("connect-own", 100, own(SYS_connect, udp, (long)&name, sizeof name));
    MEASURE("start-static", 10, start(a[2]));
    MEASURE("start", 10, start(a[3]));
    return 0;
}
