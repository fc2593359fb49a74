/* A library with a symbol of its own that is called like one of libc's, and that asks for memory before anything else runs. */
#include <stdlib.h>

int connect(void);
int connect(void) { return 4711; }

int begun_in_library;
__attribute__((constructor)) static void begin(void)
{
    void *volatile some = malloc(10);
    begun_in_library = some != NULL;
    free(some);
}
