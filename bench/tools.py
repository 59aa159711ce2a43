"""tools.py - one run of one workload under one tool.

Shape      A workload is a command; a tool is what goes around it.  usage.c
           runs the whole and tells what the program and its tree used.
Why        tmtop and heaptrack put processes around the program, so the
           program's own figures come from a second usage inside tmtop, which
           follows it; heaptrack's library does not follow, and of all of
           heaptrack only the tree is wanted.
Invariant  Every tool gets the same words and the same environment.
"""
import os
import shutil
import signal
import socket
import subprocess
import time
from collections import namedtuple

from screen import watch

BUILD = os.environ["TMTOP_BUILD"]
HERE = os.path.dirname(os.path.abspath(__file__))

# Seconds of processor time, but for wall; KiB; churn: what it printed.
# viewer: its share of one processor, on a screen; answer: to a key, seconds.
Run = namedtuple("Run", "wall cpu rss tree_cpu churn viewer answer",
                 defaults=(0, 0))


class NotHere(Exception):
    """What is needed is not installed, or tmtop cannot do it (yet)."""


def built(name):
    return os.path.join(BUILD, name)


# ---- workloads ----

PROGRAMS = ["sqlite", "jq", "xmllint", "cc1", "redis"]

# Settings of churn, each for the full and the short form.
SMALL = "rounds=1 pairs=1000 live=500"
CHURN = {
    "d10": ("depth=10", SMALL),
    "d20": ("depth=20", SMALL),
    "d40": ("depth=40", SMALL),
    "b30d10": ("base=30 depth=10", SMALL),
    "d20 outermost": ("depth=20 outer=1", SMALL),
    "one thread, one traceback": ("depth=20 sites=1", SMALL),
    "t2, one traceback": ("depth=20 sites=1 threads=2", SMALL),
    "one thread, many tracebacks": ("depth=20 sites=10000", SMALL),
    "t2, many tracebacks": ("depth=20 sites=10000 threads=2", SMALL),
    "slowest call": (
        "depth=20 sites=1000000 threads=2 live=1000000 pairs=1000000 "
        "rounds=1 calls=1 marks=20", SMALL + " threads=2 calls=1 marks=5"),
    "10 million live blocks": (
        "base=30 depth=0 live=10000000 pairs=2000000 rounds=3 "
        "least=16 most=112",
        "base=30 depth=0 live=20000 pairs=20000 rounds=1 least=16 most=112"),
}
CHURN["100,000 tracebacks"] = (
    "depth=20 sites=100000 live=100000 pairs=500000 rounds=4",
    "depth=20 sites=1000 pairs=20000 rounds=1")
CHURN["1,000,000 tracebacks"] = (
    "depth=20 sites=1000000 live=1000000 pairs=4000000 rounds=3",
    "depth=20 sites=1000 pairs=20000 rounds=1")
# What `jq -n 1` does is next to nothing: fixed costs.
START = "jq -n 1"


class Workloads:
    """Commands of the workloads, with their inputs in a directory."""

    def __init__(self, is_short):
        self.is_short = is_short
        scale = 2 if is_short else 100
        self.directory = built(f"bench/inputs-{scale}")
        os.makedirs(self.directory, exist_ok=True)
        subprocess.run([f"{HERE}/workloads", "prepare", self.directory,
                        str(scale)], check=True)
        self.socket = os.path.join(self.directory, "socket")

    def command(self, name):
        if name == START:
            jq = shutil.which("jq")
            if jq is None:
                raise NotHere("jq is not installed")
            return [jq, "-n", "1"]
        if name in CHURN:
            return [built("bench/churn"), *CHURN[name][self.is_short].split()]
        found = subprocess.run([f"{HERE}/workloads", "command",
                                self.directory, name], text=True,
                               capture_output=True, check=False)
        if found.returncode != 0:
            raise NotHere(found.stderr.strip())
        return found.stdout.split("\n")[:-1]

    def load(self, name, process):
        """Give a server its load and end it."""
        if name != "redis":
            return
        while not self.answers():
            if process.poll() is not None:
                return
            time.sleep(0.01)
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        requests = 1000 if self.is_short else 150000
        subprocess.run(
            ["redis-benchmark", "-s", self.socket, "-n", str(requests), "-c",
             "20", "-P", "8", "-r", "50000", "-d", "64", "-t",
             "set,lpush,sadd,hset,zadd", "-q"], check=False, **quiet)
        subprocess.run(["redis-cli", "-s", self.socket, "shutdown", "nosave"],
                       check=False, **quiet)

    def answers(self):
        with socket.socket(socket.AF_UNIX) as client:
            try:
                client.connect(self.socket)
                client.sendall(b"PING\r\n")
                return client.recv(5) == b"+PONG"
            except OSError:
                return False


# ---- tools ----

def heaptrack():
    found = shutil.which("heaptrack")
    if found is None:
        raise NotHere("heaptrack is not installed")
    return found


def heaptrack_library():
    path = os.path.join(os.path.dirname(os.path.realpath(heaptrack())),
                        "../lib/heaptrack/libheaptrack_preload.so")
    if not os.path.exists(path):
        raise NotHere("no libheaptrack_preload.so beside heaptrack")
    return os.path.realpath(path)


