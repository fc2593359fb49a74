/* A library that tells when somebody loads it. */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

__attribute__((constructor)) static void loaded(void)
{
    int file = open("/tmp/loaded.txt", O_CREAT | O_WRONLY | O_TRUNC, 0644);
    if (file < 0 || write(file, "it-was-loaded", 13) < 0 || close(file) < 0)
        abort();
}
