#!/usr/bin/env python3
"""askers.py - strangers at the socket where traced processes ask.

    askers.py WORK

Run under tmtop.  They say nothing, or what is no question, too much of it, or
leave; the helper must outlive them and still answer one that asks well.
Prints "ok WHAT" or "not ok WHAT".
"""

import os
import random
import socket
import struct
import sys
import time

GROWTH = 0


def say(condition, what):
    print("ok" if condition else "not ok", what, flush=True)


def connect(path):
    s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    s.settimeout(20)
    while True:
        try:
            s.connect(path)
            return s
        except BlockingIOError:     # many before us, not let in yet
            os.sched_yield()


def answer(s):
    """What comes back: None when the other side hangs up."""
    try:
        packet = s.recv(100)
    except OSError:
        return None
    return struct.unpack("=iIqq", packet) if packet else None


def main():
    _, _, nonce, path = os.environ["TMTOP_SEGMENT"].split(":", 3)
    nonce = int(nonce, 16)
    path = path.removesuffix(".sock") + ".ask"
    mode = os.stat(path).st_mode & 0o777

    say(mode & 0o077 == 0, "the socket is the user's alone")

    def question(what=GROWTH, text=b"*", key=nonce):
        return struct.pack("=QIi", key, what, os.getpid()) + text

    def ask(packet):
        with connect(path) as s:
            try:
                s.send(packet)
            except OSError:     # hung up on already
                return None
            return answer(s)

    good = question()

    def answered_in_time():
        end = time.monotonic() + 10
        while time.monotonic() < end:
            # Hung up on while all places are taken, refused while the
            # viewer has enough to do.
            found = ask(good)
            if found is not None and found[0] == 0:
                return True
        return False

    say(ask(good)[0] == 0, "a question is answered")
    say(ask(question(key=nonce ^ 1)) is None, "of another run: hung up on")
    say(ask(question(what=77)) is None, "of an unknown kind: the same")
    say(ask(good[:12]) is None, "too short: the same")
    say(ask(question(text=b"x" * 5000)) is None, "too long: the same")
    say(ask(question(text=b"*\0*"))[0] == -1, "with a NUL: refused")
    say(ask(question(text=b"\xff\xfe" * 100))[0] == 0, "of any bytes: fine")

    random.seed(1)
    for _ in range(300):
        ask(bytes(random.randrange(256)
                  for _ in range(random.randrange(1, 200))))
    say(ask(good)[0] == 0, "after 300 packets of rubbish it goes on")

    # Who has a place and says nothing keeps it; the others wait their turn
    # no longer than it takes to refuse them.
    silent = [connect(path) for _ in range(40)]
    refused = ask(good)
    say(refused is None, "all places taken: refused")
    for s in silent:
        s.close()
    say(answered_in_time(), "when they have left: answered")

    for n in [1] * 50 + [2] * 10:
        with connect(path) as s:
            try:
                for _ in range(n):
                    s.send(good)
            except OSError:     # all places are taken
                pass
    say(answered_in_time(), "after those that did not wait, too")


if __name__ == "__main__":
    sys.exit(main())
