/*
 * nocfi.S - code without unwind information, as JITs and hand-written
 * assembly are.
 */
	.text

/* nocfi_call(function, rbp): calls function() with rbp in the register. */
	.globl	nocfi_call
	.type	nocfi_call, @function
nocfi_call:
	push	%rbp
	push	%rbx
	sub	$24, %rsp
	mov	%rsi, %rbp
	call	*%rdi
	add	$24, %rsp
	pop	%rbx
	pop	%rbp
	ret
	.size	nocfi_call, . - nocfi_call

/* nocfi_framed(function): with a frame pointer that leads to the caller. */
	.globl	nocfi_framed
	.type	nocfi_framed, @function
nocfi_framed:
	push	%rbp
	mov	%rsp, %rbp
	sub	$32, %rsp
	call	*%rdi
	leave
	ret
	.size	nocfi_framed, . - nocfi_framed
	.section .note.GNU-stack, "", @progbits
