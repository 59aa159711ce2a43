"""screen.py - tmtop with its screen on a terminal, and the viewer's own time.

The kernel's figure for the one process (/proc/PID/stat) is read while the
program runs: what its children take is not the viewer's.  Keys are pressed by
a hand that waits for what they show: help, and back.
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
# Help comes with these words, and goes with at least so many bytes.
KEY, WORDS, BYTES = b"?", b"next page", 300


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


class Hand:
    """Presses a key, and the next one a moment after the answer."""

    def __init__(self, terminal):
        self.terminal = terminal
        self.answers = []       # [(time, seconds)]
        self.pressed, self.drawn = 0, b""

    def see(self, drawn):
        if not self.pressed:
            return
        self.drawn += drawn
        is_open = len(self.answers) % 2 == 1
        if len(self.drawn) >= BYTES if is_open else WORDS in self.drawn:
            now = time.monotonic()
            self.answers.append((now, now - self.pressed))
            self.pressed = 0

    def press(self, now):
        if self.pressed or (self.answers and
                            now - self.answers[-1][0] < 2 * INTERVAL):
            return
        self.pressed, self.drawn = now, b""
        os.write(self.terminal, KEY)


def follow(pid, terminal, limit_seconds, hand):
    """Read what is drawn until the end; [(time, CPU)] on the way."""
    samples = [(time.monotonic(), cpu_of(pid))]
    end = samples[0][0] + limit_seconds
    while time.monotonic() < end:
        if select.select([terminal], [], [], INTERVAL)[0]:
            try:
                drawn = os.read(terminal, 65536)
            except OSError:     # the other end is closed
                drawn = b""
            if not drawn:
                return samples
            if hand:
                hand.see(drawn)
        now = time.monotonic()
        if hand and now - samples[0][0] > 2:
            hand.press(now)
        if now - samples[-1][0] >= INTERVAL:
            samples.append((now, cpu_of(pid)))
    raise TimeoutError("tmtop does not end")


def watch(words, limit_seconds, presses_keys):
    """Run tmtop on a terminal; what its viewer took of one processor in the
    second half of the run, when all tracebacks are there, and the slowest
    answer to a key in that half, in seconds."""
    pid, terminal = start(words)
    hand = Hand(terminal) if presses_keys else None
    try:
        samples = follow(pid, terminal, limit_seconds, hand)
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
    answers = [seconds for now, seconds in (hand.answers if hand else [])
               if now >= from_]
    return ((after - before) / (to - from_) if to > from_ else 0.0,
            max(answers, default=0.0))
