/* A program that is linked statically: no library is loaded into it, and its system calls are its own. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

extern char **environ;

static int show(const char *path)
{
    char bytes[65536];
    int file = open(path, O_RDONLY);
    ssize_t size = file < 0 ? -1 : read(file, bytes, sizeof bytes);
    return size < 0 || fwrite(bytes, 1, (size_t)size, stdout) != (size_t)size;
}

static int reach(const char *address)
{
    struct sockaddr_in to = { .sin_family = AF_INET };
    char host[64];
    unsigned port;
    if (!address || sscanf(address, "%63[^:]:%u", host, &port) != 2 || inet_pton(AF_INET, host, &to.sin_addr) != 1)
        return 2;
    to.sin_port = htons((uint16_t)port);
    int reached = connect(socket(AF_INET, SOCK_STREAM, 0), (struct sockaddr *)&to, sizeof to);
    printf(reached == 0 ? "connected\n" : "refused\n");
    return 0;
}

static int drop(void)
{
    static const char text[] = "#!/bin/sh\necho it-ran\n";
    char *const argv[] = { "/tmp/dropped-raw.sh", NULL };
    int file = open(argv[0], O_WRONLY | O_CREAT | O_TRUNC, 0755);
    if (file < 0 || write(file, text, sizeof text - 1) < 0 || close(file) < 0)
        return 2;
    execve(argv[0], argv, environ);
    return 3;
}

int main(int count, char **arguments)
{
    const char *what = count > 1 ? arguments[1] : "", *channel = getenv("PELLICLE_CHANNEL"), *platform = channel ? strchr(channel, '/') : NULL;
    if (strcmp(what, "environ") == 0)
        return show("/proc/self/environ");
    if (strcmp(what, "words") == 0)
        return show("/var/task/data/words.txt");
    if (strcmp(what, "platform") == 0)
        return reach(platform ? platform + 1 : getenv("AWS_LAMBDA_RUNTIME_API"));
    if (strcmp(what, "backend") == 0)
        return reach(getenv("BACKEND"));
    if (strcmp(what, "dropped") == 0)
        return drop();
    execve("/bin/sh", (char *const[]){ "/bin/sh", "/var/task/script.sh", NULL }, environ);
    return 4;
}