def walk_library():
    path = built("bench/.libs/walk.so")
    if not os.path.exists(path):
        raise NotHere("built without libunwind")
    return path


# What goes before the command: variables of the command alone, and words, in
# which {out} is a new directory.
Tool = namedtuple("Tool", "variables words")

TOOLS = {
    "native": lambda: Tool([], []),
    "heaptrack": lambda: Tool([], [heaptrack(), "-o", "{out}/data"]),
    "heaptrack's library": lambda: Tool(
        [f"LD_PRELOAD={heaptrack_library()}",
         "DUMP_HEAPTRACK_OUTPUT=/dev/null"], []),
    "unw_backtrace": lambda: Tool([f"LD_PRELOAD={walk_library()}"], []),
    "tmtop": lambda: Tool([], [built("tmtop"), "-b", "-o", "{out}/report",
                               "--"]),
}

# tmtop with its screen: options.
SCREENS = {
    "tmtop, 10 a second": ["-d", "0.1"],
    "tmtop, at rest": ["-d", "1000"],
    "tmtop, keys": ["-d", "1"],
}


def read_usage(path, name):
    with open(path, encoding="ascii") as file:
        words = file.read().split()
    if words[0] != "0":
        raise RuntimeError(f"{name} ended with status {words[0]}")
    return [float(word) for word in words[1:]]


def churn_figures(text):
    """What churn printed, as a dictionary."""
    line = [line for line in text.splitlines() if line.startswith("ns_pair=")]
    if not line:
        return {}
    pairs = [word.split("=") for word in line[-1].split()]
    return {name: float(value) for name, value in pairs}


class Bench:
    """Runs workloads under tools, each run with files of its own."""

    def __init__(self, workloads, limit_seconds=600):
        self.workloads = workloads
        self.limit_seconds = limit_seconds
        self.out = built(f"bench/out.{os.getpid()}")

    def words(self, tool, name):
        """The whole command line of a run."""
        usage = built("bench/usage")
        around = TOOLS[tool]()
        words = [word.replace("{out}", self.out) for word in around.words]
        if tool == "tmtop" and name == START:
            words[0] = self.parts_apart()
        elif tool == "tmtop":
            words += [usage, f"{self.out}/program", "--"]
        return [usage, "-t", f"{self.out}/tree", *around.variables, "--",
                *words, *self.workloads.command(name)]

    def parts_apart(self):
        """A tmtop whose symboliser is started by a shell that ends at once:
        what it used is then found in the tree, but not in tmtop.  tmtop looks
        for its parts in the folder that it was started from."""
        parts = f"{self.out}/parts"
        os.makedirs(f"{parts}/.libs")
        for name in ("tmtop", "tmtop-run", ".libs/libtmtop_hook.so"):
            os.link(built(name), f"{parts}/{name}")
        with open(f"{parts}/tmtop-symbols", "w", encoding="utf-8") as file:
            file.write(f"#!/bin/sh\n'{built('tmtop-symbols')}' &\n")
            os.fchmod(file.fileno(), 0o755)
        return f"{parts}/tmtop"

    def run_on_screen(self, tool, name):
        program, said = f"{self.out}/program", f"{self.out}/stdout"
        share, answer = watch(
            [built("tmtop"), "--exit", f"--stdout={said}", *SCREENS[tool],
             "--", built("bench/usage"), program, "--",
             *self.workloads.command(name)], self.limit_seconds,
            tool == "tmtop, keys")
        wall, cpu, rss, tree_cpu = read_usage(program, f"{name}, {tool}")
        with open(said, encoding="utf-8") as file:
            return Run(wall, cpu, rss, tree_cpu, churn_figures(file.read()),
                       share, answer)

    def run(self, tool, name):
        shutil.rmtree(self.out, ignore_errors=True)
        os.makedirs(self.out)
        if tool in SCREENS:
            return self.run_on_screen(tool, name)
        words = self.words(tool, name)
        label = f"{name} under {tool}"
        with open(f"{self.out}/stdout", "w+", encoding="utf-8",
                  errors="replace") as text:
            with subprocess.Popen(words, stdout=text, cwd=self.out,
                                  stdin=subprocess.DEVNULL,
                                  stderr=subprocess.STDOUT,
                                  start_new_session=True) as process:
                try:
                    self.workloads.load(name, process)
                    process.wait(self.limit_seconds)
                except BaseException:
                    os.killpg(process.pid, signal.SIGKILL)
                    raise
            text.seek(0)
            said = text.read()
        wall, cpu, rss, tree_cpu = read_usage(f"{self.out}/tree", label)
        if os.path.exists(f"{self.out}/program"):
            _, cpu, rss, _ = read_usage(f"{self.out}/program", label)
        return Run(wall, cpu, rss, tree_cpu, churn_figures(said))

    def clean(self):
        shutil.rmtree(self.out, ignore_errors=True)


def instructions(*words):
    """Instructions of one call of churn's function: see instructions."""
    if shutil.which("valgrind") is None:
        raise NotHere("valgrind is not installed")
    done = subprocess.run([f"{HERE}/instructions", *words], text=True,
                          capture_output=True, check=False)
    if done.returncode != 0:
        raise NotHere(done.stderr.strip().splitlines()[0]
                      if done.stderr.strip() else "instructions failed")
    return float(done.stdout)
