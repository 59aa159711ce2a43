"""What Python's tracemalloc prints of the traces that tmtop has.

tracemalloc_loop.py KEY [--cumulative] [--top=N] NEW [OLD]

NEW and OLD are `tmtop export -g traceback`, JSON Lines.
"""
import argparse
import json
import tracemalloc


def read_snapshot(path):
    """Blocks of a traceback as one of its size and others of none."""
    traces = []
    frames = {}
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            entry = json.loads(line)
            if entry["type"] == "traceback":
                frames[entry["id"]] = (
                    tuple((f["filename"], f["lineno"])
                          for f in entry["frames"]), entry["total_nframe"])
            elif entry["type"] == "stat":
                stack, total = frames[entry["key"]["traceback_id"]]
                sizes = [entry["size"]] + [0] * (entry["count"] - 1)
                traces += [(0, size, stack, total) for size in sizes]
    return tracemalloc.Snapshot(traces, 65535)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("key")
    parser.add_argument("--cumulative", action="store_true")
    parser.add_argument("--top", type=int)
    parser.add_argument("new")
    parser.add_argument("old", nargs="?")
    args = parser.parse_args()
    new = read_snapshot(args.new)
    if args.old:
        stats = new.compare_to(read_snapshot(args.old), args.key,
                               args.cumulative)
    else:
        stats = new.statistics(args.key, args.cumulative)
    for stat in stats[:args.top]:
        print(stat)


main()
