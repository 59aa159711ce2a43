#!/usr/bin/python3
"""How long tracemalloc and tmtop take for the same questions.

usage: speed.py DRIVER [BLOCKS [TRACEBACKS [DEPTH]]]

DRIVER is tests/query/driver.  The blocks are made here and given to both:
tracemalloc has one trace for each, tmtop one for each traceback, summed, as
its hook would have it.  Both answer in turn, RUNS times; compared are the
medians of the processor's time.  Prints TAP; fails where tmtop is not at least
FACTOR times faster.
"""

import random
import statistics
import subprocess
import sys
import time
import tracemalloc

RUNS = 5
FACTOR = 50
GROUPINGS = ("filename", "lineno", "traceback")
FILTERS = ((True, "/src/*", False), (False, "*/part7?.c", False),
           (False, "*/part123.c", True))


def make_stacks(rng, n, depth):
    """Random walks over 400 files, three steps of four along beaten tracks."""
    stacks = set()
    while len(stacks) < n:
        at, frames = 0, []
        for _ in range(rng.randint(depth // 2, depth)):
            branch = 0 if rng.random() < 0.75 else rng.randint(1, 5)
            at = (at * 7 + branch * 1009 + 13) % 4000
            frames.append((f"/src/part{at // 10}.c", at % 10 * 40 + branch))
        stacks.add(tuple(reversed(frames)))
    return sorted(stacks)


def make_traces(rng, stacks, n):
    traces = [(0, rng.choice((16, 24, 48, 100, 4096)), stack, len(stack))
              for stack in stacks]
    traces += [(0, rng.choice((16, 24, 48, 100, 4096)), rng.choice(stacks), 0)
               for _ in range(n - len(stacks))]
    return traces


class Driver:
    def __init__(self, path):
        self.process = subprocess.Popen([path], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)

    def tell(self, line):
        self.process.stdin.write(line + "\n")

    def seconds(self, question):
        self.tell(question)
        self.process.stdin.flush()
        return int(self.process.stdout.readline()) / 1e9

    def give(self, side, traces):
        sums = {}
        for _, size, frames, _ in traces:
            old = sums.get(frames, (0, 0))
            sums[frames] = old[0] + size, old[1] + 1
        for frames, (size, count) in sums.items():
            where = " ".join(f"x{name.encode().hex()}:{line}"
                             for name, line in frames)
            self.tell(f"t {side} 0 {size} {count} {len(frames)} {where}")


def timed(function):
    start = time.process_time()
    function()
    return time.process_time() - start


def compare(n, title, theirs, ours):
    times = [(timed(theirs), ours()) for _ in range(RUNS)]
    python, tmtop = (statistics.median(column) for column in zip(*times))
    ok = python >= FACTOR * tmtop
    print(f"{'ok' if ok else 'not ok'} {n} - {title}: tracemalloc "
          f"{python * 1e3:.1f} ms, tmtop {tmtop * 1e3:.2f} ms, "
          f"{python / tmtop:.0f} times", flush=True)
    return ok


def main():
    driver = Driver(sys.argv[1])
    n, n_stacks, depth = (
        int(sys.argv[i + 2]) if len(sys.argv) > i + 2 else default
        for i, default in enumerate((100000, 10000, 20)))
    rng = random.Random(1)
    stacks = make_stacks(rng, n_stacks, depth)
    old, now = (tracemalloc.Snapshot(make_traces(rng, stacks, n), depth)
                for _ in range(2))
    print(f"1..{2 * len(GROUPINGS) + 1}\n# {n} blocks, {n_stacks} tracebacks "
          f"of up to {depth} frames", flush=True)
    driver.tell("c")
    driver.give(0, old.traces._traces)
    driver.give(1, now.traces._traces)
    questions = []
    for i, name in enumerate(GROUPINGS):
        questions += [
            (f"statistics by {name}", lambda k=name: now.statistics(k),
             f"x {i} 0 0"),
            (f"compare_to by {name}", lambda k=name: now.compare_to(old, k),
             f"x {i} 0 1")]
    good = True
    for i, (title, theirs, ours) in enumerate(questions):
        good &= compare(i + 1, title, theirs, lambda q=ours: driver.seconds(q))

    # Filters are named before the first question: a driver of its own.
    driver = Driver(sys.argv[1])
    driver.tell("c")
    driver.give(1, now.traces._traces)
    for inclusive, glob, all_frames in FILTERS:
        text = f"{'' if inclusive else '!'}{glob}{' all' * all_frames}"
        driver.tell(f"f x{text.encode().hex()}")
    filters = [tracemalloc.Filter(inclusive, glob, None, all_frames)
               for inclusive, glob, all_frames in FILTERS]
    good &= compare(len(questions) + 1, "filter_traces",
                    lambda: now.filter_traces(filters),
                    lambda: driver.seconds("y"))
    sys.exit(not good)


main()
