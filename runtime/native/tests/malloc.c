/* A program with a malloc of its own, as browsers have one, that makes system calls through libc while it begins, and stands still when it is called again meanwhile. It begins
 * before any constructor of a library (-DBEFORE_ALL), or in the first of these (own.c). Prints what opening the argument gave. */
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static _Alignas(16) char room[1 << 22];
static size_t used;
static int state; /* 1: begins, 2: has begun */

void *malloc(size_t size)
{
    if (state == 1) {
        static const char told[] = "malloc again\n";
        (void)!write(2, told, sizeof told - 1);
        _exit(3);
    }
    if (state == 0) {
        state = 1;
        syscall(SYS_getpid);
        close(open("/dev/null", O_RDONLY));
        state = 2;
    }
    size_t at = used;
    used += (size + 31) & ~(size_t)15;
    if (used > sizeof room)
        return NULL;
    memcpy(room + at, &size, sizeof size);
    return room + at + 16;
}

void free(void *at) { (void)at; }

void *calloc(size_t count, size_t size) { return malloc(count * size); } /* never used twice: all zero */

void *realloc(void *at, size_t size)
{
    void *made = malloc(size);
    size_t before = 0;
    if (made && at) {
        memcpy(&before, (char *)at - 16, sizeof before);
        memcpy(made, at, before < size ? before : size);
    }
    return made;
}

#ifdef BEFORE_ALL
static void first(int count, char **arguments, char **variables)
{
    (void)count, (void)arguments, (void)variables;
    free(malloc(10));
}

__attribute__((section(".preinit_array"), used)) static void (*const before_all)(int, char **, char **) = first;
#else
extern int begun_in_library;
static int *const needed = &begun_in_library;
#endif

int main(int count, char **arguments)
{
    int fd = count > 1 ? open(arguments[1], O_RDONLY) : -1;
#ifndef BEFORE_ALL
    if (!*needed)
        return 5;
#endif
    printf("open %d %d\n", fd >= 0, fd >= 0 ? 0 : errno);
    return state == 2 ? 0 : 4;
}
