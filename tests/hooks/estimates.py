"""Estimates of a sample against what the program says of itself.

estimates.py RATE ACCOUNT REPORT...: reports of equal runs.  A block of s bytes
is in the sample with probability p = 1 - exp(-s / RATE), and stands for 1 / p
blocks: n of them have a standard deviation of sqrt(n (1 - p) / p), k runs
together sqrt(k) times that.  Prints what lies beyond five of them.
"""
import collections
import json
import math
import sys


def read_account(path):
    sites = {}
    for line in open(path, encoding="utf-8"):
        word, *numbers = line.split()
        if word == "site":
            at, size, live, ever = map(int, numbers)
            sites[at] = size, live, ever
    return sites


def main():
    rate, n_runs = int(sys.argv[1]), len(sys.argv) - 3
    sites, got = read_account(sys.argv[2]), collections.Counter()
    for path in sys.argv[3:]:
        for line in open(path, encoding="utf-8"):
            item = json.loads(line)
            if item["type"] == "stat":
                for name in ("count", "size", "allocs", "allocated_bytes"):
                    got[item["key"]["lineno"], name] += item[name]
    if len(sites) < 8:
        print("only", len(sites), "sites in the account")
    for at, (size, live, ever) in sites.items():
        p = -math.expm1(-size / rate)
        for name, blocks, unit in (("count", live, 1), ("size", live, size),
                                   ("allocs", ever, 1),
                                   ("allocated_bytes", ever, size)):
            deviation = math.sqrt(n_runs * blocks * (1 - p) / p) * unit
            # Weights are whole bytes, what is printed whole blocks.
            bound = 5 * deviation + n_runs * (1 + blocks * p * (unit > 1))
            exact = n_runs * blocks * unit
            if abs(got[at, name] - exact) > (bound if p < 1 else 0):
                print("line %d, %s: %d, not %d +- %d" % (at, name,
                      got[at, name], exact, bound))


main()
