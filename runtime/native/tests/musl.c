/* A program of another C library (Alpine's): the same calls through the same library of ours. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int count, char **a)
{
    if (count < 3)
        return 2;
    errno = 0;
    int opened = open(a[1], O_RDONLY) >= 0;
    printf("open %d %d\n", opened, errno);
    errno = 0;
    opened = fopen(a[1], "r") != NULL;
    printf("fopen %d %d\n", opened, errno);
    fflush(stdout);
    int status = 0;
    pid_t pid = fork();
    if (pid == 0) {
        execve(a[2], (char *[]){ a[2], NULL }, (char *[]){ NULL });
        _exit(errno);
    }
    waitpid(pid, &status, 0);
    printf("child %d\n", WEXITSTATUS(status));
    return 0;
}
