"""chains.py - programs with call chains that end in allocations.

Each chain ends in one allocation of a size that no other has, so that a
debugger and tmtop can be asked about the same one.  The shapes of the calls
are drawn at random, the same in every run.
"""
import random

FIRST_SIZE = 200000
STEP = 16

# How a function calls the next: {call} yields a pointer.
SHAPES = (
    'void *p = {call};\n\tKEEP(p);\n\treturn p;',
    'void *p = NULL;\n\n\tfor (int i = 0; i < 3; i++) {{\n'
    '\t\tif (i == 1)\n\t\t\tp = {call};\n\t\telse\n\t\t\tKEEP(p);\n\t}}\n'
    '\treturn p;',
    'void *p;\n\n\tif (one)\n\t\tp = {call};\n\telse\n\t\tp = NULL;\n'
    '\tKEEP(p);\n\treturn p;',
    'void *p = WRAP({call});\n\n\tKEEP(p); return p;',
    'void *a = same(\n\t    {call},\n\t    n);\n\n\tKEEP(a);\n\treturn a;',
    'KEEP(&n); void *p = {call}; KEEP(p);\n\n\treturn p;',
    'void *p;\n\n\t{{\n\t\tvolatile long local[4] = {{ n, 1, 2, 3 }};\n\n'
    '\t\tp = {call};\n\t\tKEEP(&local);\n\t}}\n\treturn p;',
    'void *p = one ? {call} : NULL;\n\n\tKEEP(p);\n\treturn p;',
    'void *p;\n\n\tswitch (one) {{\n\tcase 1:\n\t\tp = {call};\n'
    '\t\tbreak;\n\tdefault:\n\t\tp = NULL;\n\t}}\n\tKEEP(p);\n\treturn p;',
    'void *p;\n\n\tdo\n\t\tp = {call};\n\twhile (p == NULL);\n'
    '\tKEEP(p);\n\treturn p;',
)

HEAD = '''#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#define NOINLINE __attribute__((noinline))
#define ALWAYS __attribute__((always_inline)) inline
#define KEEP(p) __asm__ volatile("" : : "g"(p) : "memory")
#define WRAP(x) \\
	(x)
'''

C_KINDS = ('static', 'static', 'static inline', 'static ALWAYS',
           'static NOINLINE', 'NOINLINE')
C_LEAVES = ('malloc(n)', 'malloc((size_t)n)', 'calloc(1, n)',
            'realloc(NULL, n)', 'aligned_alloc(16, n)')


def write_c(n_chains, seed=7):
    """Two files, as {name: text}."""
    rng = random.Random(seed)
    files = [HEAD + 'extern volatile int one;\nvoid *same(void *p, long n);\n'
             for _ in range(2)]
    files[0] += 'volatile int one = 1;\n' \
        'NOINLINE void *same(void *p, long n)\n{\n' \
        '\tKEEP(&n);\n\treturn p;\n}\n'
    main = ''
    for chain in range(n_chains):
        body = ''
        call = rng.choice(C_LEAVES)
        for level in range(rng.randint(2, 9)):
            name = 'c%d_%d' % (chain, level)
            text = rng.choice(SHAPES).format(call=call)
            body += '\n%s void *\n%s(long n)\n{\n\t%s\n}\n' % (
                rng.choice(C_KINDS), name, text)
            call = '%s(n)' % name
        # another one calls itself before it goes on
        if rng.random() < 0.3:
            body += '\nstatic NOINLINE void *\nr%d(long n, int depth)\n{\n' \
                '\tvoid *p = depth > 0 ? r%d(n, depth - 1) :\n' \
                '\t    %s;\n\n\tKEEP(p);\n\treturn p;\n}\n' % (
                    chain, chain, call)
            call = 'r%d(n, %d)' % (chain, rng.randint(1, 5))
        body += '\nvoid *start%d(long n);\nvoid *\nstart%d(long n)\n{\n' \
            '\tvoid *p = %s;\n\n\tKEEP(p);\n\treturn p;\n}\n' % (
                chain, chain, call)
        files[chain % 2] += body
        main += '\tkeep[%d] = start%d(%d);\n' % (
            chain, chain, FIRST_SIZE + STEP * chain)
    declared = ''.join('void *start%d(long n);\n' % i
                       for i in range(n_chains))
    files[0] += '\n%svoid *keep[%d];\n\nint\nmain(void)\n{\n%s' \
        '\tKEEP(keep);\n\treturn 0;\n}\n' % (declared, n_chains, main)
    return {'chains.c': files[0], 'more.c': files[1]}


