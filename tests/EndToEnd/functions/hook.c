/* A library that somebody wants loaded into a child. */
#include <unistd.h>

__attribute__((constructor)) static void loaded(void)
{
    if (write(1, "preloaded-it\n", 13) < 0)
        _exit(1);
}
