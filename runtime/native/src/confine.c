/* A seccomp filter for what no hook can see: system calls made without libc, and static children. It cannot ask and cannot be taken back (decision 0013),
   so it holds only what functions do not do, and is set where the policy protects when the process starts, or where PELLICLE_SECCOMP=1 asks for it;
   otherwise a trial in a child says whether the platform would allow it. Only numbers and plain arguments can be judged there. */
#include "pellicle.h"
#include "sys.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#else
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#endif
#define NAMESPACES (CLONE_NEWNS | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP)
#define ARGUMENT(n) (unsigned)(offsetof(struct seccomp_data, args) + 8 * (n)) /* its low half; both processors are little endian */

/* Without a use in a function, and a way around the hooks or out of the process. */
static const unsigned short refused[] = {
    SYS_ptrace, SYS_io_uring_setup, SYS_open_by_handle_at, SYS_pidfd_getfd, SYS_process_madvise, SYS_kcmp, SYS_userfaultfd, SYS_bpf, SYS_perf_event_open,
    SYS_mount, SYS_umount2, SYS_pivot_root, SYS_chroot, SYS_setns, SYS_init_module, SYS_finit_module, SYS_delete_module, SYS_kexec_load,
    428 /* open_tree */, 429 /* move_mount */, 430 /* fsopen */, 431 /* fsconfig */, 432 /* fsmount */, 433 /* fspick */, 442 /* mount_setattr */,
};
#define REFUSED (sizeof refused / sizeof *refused)
#define ROOM 255 /* as far as a jump reaches */
#define ENTRIES (REFUSED + 32)

/* What is said about one system call: what follows in the program at `block`, 0 for a plain refusal. */
struct entry { unsigned short number, block; };

struct program {
    struct sock_filter code[ROOM];
    unsigned short length;
    struct entry entries[ENTRIES];
    unsigned count;
};

static void add(struct program *p, unsigned short code, unsigned k, unsigned char yes, unsigned char no)
{
    if (p->length < ROOM)
        p->code[p->length] = (struct sock_filter){ code, yes, no, k };
    p->length++;
}

#define LOAD(p, at) add(p, BPF_LD | BPF_W | BPF_ABS, at, 0, 0)
#define RETURN(p, value) add(p, BPF_RET | BPF_K, value, 0, 0)
#define ERROR(number) (SECCOMP_RET_ERRNO | (number))
#define IF(p, test, value, yes, no) add(p, BPF_JMP | (test) | BPF_K, value, yes, no)

/* In order of the numbers, so that a call is found by halving: kernels before 5.11 run the program at every call. */
static void enter(struct program *p, unsigned number, unsigned block)
{
    unsigned at = p->count;
    if (at >= ENTRIES)
        return;
    for (; at > 0 && p->entries[at - 1].number > number; at--)
        p->entries[at] = p->entries[at - 1];
    p->entries[at] = (struct entry){ (unsigned short)number, (unsigned short)block };
    p->count++;
}

/* Blocks are written to a program of their own, which is put behind the search. The first instruction allows, the second refuses. */
enum { ALLOWED, PLAIN_REFUSAL, BLOCKS };

/* The call is refused when an argument has the value. `harmless`: an argument that makes it so when it is 0, or -1. */
static void not_to(struct program *p, unsigned number, unsigned argument, unsigned value, int harmless)
{
    enter(p, number, p->length);
    LOAD(p, ARGUMENT(argument));
    IF(p, BPF_JEQ, value, 0, harmless >= 0 ? 2 : 1);
    if (harmless >= 0) {
        LOAD(p, ARGUMENT((unsigned)harmless));
        IF(p, BPF_JEQ, 0, 0, 1);
        RETURN(p, SECCOMP_RET_ALLOW);
        RETURN(p, ERROR(EPERM));
        return;
    }
    RETURN(p, ERROR(EPERM));
    RETURN(p, SECCOMP_RET_ALLOW);
}

/* Calls that need a look at what a pointer points to: answered by the guard, unless they come from code that judged them already. In another program
   that code lies elsewhere, so the guard is asked about all of its calls, and looks where they come from (decision 0018). */
static void ask_about(struct program *p, bool no_programs)
{
    static const unsigned short asked[] = {
#if defined(__x86_64__)
        SYS_open, SYS_creat,
#endif
        SYS_openat, SYS_openat2, SYS_connect, SYS_sendmsg, SYS_sendmmsg, SYS_execve, SYS_execveat,
    };
    const struct pe_text *texts;
    unsigned count = pe_texts(&texts);
    enter(p, SYS_sendto, p->length);
    for (unsigned half = 0; half < 2; half++) { /* without an address it goes where the socket is connected to */
        LOAD(p, ARGUMENT(4) + 4 * half);
        IF(p, BPF_JEQ, 0, 0, half ? 1 : 3);
    }
    RETURN(p, SECCOMP_RET_ALLOW);
    for (size_t i = 0; i < sizeof asked / sizeof *asked; i++)
        if (!no_programs || (asked[i] != SYS_execve && asked[i] != SYS_execveat))
            enter(p, asked[i], p->length);
    for (unsigned i = 0; i < count; i++) {
        if (texts[i].start >> 32 != texts[i].end >> 32)
            continue; /* then the guard finds it */
        LOAD(p, offsetof(struct seccomp_data, instruction_pointer) + 4);
        IF(p, BPF_JEQ, (unsigned)(texts[i].start >> 32), 0, 4);
        LOAD(p, offsetof(struct seccomp_data, instruction_pointer));
        IF(p, BPF_JGE, (unsigned)texts[i].start, 0, 2);
        IF(p, BPF_JGT, (unsigned)texts[i].end, 1, 0);
        RETURN(p, SECCOMP_RET_ALLOW);
    }
    RETURN(p, SECCOMP_RET_USER_NOTIF);
}

