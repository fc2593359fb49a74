/* A seccomp filter for what no hook can see: system calls made without libc, and static children. It cannot ask and cannot be taken back, so it is
   set only where PELLICLE_SECCOMP=1 asks for it; otherwise a trial in a child says whether the platform would allow it. Only numbers and plain
   arguments can be judged there: calls that functions do not make, and signals to the guard. */
#include "pellicle.h"
#include "sys.h"
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
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
#define ROOM (REFUSED * 2 + 80)

struct program { struct sock_filter code[ROOM]; unsigned short length; };

static void add(struct program *p, unsigned short code, unsigned k, unsigned char yes, unsigned char no)
{
    if (p->length < ROOM)
        p->code[p->length++] = (struct sock_filter){ code, yes, no, k };
}

#define LOAD(p, at) add(p, BPF_LD | BPF_W | BPF_ABS, at, 0, 0)
#define RETURN(p, value) add(p, BPF_RET | BPF_K, value, 0, 0)
#define ERROR(number) (SECCOMP_RET_ERRNO | (number))
#define UNLESS(p, test, value, skip) add(p, BPF_JMP | (test) | BPF_K, value, 0, skip)

/* The call is allowed unless an argument has the value. `harmless`: an argument that makes it so when it is 0, or -1. */
static void not_to(struct program *p, unsigned number, unsigned argument, unsigned value, int harmless)
{
    UNLESS(p, BPF_JEQ, number, harmless >= 0 ? 6 : 4);
    LOAD(p, ARGUMENT(argument));
    UNLESS(p, BPF_JEQ, value, harmless >= 0 ? 3 : 1);
    if (harmless >= 0) {
        LOAD(p, ARGUMENT((unsigned)harmless));
        UNLESS(p, BPF_JEQ, 0, 0);
        p->code[p->length - 1].jt = 1;
    }
    RETURN(p, ERROR(EPERM));
    RETURN(p, SECCOMP_RET_ALLOW);
}

static void write_program(struct program *p, uint32_t guard, uint32_t own)
{
    p->length = 0;
    LOAD(p, offsetof(struct seccomp_data, arch));
    UNLESS(p, BPF_JEQ, ARCHITECTURE, 1);
    add(p, BPF_JMP | BPF_JA, 1, 0, 0);
    RETURN(p, ERROR(ENOSYS)); /* 32-bit calls have numbers of their own */
    LOAD(p, offsetof(struct seccomp_data, nr));
#if defined(__x86_64__)
    UNLESS(p, BPF_JGE, 0x40000000u /* x32 */, 1);
    RETURN(p, ERROR(ENOSYS));
#endif
    for (size_t i = 0; i < REFUSED; i++) {
        UNLESS(p, BPF_JEQ, refused[i], 1);
        RETURN(p, ERROR(EPERM));
    }
    /* Reading one's own memory this way is how some programs test an address. */
    static const unsigned short memory[] = { SYS_process_vm_readv, SYS_process_vm_writev };
    for (size_t i = 0; i < 2; i++) {
        UNLESS(p, BPF_JEQ, memory[i], 4);
        LOAD(p, ARGUMENT(0));
        UNLESS(p, BPF_JEQ, own, 1);
        RETURN(p, SECCOMP_RET_ALLOW);
        RETURN(p, ERROR(EPERM));
    }
    static const unsigned short spaces[] = { SYS_unshare, SYS_clone };
    for (size_t i = 0; i < 2; i++) {
        UNLESS(p, BPF_JEQ, spaces[i], 4);
        LOAD(p, ARGUMENT(0));
        UNLESS(p, BPF_JSET, spaces[i] == SYS_clone ? CLONE_NEWUSER : NAMESPACES, 1);
        RETURN(p, ERROR(EPERM));
        RETURN(p, SECCOMP_RET_ALLOW);
    }
    if (guard) {
        not_to(p, SYS_tkill, 0, guard, 1);
        not_to(p, SYS_tgkill, 0, guard, 2);
        not_to(p, SYS_rt_sigqueueinfo, 0, guard, 1);
        not_to(p, SYS_rt_tgsigqueueinfo, 0, guard, 2);
        not_to(p, 434 /* pidfd_open */, 0, guard, -1);
        not_to(p, SYS_prlimit64, 0, guard, 2);
        /* kill: the guard, its group, all */
        UNLESS(p, BPF_JEQ, SYS_kill, 7);
        LOAD(p, ARGUMENT(1));
        add(p, BPF_JMP | BPF_JEQ | BPF_K, 0, 5, 0);
        LOAD(p, ARGUMENT(0));
        add(p, BPF_JMP | BPF_JEQ | BPF_K, guard, 2, 0);
        add(p, BPF_JMP | BPF_JEQ | BPF_K, (unsigned)-(int)guard, 1, 0);
        UNLESS(p, BPF_JEQ, (unsigned)-1, 1);
        RETURN(p, ERROR(EPERM));
    }
    RETURN(p, SECCOMP_RET_ALLOW);
}

/* SPEC_ALLOW: otherwise kernels before 5.16 would slow down everything the process does. */
static long install(struct program *p, unsigned flags)
{
    struct sock_fprog whole = { .len = p->length, .filter = p->code };
    long result = SYS5(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    if (result < 0)
        return result;
    result = SYS3(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags | SECCOMP_FILTER_FLAG_SPEC_ALLOW, &whole);
    return result == -EINVAL ? SYS3(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &whole) : result;
}

/* In a child that shares our memory: a filter belongs to the task that sets it. */
static bool would_be_allowed(void)
{
    struct program p = { .length = 0 };
    volatile bool allowed = false;
    RETURN(&p, SECCOMP_RET_ALLOW);
    pid_t child = vfork();
    if (child == 0) {
        allowed = install(&p, 0) == 0;
        SYS1(SYS_exit_group, 0);
    }
    while (child > 0 && SYS4(SYS_wait4, child, 0, 0, 0) == -EINTR)
        continue;
    return allowed;
}

void pe_confine_start(void)
{
    const struct pe_state *state = atomic_load(&pe.state);
    struct pe_ring *ring = atomic_load(&pe.ring);
    if (!state || !ring || pe.root_pid != (uint32_t)SYS0(SYS_getpid))
        return;
    const char *wanted = getenv("PELLICLE_SECCOMP");
    if (!wanted || strcmp(wanted, "1") != 0) {
        atomic_store(&ring->confinement, would_be_allowed() ? PE_CONFINEMENT_AVAILABLE : PE_CONFINEMENT_REFUSED);
        return;
    }
    struct program p;
    write_program(&p, atomic_load(&state->guard_pid), pe.root_pid);
    bool set = p.length < ROOM && install(&p, SECCOMP_FILTER_FLAG_TSYNC) == 0;
    atomic_store(&ring->confinement, set ? PE_CONFINEMENT_ACTIVE : PE_CONFINEMENT_REFUSED);
}
