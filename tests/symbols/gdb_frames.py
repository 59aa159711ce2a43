"""gdb_frames.py - run inside gdb: the stack at every allocation of a size
that tests/symbols/chains.py gave out.

    gdb -batch -nx -ex 'python OUT="frames.json"' -x gdb_frames.py PROGRAM

Writes an object from size to a list of [function, file or null, line],
innermost first, without the allocator itself, up to main.  Tail calls, which
gdb reconstructs from what is known of the arguments, are left out: nothing of
them is on the stack.
"""
import json

import gdb

FIRST_SIZE, STEP, LIMIT = 200000, 16, 300000

found = {}


def describe(frame):
    sal = frame.find_sal()
    file = sal.symtab.fullname() if sal.symtab is not None else None
    return [frame.name() or '?', file, sal.line]


def walk():
    frames = []
    frame = gdb.newest_frame()
    # the allocator, and what is inlined in it
    while frame is not None and frame.type() == gdb.INLINE_FRAME:
        frame = frame.older()
    frame = frame.older()
    while frame is not None:
        if frame.type() != gdb.TAILCALL_FRAME:
            frames.append(describe(frame))
        if frame.name() == 'main':
            break
        frame = frame.older()
    return frames


class Allocation(gdb.Breakpoint):
    """At the first instruction of an allocation function."""

    def __init__(self, function, register):
        super().__init__('*' + function, internal=True)
        self.register = register

    def stop(self):
        size = int(gdb.parse_and_eval('(unsigned long)' + self.register))
        if FIRST_SIZE <= size < LIMIT and size % STEP == 0 and \
                size not in found:
            found[size] = walk()
        return False


gdb.execute('set confirm off')
gdb.execute('set debuginfod enabled off')
gdb.execute('break main')
gdb.execute('run >/dev/null')
gdb.execute('delete')
for function, register in (('malloc', '$rdi'), ('calloc', '$rsi'),
                           ('realloc', '$rsi'), ('aligned_alloc', '$rsi')):
    Allocation(function, register)
gdb.execute('continue')
with open(OUT, 'w') as file:        # noqa: F821 set on the command line
    json.dump(found, file)
