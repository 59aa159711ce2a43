#!/usr/bin/python3
"""Random globs, numbers, snapshots, filters and tracebacks: tmtop against
CPython.

usage: differential.py DRIVER [GLOB-PAIRS [SNAPSHOTS [SEED]]]

DRIVER is tests/query/driver.  The reference is this interpreter's fnmatch and
tracemalloc.  Prints TAP; a difference is printed with what makes it again.

Where tmtop means to differ the expectation says so: bytes that a terminal
could misread are printed as \\xNN, and nothing is an alias of .pyc.
"""

import fnmatch
import os
import random
import re
import subprocess
import sys
import tempfile
import tracemalloc

NAMES_PER_GLOB = 10
GROUPINGS = ("filename", "lineno", "traceback")
OFF, ONCE, OCCURRENCES = range(3)


def hexed(text):
    return "x" + os.fsencode(text).hex()


def run_driver(driver, commands):
    text = "\n".join(commands) + "\n"
    done = subprocess.run([driver], input=text.encode("ascii"),
                          stdout=subprocess.PIPE, check=False)
    if done.returncode != 0:
        raise SystemExit(f"Bail out! the driver ended with {done.returncode}")
    return done.stdout.decode("utf-8").split("\n")[:-1]


def shown(text):
    """As tmtop prints it: what is not UTF-8 is escaped."""
    return re.sub("[\udc80-\udcff]",
                  lambda c: f"\\x{ord(c.group()) - 0xdc00:02x}", text)


def split_answers(lines):
    """Lists of lines: each answer ends in a dot of its own."""
    answers, rows = [], []
    for line in lines:
        if line == ".":
            answers.append(rows)
            rows = []
        else:
            rows.append(line)
    return answers


class Tap:
    def __init__(self):
        self.n = 0
        self.failed = False

    def compare(self, title, expected, got, describe):
        self.n += 1
        wrong = [i for i, pair in enumerate(zip(expected, got))
                 if pair[0] != pair[1]]
        ok = not wrong and len(expected) == len(got)
        print(f"{'ok' if ok else 'not ok'} {self.n} - {title}")
        self.failed |= not ok
        if len(expected) != len(got):
            print(f"# {len(expected)} answers expected, {len(got)} came")
        for i in wrong[:5]:
            print(f"# {describe(i)}")
            print(f"#   CPython {expected[i]!r}")
            print(f"#   tmtop   {got[i]!r}")


# ---- globs ----

PATTERN_CHARS = ["a", "b", "c", "-", "!", "^", "]", "[", "*", "?", "/", ".",
                 "\\", "&", "|", "~", "é", "z", "A", ":", "\udcff", "\n", "1"]
NAME_CHARS = ["a", "b", "c", "-", "!", "^", "]", "[", "/", ".", "\\", "&",
              "|", "é", "z", "A", ":", "\udcff", "\n", "*", "1"]


def random_class(rng):
    return "[" + "".join(rng.choices(PATTERN_CHARS, k=rng.randint(0, 6))) \
        + "]"


def random_glob(rng):
    parts = []
    for _ in range(rng.randint(0, 6)):
        kind = rng.random()
        if kind < 0.3:
            parts.append("*")
        elif kind < 0.5:
            parts.append(random_class(rng))
        else:
            parts.append(rng.choice(PATTERN_CHARS))
    return "".join(parts)


def expand_glob(rng, glob):
    """A name that has a fair chance to match."""
    name = []
    for char in glob:
        if char == "*":
            name += rng.choices(NAME_CHARS, k=rng.randint(0, 3))
        elif char == "?" or char in "[]!" and rng.random() < 0.7:
            name += rng.choices(NAME_CHARS, k=rng.randint(0, 1))
        elif rng.random() < 0.9:
            name.append(char)
    return "".join(name)


def is_clean(text):
    """Bytes that decode to the same text (\udcff never joins others here);
    CPython's tracemalloc alias of .pyc is its own."""
    return os.fsdecode(os.fsencode(text)) == text


