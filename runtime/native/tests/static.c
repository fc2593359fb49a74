/* A static program: the loader never sees it, so no library is preloaded. */
#include <fcntl.h>
int main(void) { return open("/etc/hostname", O_RDONLY) < 0; }
