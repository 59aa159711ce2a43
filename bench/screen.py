"""screen.py - tmtop with its screen on a terminal, and the viewer's own time.

The kernel's figure for the one process (/proc/PID/stat) is read while the
program runs: what its children take is not the viewer's.
"""
import os
import pty
import select
import signal
import struct
import fcntl
import termios
import time

INTERVAL = 0.1


def cpu_of(pid):
    """Seconds of user and system time of one process, without children."""
    with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def start(words):
    pid, terminal = pty.fork()
    if pid == 0:
        os.environ["TERM"] = "xterm-256color"
        os.execv(words[0], words)
    fcntl.ioctl(terminal, termios.TIOCSWINSZ,
                struct.pack("HHHH", 50, 120, 0, 0))
    return pid, terminal


def follow(pid, terminal, limit_seconds):
    """Read what is drawn until the end; [(time, CPU)] on the way."""
    samples = [(time.monotonic(), cpu_of(pid))]
    end = samples[0][0] + limit_seconds
    while time.monotonic() < end:
        if select.select([terminal], [], [], INTERVAL)[0]:
            try:
                if not os.read(terminal, 65536):
                    return samples
            except OSError:     # the other end is closed
                return samples
        now = time.monotonic()
        if now - samples[-1][0] >= INTERVAL:
            samples.append((now, cpu_of(pid)))
    raise TimeoutError("tmtop does not end")


def viewer_share(words, limit_seconds):
    """Run tmtop on a terminal; what its viewer took of one processor in the
    second half of the run, when all tracebacks are there."""
    pid, terminal = start(words)
    try:
        samples = follow(pid, terminal, limit_seconds)
    except BaseException:
        os.kill(pid, signal.SIGKILL)
        raise
    finally:
        os.waitpid(pid, 0)
        os.close(terminal)
    half = samples[len(samples) // 2:]
    if len(half) < 2:
        half = samples
    (from_, before), (to, after) = half[0], half[-1]
    return (after - before) / (to - from_) if to > from_ else 0.0