def check_globs(tap, driver, rng, n_pairs):
    commands, expected, globs = [], [], []
    n_matches = 0
    for _ in range(n_pairs // NAMES_PER_GLOB):
        glob = random_glob(rng)
        names = [expand_glob(rng, glob) for _ in range(NAMES_PER_GLOB)]
        assert is_clean(glob) and all(map(is_clean, names))
        commands.append(" ".join(["g", hexed(glob)] + [*map(hexed, names)]))
        answer = [fnmatch.fnmatchcase(name, glob) for name in names]
        n_matches += sum(answer)
        expected.append("".join(str(int(a)) for a in answer))
        globs.append((glob, names))
    got = run_driver(driver, commands)
    tap.compare(f"globs agree on {n_pairs} pairs ({n_matches} match)",
                expected, got, lambda i: repr(globs[i]))


# ---- numbers ----

def random_size(rng):
    size = rng.randrange(1 << rng.randint(1, 64))
    if rng.random() < 0.4:     # near a limit or a half
        size = rng.choice([10240, 102400, 1024, 1536, 100]) * 1024 ** \
            rng.randint(0, 4) + rng.randint(-2, 2)
    return min(max(size, 0), 2 ** 64 - 1)


def check_numbers(tap, driver, rng, n):
    form = tracemalloc._format_size
    commands, expected = [], []
    for _ in range(n):
        size, count = random_size(rng), rng.randint(1, 1000)
        diff = size // 2 * rng.choice([1, -1])
        commands += [f"s {size}", f"d {diff}", f"a {size % 2**53} {count}"]
        expected += [form(size, False), form(diff, True),
                     form(size % 2**53 / count, False)]
    got = run_driver(driver, commands)
    tap.compare(f"sizes agree on {3 * n} numbers", expected, got,
                lambda i: commands[i])


# ---- snapshots ----

FILES = ["a.c", "b.c", "B.c", "/src/x/a.c", "/src/json/parse.c",
         "<unknown>", "é.c", "a[1].c", "x y.c", "a.c2", "\udcff.c", "c:d.c"]
GLOBS = FILES + ["*", "*a*", "[ab].c", "?.c", "*/json/*", "a[", "", "[!a]*",
                 "*.c", "/src/*", "<*>", "*1*", "x*y*", "[^a].c"]


def random_traces(rng):
    files = rng.sample(FILES, rng.randint(1, 5))
    stacks = [tuple((rng.choice(files), rng.choice([0, 1, 2, 9, 10]))
                    for _ in range(rng.randint(1, 6)))
              for _ in range(rng.randint(1, rng.choice([4, 30])))]
    stacks.append(UNKNOWN)
    return [(rng.randint(0, 3), rng.choice([0, 1, 8, 8, 16, 100, 5000]),
             rng.choice(stacks), 7 + rng.randint(0, 1))
            for _ in range(rng.randint(0, 60))]


UNKNOWN = (("<unknown>", 0),)


def frame_words(frames):
    return " ".join(f"{hexed(f)}:{n}" for f, n in frames)


def random_filter(rng):
    """(tracemalloc's, the driver's command)"""
    inclusive = rng.random() < 0.5
    domain = rng.randint(0, 4)
    if rng.random() < 0.2:
        return (tracemalloc.DomainFilter(inclusive, domain),
                f"F {int(inclusive)} {domain}")
    glob = rng.choice(GLOBS) if rng.random() < 0.8 else \
        random_glob(rng).replace("\n", "n")
    line = rng.choice([None, None, 0, 1, 10])
    all_frames = rng.random() < 0.4
    if rng.random() < 0.7:
        domain = None
    quoted = '"' + glob.replace('"', '""') + '"'
    if glob and not set(' ":') & set(glob) and glob[0] not in "!=" and \
            rng.random() < 0.5:
        quoted = glob
    text = ("" if inclusive else "!") + quoted
    text += "" if line is None else f":{line}"
    text += " all" if all_frames else ""
    text += "" if domain is None else f" @{domain}"
    return (tracemalloc.Filter(inclusive, glob, line, all_frames, domain),
            f"f {hexed(text)}")


def trace_commands(rng, side, traces):
    """One command a block, or equal blocks as one trace, as a reader would
    give them."""
    commands = []
    summed = {}
    for domain, size, frames, total in traces:
        # what tmtop has for it is the empty traceback
        where = domain, total, frame_words(() if frames == UNKNOWN else frames)
        if rng.random() < 0.5:
            commands.append(f"t {side} {domain} {size} 1 {total} {where[2]}")
        else:
            old = summed.get(where, (0, 0))
            summed[where] = old[0] + size, old[1] + 1
    commands += [f"t {side} {domain} {size} {count} {total} {frames}"
                 for (domain, total, frames), (size, count) in summed.items()]
    rng.shuffle(commands)
    return commands


def count_once(snapshot, grouping):
    """Cumulative statistics where recursion counts once: not CPython's."""
    sums = {}
    for _, size, frames, _ in snapshot.traces._traces:
        keys = {(f, 0 if grouping == "filename" else n) for f, n in frames}
        for key in keys:
            old = sums.get(key, (0, 0))
            sums[key] = old[0] + size, old[1] + 1
    return [tracemalloc.Statistic(tracemalloc.Traceback((key,)), *value)
            for key, value in sums.items()]


def statistics(snapshot, grouping, cumulative):
    if cumulative == ONCE:
        stats = count_once(snapshot, grouping)
        stats.sort(reverse=True, key=tracemalloc.Statistic._sort_key)
        return stats
    return snapshot.statistics(grouping, cumulative == OCCURRENCES)


def compare(now, old, grouping, cumulative):
    if cumulative == ONCE:
        stats = tracemalloc._compare_grouped_stats(
            {s.traceback: s for s in count_once(old, grouping)},
            {s.traceback: s for s in count_once(now, grouping)})
        stats.sort(reverse=True, key=tracemalloc.StatisticDiff._sort_key)
        return stats
    return now.compare_to(old, grouping, cumulative == OCCURRENCES)


def row_text(stat):
    newest_first = reversed(stat.traceback)
    where = " ".join(f"{hexed(f.filename)}:{f.lineno}" for f in newest_first)
    return (f"{where} {stat.size} {stat.count} "
            f"{getattr(stat, 'size_diff', 0)} "
            f"{getattr(stat, 'count_diff', 0)}")


def report_lines(stat, grouping):
    lines = [str(stat)]
    if grouping == "traceback":
        lines += stat.traceback.format()
    return [line for text in lines for line in shown(text).split("\n")]


def kept_sums(rows):
    """Size and count by traceback and domain, of rows as `k` prints them."""
    sums = {}
    for row in rows:
        where, size, count, total = row.rsplit(" ", 3)
        old = sums.get((where, total), (0, 0))
        sums[where, total] = old[0] + int(size), old[1] + int(count)
    return sums


def kept_rows(snapshot):
    return [f"{frame_words(frames)} @{domain} {size} 1 {total}"
            for domain, size, frames, total in snapshot.traces._traces]


def one_case(rng):
    """(commands, expected answers): what passes, the rows, the report"""
    old, now = (tracemalloc.Snapshot(random_traces(rng), 25)
                for _ in range(2))
    filters = [random_filter(rng)
               for _ in range(rng.choice([0, 0, 0, 1, 1, 2, 3, 4]))]
    grouping = rng.randrange(3)
    cumulative = rng.randrange(3) if grouping != 2 else OFF
    has_diff = rng.random() < 0.5
    query = f"{grouping} {cumulative} {int(has_diff)}"
    commands = ["c"] + trace_commands(rng, 0, old.traces._traces) \
        + trace_commands(rng, 1, now.traces._traces) \
        + [command for _, command in filters] \
        + ["k", f"q {query}", f"p {query}"]
    wanted = [f for f, _ in filters]
    old, now = old.filter_traces(wanted), now.filter_traces(wanted)
    name = GROUPINGS[grouping]
    stats = compare(now, old, name, cumulative) if has_diff else \
        statistics(now, name, cumulative)
    return commands, (kept_sums(kept_rows(now)),
                      [row_text(stat) for stat in stats],
                      [line for stat in stats
                       for line in report_lines(stat, name)])


def check_snapshots(tap, driver, rng, n):
    cases = [one_case(rng) for _ in range(n)]
    answers = split_answers(run_driver(
        driver, [c for commands, _ in cases for c in commands]))
    kept = [kept_sums(rows) for rows in answers[0::3]]

    def describe(i):
        return "\n# ".join(cases[i][0])

    for part, title, got in ((0, "traces that pass", kept),
                             (1, "rows", answers[1::3]),
                             (2, "lines of reports", answers[2::3])):
        expected = [answer[part] for _, answer in cases]
        tap.compare(f"{title} agree on {n} snapshots "
                    f"({sum(map(len, expected))})", expected, got, describe)


# ---- tracebacks with their source ----

SOURCE = """int
  main(void)
{\t
\tint\tx = 1;   /* é */  \t

\x0c
   \x1f  \r
last"""


def check_tracebacks(tap, driver, rng, n):
    commands, expected = [], []
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "a b.c")
        with open(path, "w", encoding="utf-8", newline="") as source:
            source.write(SOURCE)
        for _ in range(n):
            frames = [(rng.choice([path, path, folder, "<unknown>", "no.c"]),
                       rng.randint(0, 10)) for _ in range(rng.randint(1, 8))]
            limit = rng.choice([None, rng.randint(-10, 10), 2 ** 40,
                                -2 ** 63 + 1])
            newest_first = rng.random() < 0.5
            commands.append(f"b {'-' if limit is None else limit} "
                            f"{int(newest_first)} {frame_words(frames)}")
            lines = tracemalloc.Traceback(frames).format(
                limit, newest_first)
            expected.append([part for line in lines
                             for part in line.split("\n")])
        got = split_answers(run_driver(driver, ["c"] + commands))
    tap.compare(f"tracebacks agree on {n} formats "
                f"({sum(map(len, expected))} lines)", expected, got,
                lambda i: commands[i])


def main():
    if len(sys.argv) < 2:
        raise SystemExit(__doc__)
    driver = sys.argv[1]
    n_pairs, n_snapshots, seed = (
        int(sys.argv[i + 2]) if len(sys.argv) > i + 2 else default
        for i, default in enumerate((100000, 10000, 1)))
    rng = random.Random(seed)
    tap = Tap()
    print(f"1..6\n# seed {seed}")
    check_globs(tap, driver, rng, n_pairs)
    check_numbers(tap, driver, rng, 10000)
    check_snapshots(tap, driver, rng, n_snapshots)
    check_tracebacks(tap, driver, rng, 2000)
    sys.exit(tap.failed)


main()