static void write_blocks(struct program *p, uint32_t guard, uint32_t own, bool no_programs, bool supervised)
{
    RETURN(p, SECCOMP_RET_ALLOW);
    RETURN(p, ERROR(EPERM));
    for (size_t i = 0; i < REFUSED; i++)
        enter(p, refused[i], PLAIN_REFUSAL);
    /* Reading one's own memory this way is how some programs test an address. */
    enter(p, SYS_process_vm_readv, p->length);
    enter(p, SYS_process_vm_writev, p->length);
    LOAD(p, ARGUMENT(0));
    IF(p, BPF_JEQ, own, 0, 1);
    RETURN(p, SECCOMP_RET_ALLOW);
    RETURN(p, ERROR(EPERM));
    static const unsigned short spaces[] = { SYS_unshare, SYS_clone };
    for (size_t i = 0; i < 2; i++) {
        enter(p, spaces[i], p->length);
        LOAD(p, ARGUMENT(0));
        IF(p, BPF_JSET, spaces[i] == SYS_clone ? CLONE_NEWUSER : NAMESPACES, 0, 1);
        RETURN(p, ERROR(EPERM));
        RETURN(p, SECCOMP_RET_ALLOW);
    }
    if (no_programs) {
        enter(p, SYS_execve, p->length);
        enter(p, SYS_execveat, p->length);
        RETURN(p, ERROR(EACCES));
    }
    if (supervised)
        ask_about(p, no_programs);
    if (!guard)
        return;
    not_to(p, SYS_tkill, 0, guard, 1);
    not_to(p, SYS_tgkill, 0, guard, 2);
    not_to(p, SYS_rt_sigqueueinfo, 0, guard, 1);
    not_to(p, SYS_rt_tgsigqueueinfo, 0, guard, 2);
    not_to(p, 434 /* pidfd_open */, 0, guard, -1);
    not_to(p, SYS_prlimit64, 0, guard, 2);
    /* kill: the guard, its group, all */
    enter(p, SYS_kill, p->length);
    LOAD(p, ARGUMENT(1));
    IF(p, BPF_JEQ, 0, 5, 0);
    LOAD(p, ARGUMENT(0));
    IF(p, BPF_JEQ, guard, 2, 0);
    IF(p, BPF_JEQ, (unsigned)-(int)guard, 1, 0);
    IF(p, BPF_JEQ, (unsigned)-1, 0, 1);
    RETURN(p, ERROR(EPERM));
    RETURN(p, SECCOMP_RET_ALLOW);
}

/* Leaves jump to their block by its number, which the caller turns into a distance. */
static void write_search(struct program *p, const struct entry *entries, unsigned count)
{
    if (count == 1) {
        IF(p, BPF_JEQ, entries->number, (unsigned char)entries->block, ALLOWED);
        return;
    }
    unsigned half = count / 2, at = p->length;
    IF(p, BPF_JGE, entries[half].number, 0, 0);
    write_search(p, entries, half);
    if (at < ROOM)
        p->code[at].jt = (unsigned char)(p->length - at - 1);
    write_search(p, entries + half, count - half);
}

/* False when it does not fit, which a test would see. */
static bool write_program(struct program *p, uint32_t guard, uint32_t own, bool no_programs, bool supervised)
{
    struct program blocks = { .length = 0 };
    write_blocks(&blocks, guard, own, no_programs, supervised);
    p->length = 0;
    LOAD(p, offsetof(struct seccomp_data, arch));
    IF(p, BPF_JEQ, ARCHITECTURE, 1, 0);
    RETURN(p, ERROR(ENOSYS)); /* 32-bit calls have numbers of their own */
    LOAD(p, offsetof(struct seccomp_data, nr));
#if defined(__x86_64__)
    IF(p, BPF_JGE, 0x40000000u /* x32 */, 0, 1);
    RETURN(p, ERROR(ENOSYS));
#endif
    unsigned start = p->length;
    write_search(p, blocks.entries, blocks.count);
    unsigned end = p->length;
    for (unsigned i = 0; i < blocks.length; i++)
        p->code[p->length < ROOM ? p->length : 0] = blocks.code[i < ROOM ? i : 0], p->length++;
    if (p->length > ROOM || blocks.count >= ENTRIES)
        return false;
    for (unsigned i = start; i < end; i++)
        if (BPF_OP(p->code[i].code) == BPF_JEQ) {
            p->code[i].jt = (unsigned char)(end + p->code[i].jt - i - 1);
            p->code[i].jf = (unsigned char)(end + p->code[i].jf - i - 1);
        }
    return true;
}

