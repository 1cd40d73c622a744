/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * start.S - what C cannot say: where the stack begins, how a program is entered, a system call
 *
 * _start calls unpack_run with the stack as the kernel made it, and enters what that returns with
 * the same one. What the ABI would have called when the program exits is set to none, as the
 * kernel does. unpack_call(a, b, c, d, e, f, number) returns what the kernel does.
 */
	.text
	.globl	_start
	.globl	unpack_call
	.type	unpack_call, %function

#if defined(__x86_64__)
_start:
	mov	%rsp, %rdi
	call	unpack_run
	xor	%edx, %edx
	jmp	*%rax
unpack_call:
	mov	%rcx, %r10
	mov	8(%rsp), %rax
	syscall
	ret

#elif defined(__aarch64__)
_start:
	mov	x0, sp
	bl	unpack_run
	mov	x1, x0
	mov	x0, #0
	br	x1
unpack_call:
	mov	x8, x6
	svc	#0
	ret

#elif defined(__riscv)
_start:
	.option	push
	.option	norelax
	la	gp, __global_pointer$
	.option	pop
	mv	a0, sp
	call	unpack_run
	mv	t0, a0
	li	a0, 0
	jr	t0
unpack_call:
	mv	a7, a6
	ecall
	ret

#elif defined(__powerpc64__) && defined(__LITTLE_ENDIAN__)
_start:
	addis	2, 12, .TOC.-_start@ha
	addi	2, 2, .TOC.-_start@l
	mr	31, 1
	mr	3, 1
	li	0, 0
	stdu	0, -32(1)
	bl	unpack_run
	nop
	mr	1, 31
	mr	12, 3
	mtctr	12
	li	7, 0
	bctr
unpack_call:
	mr	0, 9
	sc
	bnslr
	neg	3, 3
	blr

#elif defined(__s390x__)
_start:
	lgr	%r2, %r15
	aghi	%r15, -160
	brasl	%r14, unpack_run
	aghi	%r15, 160
	lgr	%r1, %r2
	lghi	%r14, 0
	br	%r1
unpack_call:
	stg	%r7, 56(%r15)
	lmg	%r0, %r1, 160(%r15)
	lgr	%r7, %r0
	svc	0
	lg	%r7, 56(%r15)
	br	%r14

#else
#error "not written for this CPU"
#endif

/* Behind all else: the last byte can be read if the file is there as far as the page it is in. */
	.section .rodata_packed, "a"
	.globl	unpack_image
	.globl	unpack_image_end
unpack_image:
	.incbin	UNPACK_IMAGE
unpack_image_end:
	.byte	0

	.section .note.GNU-stack, "", %progbits
