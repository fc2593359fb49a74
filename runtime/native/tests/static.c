/* A static program: the loader never sees it, so no library is preloaded. With an argument it tries what only a filter can refuse. */
#include <fcntl.h>
#include <sys/ptrace.h>
int main(int count, char **arguments)
{
    (void)arguments;
    return count > 1 ? ptrace(PTRACE_TRACEME, 0, 0, 0) != 0 : open("/etc/hostname", O_RDONLY) < 0;
}