#define WAIT_KILLABLE (1u << 5) /* since 5.19: a signal does not begin the call, and the question, again */

/* SPEC_ALLOW: otherwise kernels before 5.16 would slow down everything the process does. A listener is the answer where flags ask for one. */
static long install(struct program *p, unsigned flags)
{
    struct sock_fprog whole = { .len = p->length, .filter = p->code };
    long result = SYS5(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    if (result < 0)
        return result;
    const unsigned tried[] = { flags & SECCOMP_FILTER_FLAG_NEW_LISTENER ? WAIT_KILLABLE : 0, 0 };
    result = -EINVAL;
    for (size_t i = 0; i < 2 && result == -EINVAL; i++)
        result = SYS3(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags | SECCOMP_FILTER_FLAG_SPEC_ALLOW | tried[i], &whole);
    return result == -EINVAL ? SYS3(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &whole) : result;
}

/* The kernel reads the filter before it looks at anything else, and there is none to read: who may set one hears EFAULT. Nothing is set, and no child is needed. */
static bool would_be_allowed(void) { return SYS3(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, NULL) == -EFAULT; }

/* Nobody waits longer than this for a guard that took the question and does not answer. */
static void end_after(long milliseconds)
{
    struct sigevent kill = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGKILL };
    struct itimerspec when = { .it_value = { milliseconds / 1000, milliseconds % 1000 * 1000000 } };
    int timer;
    if (SYS3(SYS_timer_create, CLOCK_MONOTONIC, &kill, &timer) < 0 || SYS4(SYS_timer_settime, timer, 0, &when, 0) < 0)
        SYS1(SYS_exit_group, 1);
}

/* The whole way once, in a child: kernels without listeners, platforms that refuse them, and a guard that may not read our memory leave the function as it was. */
static bool would_be_answered(int connection)
{
    struct program p = { .length = 0 };
    volatile bool answered = false;
    LOAD(&p, offsetof(struct seccomp_data, nr));
    IF(&p, BPF_JEQ, SYS_openat, 0, 1);
    RETURN(&p, SECCOMP_RET_USER_NOTIF);
    RETURN(&p, SECCOMP_RET_ALLOW);
    pid_t child = vfork();
    if (child == 0) {
        end_after(1000);
        long listener = install(&p, SECCOMP_FILTER_FLAG_NEW_LISTENER);
        if (listener >= 0 && pe_hand_over(connection, (int)listener, true)) {
            SYS1(SYS_close, listener); /* a guard that ends leaves nobody waiting */
            answered = SYS4(SYS_openat, AT_FDCWD, PE_TRIAL, O_RDONLY | O_CLOEXEC, 0) == -EOWNERDEAD;
        }
        SYS1(SYS_exit_group, 0);
    }
    while (child > 0 && SYS4(SYS_wait4, child, 0, 0, 0) == -EINTR)
        continue;
    return answered;
}

void pe_confine_start(void)
{
    const struct pe_state *state = atomic_load(&pe.state);
    struct pe_ring *ring = atomic_load(&pe.ring);
    if (!state || !ring || pe.root_pid != (uint32_t)SYS0(SYS_getpid))
        return;
    /* What the function's own variable says comes before the policy. */
    const char *wanted = getenv("PELLICLE_SECCOMP");
    bool strict = wanted && strcmp(wanted, "strict") == 0;
    uint32_t flags = atomic_load(&state->flags);
    bool set = wanted && *wanted ? strict || strcmp(wanted, "1") == 0 : atomic_load(&state->mode) == 2 && (flags & PE_FLAG_CONFINE);
    if (!set) {
        atomic_store(&ring->confinement, would_be_allowed() ? PE_CONFINEMENT_AVAILABLE : PE_CONFINEMENT_REFUSED);
        return;
    }
    int connection = strict && (flags & PE_FLAG_ANSWERS_CALLS) ? pe_channel_open() : -1;
    bool supervised = connection >= 0 && would_be_answered(connection);
    struct program p;
    long result = -EINVAL;
    if (write_program(&p, atomic_load(&state->guard_pid), pe.root_pid, strict && atomic_load(&state->mode) == 2 && (flags & PE_FLAG_NO_PROGRAMS), supervised))
        result = install(&p, SECCOMP_FILTER_FLAG_TSYNC | (supervised ? SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_TSYNC_ESRCH : 0));
    if (supervised && result >= 0) {
        if (!pe_hand_over(connection, (int)result, false))
            pe_count_fault();
        SYS1(SYS_close, result);
        result = 0;
    }
    if (connection >= 0)
        SYS1(SYS_close, connection);
    atomic_store(&ring->confinement, result != 0 ? PE_CONFINEMENT_REFUSED : supervised ? PE_CONFINEMENT_SUPERVISED : PE_CONFINEMENT_ACTIVE);
}
