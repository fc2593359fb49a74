/* dlsym, dlopen and syscall look at their caller (its address, its stack): the real function must be entered by a jump,
   with the caller's own return address. Each stub asks a C function first. */
        .text

#if defined(__x86_64__)

/* Keeps the six argument registers and the stack aligned for a call. */
.macro SAVE
        endbr64
        push %rdi
        push %rsi
        push %rdx
        push %rcx
        push %r8
        push %r9
        sub $8, %rsp
        .cfi_adjust_cfa_offset 56
.endm
.macro RESTORE
        add $8, %rsp
        pop %r9
        pop %r8
        pop %rcx
        pop %rdx
        pop %rsi
        pop %rdi
        .cfi_adjust_cfa_offset -56
.endm
.macro FUNCTION name
        .globl \name
        .type \name, @function
        .p2align 4
\name:
        .cfi_startproc
.endm
.macro END name
        .cfi_endproc
        .size \name, . - \name
.endm

/* Ours, if the name is one of ours; else the real look-up. */
.macro LOOKUP name
FUNCTION \name
        SAVE
        call pe_\name\()_ours
        RESTORE
        test %rax, %rax
        jnz 1f
        SAVE
        call pe_address_of_\name
        RESTORE
        jmp *%rax
1:      ret
END \name
.endm

LOOKUP dlsym
LOOKUP dlvsym

/* The judge returns the path to load: the given one, or one that does not exist. */
FUNCTION dlopen
        SAVE
        call pe_dlopen_path
        RESTORE
        mov %rax, %rdi
        SAVE
        call pe_address_of_dlopen
        RESTORE
        jmp *%rax
END dlopen

FUNCTION dlmopen
        SAVE
        call pe_dlmopen_path
        RESTORE
        mov %rax, %rsi
        SAVE
        call pe_address_of_dlmopen
        RESTORE
        jmp *%rax
END dlmopen

FUNCTION syscall
        SAVE
        call pe_syscall_judged
        RESTORE
        test %al, %al
        jz 1f
        /* the seventh argument lies on the caller's stack, above the return address */
        push 8(%rsp)
        .cfi_adjust_cfa_offset 8
        call pe_syscall
        add $8, %rsp
        .cfi_adjust_cfa_offset -8
        ret
1:      SAVE
        call pe_address_of_syscall
        RESTORE
        jmp *%rax
END syscall

#elif defined(__aarch64__)

.macro SAVE
        stp x29, x30, [sp, #-80]!
        .cfi_adjust_cfa_offset 80
        mov x29, sp
        stp x0, x1, [sp, #16]
        stp x2, x3, [sp, #32]
        stp x4, x5, [sp, #48]
        str x6, [sp, #64]
.endm
/* result of the call goes to x16 */
.macro RESTORE
        mov x16, x0
        ldp x0, x1, [sp, #16]
        ldp x2, x3, [sp, #32]
        ldp x4, x5, [sp, #48]
        ldr x6, [sp, #64]
        ldp x29, x30, [sp], #80
        .cfi_adjust_cfa_offset -80
.endm
.macro FUNCTION name
        .globl \name
        .type \name, %function
        .p2align 4
\name:
        .cfi_startproc
        hint #34
.endm
.macro END name
        .cfi_endproc
        .size \name, . - \name
.endm
.macro LOOKUP name
FUNCTION \name
        SAVE
        bl pe_\name\()_ours
        RESTORE
        cbnz x16, 1f
        SAVE
        bl pe_address_of_\name
        RESTORE
        br x16
1:      mov x0, x16
        ret
END \name
.endm

LOOKUP dlsym
LOOKUP dlvsym

FUNCTION dlopen
        SAVE
        bl pe_dlopen_path
        RESTORE
        mov x0, x16
        SAVE
        bl pe_address_of_dlopen
        RESTORE
        br x16
END dlopen

FUNCTION dlmopen
        SAVE
        bl pe_dlmopen_path
        RESTORE
        mov x1, x16
        SAVE
        bl pe_address_of_dlmopen
        RESTORE
        br x16
END dlmopen

FUNCTION syscall
        SAVE
        bl pe_syscall_judged
        RESTORE
        tbz w16, #0, 1f
        b pe_syscall
1:      SAVE
        bl pe_address_of_syscall
        RESTORE
        br x16
END syscall
#endif

        .section .note.GNU-stack, "", %progbits