CXX_HEAD = HEAD + '''#include <memory>
#include <string>
#include <vector>
static volatile int one = 1;
static NOINLINE void *same(void *p, long n) { KEEP(&n); return p; }
'''

CXX_LEAVES = (
    'malloc(n)', 'operator new(n)', 'new char[n]',
    'std::make_unique<char[]>(n).release()',
    'static_cast<void *>(new std::vector<char>(n))',
    'static_cast<void *>(new std::string(n - 1, 120))',
    'static_cast<void *>(std::allocator<char>().allocate(n))',
)

# A level of the chain in C++: text with {name}, {body}; how it is called.
CXX_LEVELS = (
    ('static inline void *\n{name}(long n)\n{{\n\t{body}\n}}\n',
     '{name}(n)'),
    ('static NOINLINE void *\n{name}(long n)\n{{\n\t{body}\n}}\n',
     '{name}(n)'),
    ('template <int I> ALWAYS void *\n{name}(long n)\n{{\n\t{body}\n}}\n',
     '{name}<3>(n)'),
    ('template <typename T> NOINLINE T *\n{name}(long n, const T *)\n{{\n'
     '\t{body}\n}}\n', '{name}<void>(n, nullptr)'),
    ('namespace ns_{name} {{\nstruct thing {{\n'
     '\tALWAYS void *get(long n) const;\n}};\n'
     'void *\nthing::get(long n) const\n{{\n\t{body}\n}}\n}}\n',
     'ns_{name}::thing().get(n)'),
    ('namespace {{\ntemplate <typename T>\nstruct {name} {{\n'
     '\tT value;\n\tNOINLINE void *operator()(long n) {{\n\t{body}\n\t}}\n'
     '}};\n}}\n', '{name}<long>()(n)'),
    ('struct {name}_base {{\n\tvirtual ~{name}_base() {{}}\n'
     '\tvirtual void *get(long n) = 0;\n}};\n'
     'struct {name} : {name}_base {{\n'
     '\tvoid *get(long n) override {{\n\t{body}\n\t}}\n}};\n'
     'static NOINLINE {name}_base &\nmake_{name}()\n{{\n'
     '\tstatic {name} it;\n\treturn it;\n}}\n', 'make_{name}().get(n)'),
)


def write_cxx(n_chains, seed=11):
    rng = random.Random(seed)
    text, main = CXX_HEAD, ''
    for chain in range(n_chains):
        call = rng.choice(CXX_LEAVES)
        for level in range(rng.randint(2, 8)):
            name = 'c%d_%d' % (chain, level)
            frame, next_call = rng.choice(CXX_LEVELS)
            text += '\n' + frame.format(
                name=name, body=rng.choice(SHAPES).format(call=call))
            call = next_call.format(name=name)
        text += '\nNOINLINE void *\nstart%d(long n)\n{\n' \
            '\tvoid *p = %s;\n\n\tKEEP(p);\n\treturn p;\n}\n' % (chain, call)
        main += '\tkeep[%d] = start%d(%d);\n' % (
            chain, chain, FIRST_SIZE + STEP * chain)
    text += '\nstatic void *keep[%d];\n\nint\nmain()\n{\n%s' \
        '\tKEEP(keep);\n\treturn 0;\n}\n' % (n_chains, main)
    return {'chains.cc': text}
