"""The rows of a JSON report by traceback, cut to the newest frames.

cut_frames.py REPORT [N]: a line for each distinct traceback of at most N
frames: figures that add up, then its frames.  What the compiler has inlined
belongs to the frame around it, and markers are no frames.
"""
import collections
import json
import sys

FIGURES = ("size", "count", "allocs", "frees", "allocated_bytes")


def frames_of(traceback, limit):
    kept, n = [], 0
    for frame in traceback["frames"]:
        if frame["kind"] == "special" or n == limit:
            break
        kept.append("%s+%x" % (frame["module"], frame["offset"]))
        n += not frame["inlined"]
    return tuple(kept)


def main():
    limit = int(sys.argv[2]) if len(sys.argv) > 2 else sys.maxsize
    tracebacks, rows = {}, collections.Counter()
    for line in open(sys.argv[1], encoding="utf-8"):
        item = json.loads(line)
        if item["type"] == "traceback":
            tracebacks[item["id"]] = frames_of(item, limit)
        elif item["type"] == "stat":
            frames = tracebacks[item["key"]["traceback_id"]]
            for name in FIGURES:
                rows[frames, name] += item[name]
    for frames in sorted({key[0] for key in rows}):
        print(*(rows[frames, name] for name in FIGURES), *frames)


main()
