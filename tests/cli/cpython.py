#!/usr/bin/python3
"""What tracemalloc prints of a saved run, and what tmtop prints.

usage: cpython.py TMTOP OLD.tms NEW.tms

The traces that tracemalloc is given are those that tmtop exports as JSON: by
traceback, nothing skipped, nothing filtered.  Everything else, from filters to
the last byte of a line, is CPython's.  Prints TAP without a plan.
"""

import json
import subprocess
import sys
import tracemalloc

TMTOP, OLD, NEW = sys.argv[1:4]
FILTERS = (
    [], ["*/many.c"], ["!*/more.c all"], ["*/m*.c", "!*:0 all"],
    ["*/more.c all", "*/many.c:12"], ["!*/[!m]*.c", "!* @1"], ["nothing"],
)


def run(*arguments):
    return subprocess.run([TMTOP, *arguments], stdout=subprocess.PIPE,
                          check=True).stdout.decode("utf-8")


def load(path):
    tracebacks, traces = {}, []
    for line in run("export", "-g", "traceback", "--no-skip", "-t", "0",
                    path).splitlines():
        item = json.loads(line)
        if item["type"] == "traceback":
            tracebacks[item["id"]] = (item["total_nframe"], tuple(
                (f["filename"], f["lineno"]) for f in item["frames"]))
        elif item["type"] == "stat":
            total, frames = tracebacks[item["key"]["traceback_id"]]
            domain = item["key"]["domain"]
            # One block has all bytes: sums and counts are all that matters.
            traces.append((domain, item["size"], frames, total))
            traces += [(domain, 0, frames, total)] * (item["count"] - 1)
    return tracemalloc.Snapshot(traces, 1024)


def make_filter(text):
    inclusive = not text.startswith("!")
    glob, *options = text.lstrip("!").split(" ")
    lineno, domain = None, None
    if ":" in glob:
        glob, lineno = glob.split(":")
    for option in options:
        if option.startswith("@"):
            domain = int(option[1:])
    return tracemalloc.Filter(inclusive, glob, lineno and int(lineno),
                              "all" in options, domain)


def lines_of(stats, grouping):
    lines = []
    for stat in stats:
        lines.append(str(stat))
        if grouping == "traceback":
            lines += stat.traceback.format()
    return "".join(line + "\n" for line in lines)


def check(title, expected, got):
    print(f"{'ok' if expected == got else 'not ok'} - {title}: "
          f"{expected.count(chr(10))} lines")
    if expected != got:
        pairs = zip(expected.splitlines() + ["(end)"],
                    got.splitlines() + ["(end)"])
        for theirs, ours in [p for p in pairs if p[0] != p[1]][:3]:
            print(f"# CPython {theirs}\n# tmtop   {ours}")


def main():
    old, new = load(OLD), load(NEW)
    for texts in FILTERS:
        filters = [make_filter(text) for text in texts]
        kept_old, kept = (s.filter_traces(filters) for s in (old, new))
        for how in ("filename", "lineno", "traceback", "lineno -c"):
            grouping, *more = how.split(" ")
            options = ["-f", "tracemalloc", "--no-skip", "-g", grouping,
                       *more, *(f"-F{text}" for text in texts)]
            title = f"{how} {' '.join(texts)}".strip()
            check(f"report by {title}",
                  lines_of(kept.statistics(grouping, bool(more)), grouping),
                  run("report", *options, NEW))
            check(f"diff by {title}",
                  lines_of(kept.compare_to(kept_old, grouping, bool(more)),
                           grouping),
                  run("diff", "--match=exact", *options, OLD, NEW))
    check("the first ten", lines_of(new.statistics("lineno")[:10], "lineno"),
          run("report", "-f", "tracemalloc", "--no-skip", "-t", "10", NEW))


main()
