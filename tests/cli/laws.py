#!/usr/bin/python3
"""Conservation laws of saved runs.

usage: laws.py TMTOP NAME A.tms B.tms C.tms FILTER

Three runs of one program with different work.  Asks tmtop for reports and
differences as JSON, and adds up.  FILTER keeps some rows and leaves others.
Prints TAP without a plan.
"""

import json
import subprocess
import sys

TMTOP, NAME = sys.argv[1:3]
FILES = sys.argv[3:6]
FILTER = sys.argv[6]
GROUPINGS = ("filename", "lineno", "traceback", "thread")


class Report:
    """The last reading of a report: totals, and figures by row."""

    def __init__(self, *arguments):
        done = subprocess.run([TMTOP, *arguments, "-f", "json", "-t", "0"],
                              stdout=subprocess.PIPE, check=True)
        self.sample, self.rows, tracebacks = {}, {}, {}
        for line in done.stdout.decode("utf-8").splitlines():
            item = json.loads(line)
            if item["type"] == "sample":
                self.sample = item
                self.rows = {}
            elif item["type"] == "traceback":
                tracebacks[item["id"]] = tuple(
                    (f["filename"], f["lineno"], f["function"], f["offset"])
                    for f in item["frames"])
            elif item["type"] == "stat":
                self.add_row(item, tracebacks)

    def add_row(self, item, tracebacks):
        key = item["key"]
        key = (key["filename"], key["lineno"], key.get("thread"),
               key["offset"] if key["lineno"] == 0 else 0,
               tracebacks.get(key.get("traceback_id")))
        row = self.rows.setdefault(key, dict.fromkeys(
            ("size", "count", "size_diff", "count_diff", "allocs", "frees"),
            0))
        for name in row:
            row[name] += item.get(name, 0)

    def sum(self, name):
        return sum(row[name] for row in self.rows.values())

    def diffs(self):
        """By row, where anything has changed."""
        return {key: (row["size_diff"], row["count_diff"])
                for key, row in self.rows.items()
                if row["size_diff"] or row["count_diff"]}

    def figures(self):
        return {key: (row["size"], row["count"])
                for key, row in self.rows.items()}


def check(holds, title, *why):
    print(f"{'ok' if holds else 'not ok'} - {NAME}: {title}")
    if not holds:
        for line in why:
            print(f"# {line}"[:2000])


def equal(got, expected, title):
    if isinstance(got, dict) and got != expected:
        keys = [k for k in {**got, **expected}
                if got.get(k) != expected.get(k)][:3]
        check(False, title, *(f"{k}: {got.get(k)}, not {expected.get(k)}"
                              for k in keys))
    else:
        check(got == expected, title, f"{got}, not {expected}")


def negated(diffs):
    return {key: (-size, -count) for key, (size, count) in diffs.items()}


def added(left, right):
    sums = {}
    for diffs in (left, right):
        for key, (size, count) in diffs.items():
            old = sums.get(key, (0, 0))
            sums[key] = old[0] + size, old[1] + count
    return {key: value for key, value in sums.items() if value != (0, 0)}


def check_totals(path):
    for grouping in GROUPINGS:
        report = Report("report", "-g", grouping, path)
        equal((report.sum("size"), report.sum("count")),
              (report.sample["traced_bytes"], report.sample["blocks"]),
              f"rows by {grouping} add up to the total")
    sample = report.sample
    equal(sample["allocs"] - sample["frees"], sample["blocks"],
          "what was allocated and not freed is live")
    # Ordered by what has been, rows without a live block are there too.
    report = Report("report", "-g", "traceback", "-s", "allocs", path)
    wrong = [key for key, row in report.rows.items()
             if row["allocs"] - row["frees"] != row["count"]]
    check(not wrong and report.rows, "so it is in every row", wrong[:2])
    equal(report.sum("allocs"), sample["allocs"],
          "all allocations are in some row")


def check_differences(match):
    a, b, c = FILES
    for grouping in GROUPINGS[:3]:
        def diff(old, new, how=grouping):
            return Report("diff", f"--match={match}", "-g", how, old,
                          new).diffs()

        forth, on = diff(a, b), diff(b, c)
        title = f"{match}, by {grouping}"
        check(len(forth) > 0 and len(on) > 0,
              f"{title}: the runs differ ({len(forth)} rows)")
        equal(diff(b, a), negated(forth),
              f"{title}: back is the opposite of forth")
        equal(diff(a, c), added(forth, on),
              f"{title}: two steps add up to one")
        equal(diff(a, a), {}, f"{title}: no step, no difference")


def check_filters(path):
    whole = Report("report", path)
    for text in (FILTER, f"{FILTER} all", "func=*a*", "func=*lloc* all", "* @0",
                 "<unknown> all", "*:0"):
        kept = Report("report", "-F", text, path)
        rest = Report("report", "-F", "!" + text, path)
        equal((kept.sum("size") + rest.sum("size"),
               kept.sum("count") + rest.sum("count")),
              (whole.sum("size"), whole.sum("count")),
              f"{text}: with its negation all there is "
              f"({len(kept.rows)} and {len(rest.rows)} rows)")
        if text == FILTER:
            check(kept.rows and rest.rows, f"{text}: it divides")
            equal({**kept.figures(), **rest.figures()}, whole.figures(),
                  f"{text}: each row is on one side, as it was")


def check_cumulative(path):
    whole = Report("report", path)
    once = Report("report", "-c", path)
    above = [key for key, row in once.rows.items()
             if row["size"] > whole.sample["traced_bytes"]]
    check(not above, "no frame has more than everything, counted once")
    low = [key for key, row in whole.rows.items()
           if once.rows.get(key, row)["size"] < row["size"]]
    check(not low, "no frame has less with its callees than alone", low[:2])


def main():
    for path in FILES[:1]:
        check_totals(path)
        check_filters(path)
        check_cumulative(path)
    for match in ("exact", "function"):
        check_differences(match)


main()
