"""bars.py - what is promised, as a table of rows, and how a row is judged.

Shape      A row has a bar and a figure for each repetition, made of the runs
           of that repetition alone; the median of the figures is what was
           measured.
Why        Runs of one repetition are neighbours in time: what disturbs the
           machine for longer than that cancels.  The interval comes from
           order statistics, which assume nothing about the disturbances.
Invariant  A row without figures says why; none is left out.
"""
from collections import namedtuple
from math import comb, inf, prod
from statistics import median

from tools import CHURN, PROGRAMS, START, NotHere, instructions

MIB = 1024      # of the KiB that a run's rss is in

# unit: what comes after a figure; digits: behind the point; is_exact: the
# figure is the same every time.
Row = namedtuple("Row", "what on figures bar unit digits why is_exact",
                 defaults=("", 2, "", False))


# ---- statistics ----

def coverage(n, k):
    """How sure the median lies from the k-th lowest to the k-th highest."""
    return 1 - 2 * sum(comb(n, i) for i in range(k)) / 2 ** n


def interval(figures):
    """(low, high, coverage): at least 95 % where there are figures enough."""
    ordered = sorted(figures)
    n, k = len(ordered), 1
    while 2 * (k + 1) <= n and coverage(n, k + 1) >= 0.95:
        k += 1
    return ordered[k - 1], ordered[n - k], max(coverage(n, k), 0)


def verdict(row):
    if row.bar is None:
        return ""
    low, high, _ = interval(row.figures)
    if high <= row.bar:
        return "yes"
    return "within the interval" if low <= row.bar else "**no**"


# ---- what was run ----

class Runs:
    """All runs, by tool, workload and repetition."""

    def __init__(self):
        self.runs = {}          # (tool, workload, repetition): Run
        self.why_not = {}       # (tool, workload): text
        self.n = 0              # repetitions

    def row(self, what, on, needs, figure, bar, **rest):
        """A row of figure(*runs): the runs of each (tool, workload) needed
        in one repetition."""
        missing = [self.why_not[need] for need in needs
                   if need in self.why_not]
        if missing:
            return Row(what, on, [], bar, why=missing[0], **rest)
        figures = []
        for i in range(self.n):
            runs = [self.runs.get((*need, i)) for need in needs]
            if None not in runs:
                figures.append(figure(*runs))
        return Row(what, on, figures, bar, **rest)


def ratio(above, below):
    """Where noise hides what the peer adds, no ratio is too large."""
    if below > 0:
        return above / below
    return inf if above > 0 else 0.0


# ---- rows: real programs ----

def symbols(run):
    """CPU of the symboliser: see Bench.parts_apart()."""
    return run.tree_cpu - run.cpu


def rows_of_programs(runs):
    on_cc1 = {"cc1": (0.2, 0.4)}
    for name in PROGRAMS:
        tree_bar, own_bar = on_cc1.get(name, (0.1, 0.2))
        yield runs.row(
            "time added by all processes / by all of heaptrack's", name,
            [("native", name), ("heaptrack", name), ("tmtop", name)],
            lambda n, h, t: ratio(t.tree_cpu - n.tree_cpu,
                                  h.tree_cpu - n.tree_cpu), tree_bar)
        yield runs.row(
            "time added to the program / by heaptrack's library", name,
            [("native", name), ("heaptrack's library", name),
             ("tmtop", name)],
            lambda n, h, t: ratio(t.cpu - n.cpu, h.cpu - n.cpu), own_bar)
        yield runs.row(
            "time added to the program / by unw_backtrace alone", name,
            [("native", name), ("unw_backtrace", name), ("tmtop", name)],
            lambda n, u, t: ratio(t.cpu - n.cpu, u.cpu - n.cpu), 0.5)
        yield runs.row(
            "time of the program / native", name,
            [("native", name), ("tmtop", name)],
            lambda n, t: ratio(t.cpu, n.cpu), 1.5)
        yield runs.row(
            "peak RSS of the program beyond 1.3 times native", name,
            [("native", name), ("tmtop", name)],
            lambda n, t: (t.rss - 1.3 * n.rss) / MIB, 6, unit=" MiB",
            digits=1)
    here = [name for name in PROGRAMS if ("tmtop", name) not in
            runs.why_not] or PROGRAMS

    def geometric_mean(*both):
        natives, ours = both[:len(here)], both[len(here):]
        return prod(t.cpu / n.cpu for n, t in
                    zip(natives, ours)) ** (1 / len(here))

    yield runs.row("time of the program / native, geometric mean",
                   ", ".join(here), [("native", name) for name in here] +
                   [("tmtop", name) for name in here],
                   geometric_mean, 1.2)
    both = [("native", START), ("tmtop", START)]
    yield runs.row("wall time added, without symbolising", START, both,
                   lambda n, t: (t.wall - n.wall - symbols(t)) * 1000, 30,
                   unit=" ms", digits=1)
    yield runs.row("CPU of symbolising", START, both,
                   lambda n, t: symbols(t) * 1000, None, unit=" ms",
                   digits=1)


# ---- rows: churn ----

def added_pair(native, other):
    return other.churn["ns_pair"] - native.churn["ns_pair"]


