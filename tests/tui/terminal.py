"""A terminal for tmtop in which nothing is friendly; see terminal.test.

terminal.py signal NAME   kill the viewer by that signal, print what is left
terminal.py fuzz SEED N   N bursts of bytes from the keyboard, then quit
terminal.py hangup        close the terminal
"""
import fcntl, os, pty, random, re, select, signal, struct, sys, termios, time

PATIENCE = 20


class Terminal:
    def __init__(self, argv):
        self.screen = b""
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execvp(argv[0], argv)
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ,
                    struct.pack("HHHH", 24, 80, 0, 0))
        os.kill(self.pid, signal.SIGWINCH)

    def read(self, seconds=0.05):
        ready, _, _ = select.select([self.fd], [], [], seconds)
        if not ready:
            return False
        try:
            got = os.read(self.fd, 65536)
        except OSError:
            return False
        self.screen += got
        return bool(got)

    def wait(self, pattern):
        end = time.monotonic() + PATIENCE
        while not re.search(pattern, self.screen):
            self.read()
            if time.monotonic() > end:
                sys.exit("never came: %r in %r" % (pattern,
                                                   self.screen[-2000:]))

    def ended(self):
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            self.read()
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                while self.read():
                    pass
                return status
        os.kill(self.pid, signal.SIGKILL)
        sys.exit("does not end")


def modes(fd):
    attributes = termios.tcgetattr(fd)
    return (bool(attributes[3] & termios.ICANON),
            bool(attributes[3] & termios.ECHO),
            bool(attributes[1] & termios.OPOST))


def by_signal(name, argv):
    terminal = Terminal(argv)
    before = modes(terminal.fd)
    terminal.wait(rb"F10")
    during = modes(terminal.fd)
    os.kill(terminal.pid, getattr(signal, name))
    status = terminal.ended()
    last = terminal.screen
    print("was", before, "screen", during, "left", modes(terminal.fd))
    print("ended", os.WTERMSIG(status) if os.WIFSIGNALED(status) else
          "exit %d" % os.WEXITSTATUS(status))
    # which of the pairs was undone last
    for on, off, what in ((b"\033[?1049h", b"\033[?1049l", "screen"),
                          (b"\033[?1000h", b"\033[?1000l", "mouse"),
                          (b"\033[?25l", b"\033[?25h", "cursor")):
        at = last.rfind(on)
        print(what, "restored" if at < 0 or last.rfind(off) > at
              or (what == "cursor" and last.rfind(b"\033[34h") > at)
              else "left")


def fuzz(seed, bursts, argv):
    dice = random.Random(seed)
    terminal = Terminal(argv)
    terminal.wait(rb"F10")
    pieces = [b"\033[A", b"\033[B", b"\033OP", b"\033[M !!", b"\033[<0;5;5M",
              b"\033[<64;1;1M", b"\033[", b"\033", b"\033[200~", b"\033[1;5C",
              b"\x03", b"\x1b", b"\xff\xfe", "ü日".encode(), b"\t", b"\r",
              b"f", b"/", b"*lru", b"?", b"B", b"P", b"s", b"r", b"1", b"2",
              b"3", b"4", b"b", b"d", b"J", b"c", b"\x0c", b"\x15"]
    for _ in range(bursts):
        burst = b"".join(dice.choice(pieces) if dice.random() < 0.8 else
                         bytes([dice.randrange(256)])
                         for _ in range(dice.randrange(1, 60)))
        # nothing that stops it or hands the terminal over: ^Z and O, and
        # what the dialogs do with k, t, i, l
        for stop in (b"\x1a", b"O", b"k", b"t", b"i", b"l", b"K", b"q",
                     b"\x1c"):
            burst = burst.replace(stop, b"")
        os.write(terminal.fd, burst)
        while terminal.read(0):
            pass
        if dice.random() < 0.2:
            fcntl.ioctl(terminal.fd, termios.TIOCSWINSZ,
                        struct.pack("HHHH", dice.randrange(1, 60),
                                    dice.randrange(1, 200), 0, 0))
            os.kill(terminal.pid, signal.SIGWINCH)
        if os.waitpid(terminal.pid, os.WNOHANG)[0]:
            sys.exit("died in burst %r: %r" % (burst, terminal.screen[-500:]))
    fcntl.ioctl(terminal.fd, termios.TIOCSWINSZ,
                struct.pack("HHHH", 24, 80, 0, 0))
    os.kill(terminal.pid, signal.SIGWINCH)
    # out of whatever is open, then by the front door
    end = time.monotonic() + PATIENCE
    status = None
    while status is None:
        for key in (b"\x07", b"\033", b"q", b"t"):
            try:
                os.write(terminal.fd, key)
            except OSError:
                pass
            terminal.read(0.1)
        pid, ended = os.waitpid(terminal.pid, os.WNOHANG)
        if pid:
            status = ended
        elif time.monotonic() > end:
            os.kill(terminal.pid, signal.SIGKILL)
            sys.exit("does not quit: %r" % terminal.screen[-2000:])
    print("ended", "exit %d" % os.WEXITSTATUS(status)
          if os.WIFEXITED(status) else "signal %d" % os.WTERMSIG(status))


def hang_up(argv):
    terminal = Terminal(argv)
    terminal.wait(rb"F10")
    os.close(terminal.fd)
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        pid, status = os.waitpid(terminal.pid, os.WNOHANG)
        if pid:
            print("ended", "exit %d" % os.WEXITSTATUS(status)
                  if os.WIFEXITED(status) else
                  "signal %d" % os.WTERMSIG(status))
            return
        time.sleep(0.02)
    os.kill(terminal.pid, signal.SIGKILL)
    sys.exit("does not end")


if sys.argv[1] == "signal":
    by_signal(sys.argv[2], sys.argv[3:])
elif sys.argv[1] == "fuzz":
    fuzz(int(sys.argv[2]), int(sys.argv[3]), sys.argv[4:])
else:
    hang_up(sys.argv[2:])
