/*
 * frame.S - a module with one function, plugin_call(allocate), whose stack
 * frame has FRAME bytes; the return address has the same offset whatever
 * FRAME is.
 */
	.text
	.globl	plugin_call
	.type	plugin_call, @function
plugin_call:
	.cfi_startproc
	.byte	0x48, 0x81, 0xec	/* sub $FRAME, %rsp, long form */
	.long	FRAME
	.cfi_def_cfa_offset FRAME + 8
	call	*%rdi
	.byte	0x48, 0x81, 0xc4	/* add $FRAME, %rsp */
	.long	FRAME
	.cfi_def_cfa_offset 8
	ret
	.cfi_endproc
	.size	plugin_call, . - plugin_call
	.section .note.GNU-stack, "", @progbits