def rows_of_churn(runs):
    bars = {"d10": 0.5, "d20": 0.5, "d40": 0.5, "d20 outermost": 0.5,
            "b30d10": 0.25}
    for name, bar in bars.items():
        for peer, peer_bar in (("heaptrack's library", bar),
                               ("unw_backtrace", 0.5)):
            yield runs.row(
                f"ns added to a pair / by {peer}", name,
                [("native", name), (peer, name), ("tmtop", name)],
                lambda n, p, t: ratio(added_pair(n, t), added_pair(n, p)),
                peer_bar)
    for sites in ("one traceback", "many tracebacks"):
        alone, both = f"one thread, {sites}", f"t2, {sites}"
        yield runs.row(
            "CPU added to a pair / with one thread", both,
            [("native", alone), ("tmtop", alone), ("native", both),
             ("tmtop", both)],
            lambda n1, t1, n2, t2: ratio(added_pair(n2, t2),
                                         added_pair(n1, t1)), 1.5)
    name = "slowest call"
    for tool in ("native", "tmtop"):
        yield runs.row(
            f"slowest call, {tool}", "1 M tracebacks, 2 threads",
            [(tool, name)], lambda run: run.churn["max_call_ns"] / 1000,
            50 if tool == "tmtop" else None, unit=" µs", digits=0)
    name = "10 million live blocks"
    live = dict(word.split("=") for word in
                CHURN[name][runs.is_short].split())["live"]
    needs = [("native", name), ("tmtop", name)]
    yield runs.row("ns added to a pair", name, needs, added_pair, 60,
                   unit=" ns", digits=1)
    yield runs.row("peak RSS added per live block", name, needs,
                   lambda n, t: (t.rss - n.rss) * 1024 / int(live), 24,
                   unit=" bytes", digits=1)


def rows_of_screen(runs):
    name = "100,000 tracebacks"
    drawn = ("tmtop, 10 a second", name)
    yield runs.row("viewer's share of a processor, 10 readings a second", name,
                   [drawn], lambda run: 100 * run.viewer, 10, unit=" %",
                   digits=1)
    yield runs.row("program slower by 10 readings a second", name,
                   [("tmtop, at rest", name), drawn],
                   lambda rest, run: 100 * (run.churn["ns_pair"] /
                                            rest.churn["ns_pair"] - 1), 1,
                   unit=" %", digits=1)
    name = "1,000,000 tracebacks"
    pressed = ("tmtop, keys", name)
    # One reading a second, so the share of a second is one refresh.
    yield runs.row("viewer's CPU of one refresh", name, [pressed],
                   lambda run: 1000 * run.viewer, 300, unit=" ms")
    yield runs.row("slowest answer to a key meanwhile", name, [pressed],
                   lambda run: 1000 * run.answer, 50, unit=" ms", digits=1)


# ---- rows: instructions ----

# what, churn's function, settings, tmtop's options, bar.
COUNTED = [
    ("malloc and free, not sampled", "pair", "depth=20", "--sample=512K", 40),
    ("malloc, stopped", "obtain_block", "depth=20", "--stopped", 12),
    ("free, stopped, nothing recorded", "release_block", "depth=20",
     "--stopped", 12),
    ("malloc, stopped later", "obtain_block", "depth=20 stop=1", "", 12),
    ("free, stopped later", "release_block", "depth=20 stop=1", "", 24),
]


def rows_of_instructions():
    for on, function, settings, options, bar in COUNTED:
        settings = ["live=500", *settings.split()]
        row = Row("instructions added", on, [], bar, digits=1, is_exact=True)
        try:
            added = instructions("traced", function, *options.split(), "--",
                                 *settings) - \
                instructions("native", function, *settings)
            yield row._replace(figures=[added])
        except NotHere as why:
            yield row._replace(why=str(why))


# ---- the table ----

def number(value, row):
    return f"{value:.{row.digits}f}{row.unit}"


def line(row):
    start = f"| {row.what} | {row.on} "
    bar = "" if row.bar is None else f"{row.bar:g}{row.unit}"
    if not row.figures:
        return f"{start}| - | - | {bar} | not measured: {row.why} |"
    low, high, sure = interval(row.figures)
    measured = number(median(row.figures), row)
    between = "exact" if row.is_exact else \
        f"{number(low, row)} .. {number(high, row)}" + \
        ("" if sure >= 0.95 else f" ({100 * sure:.0f} %)")
    return f"{start}| {measured} | {between} | {bar} | {verdict(row)} |"


def table(rows):
    return ["| what | on | measured | 95 % interval | bar | holds |",
            "|---|---|---|---|---|---|", *map(line, rows)]


def overview(runs, workloads, tools):
    """What the rows are made of: medians of every workload and tool."""
    yield "| on | tool | CPU of the program, s | of all processes, s " \
        "| peak RSS, MiB | ns/pair |"
    yield "|---|---|---|---|---|---|"
    for workload in workloads:
        for tool in tools:
            found = [runs.runs[key] for key in sorted(runs.runs)
                     if key[:2] == (tool, workload)]
            if not found:
                continue
            own = tool != "heaptrack"
            figures = [
                f"{median(r.cpu for r in found):.3f}" if own else "",
                f"{median(r.tree_cpu for r in found):.3f}",
                f"{median(r.rss for r in found) / MIB:.1f}" if own else "",
                f"{median(r.churn['ns_pair'] for r in found):.1f}"
                if found[0].churn else ""]
            yield f"| {workload} | {tool} | " + " | ".join(figures) + " |"
