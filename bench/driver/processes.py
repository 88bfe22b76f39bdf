"""Child processes: started in a session of their own, measured, and ended by pid whatever happens."""
import os
import signal
import subprocess
import time
from dataclasses import dataclass

TICK = os.sysconf("SC_CLK_TCK")


class Failure(Exception):
    """A measurement that cannot be made, with a text for the user."""


@dataclass
class Usage:
    """What a process used: CPU seconds of its own and of the children that it waited for, and its peak RSS in bytes."""

    own_cpu: float = 0.0
    children_cpu: float = 0.0
    peak_rss: int = 0


class Child:
    """One started process."""

    def __init__(self, command, log, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, extra_env=None):
        environment = {name: value for name, value in os.environ.items() if not name.startswith("ACKPIPE_")}
        environment.update(extra_env or {})
        self.log = log
        self.usage = Usage()
        self.name = os.path.basename(command[0])
        with open(log, "ab") as errors:
            try:
                self.process = subprocess.Popen(command, stdin=stdin, stdout=stdout, stderr=errors, env=environment,
                                                start_new_session=True)
            except OSError as error:
                raise Failure(f"{command[0]} cannot be started: {error.strerror}") from error

    @property
    def pid(self):
        return self.process.pid

    def has_ended(self):
        """Whether it is a zombie by now (it is not reaped: its usage is still to be read). Notes the peak RSS."""
        if self.process.returncode is not None:
            return True
        self._note_peak_rss()
        return os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOWAIT | os.WNOHANG) is not None

    def _note_peak_rss(self):
        try:
            with open(f"/proc/{self.pid}/status") as status:
                for line in status:
                    if line.startswith("VmHWM:"):
                        self.usage.peak_rss = max(self.usage.peak_rss, int(line.split()[1]) * 1024)
        except (FileNotFoundError, ProcessLookupError):
            pass

    def current_rss(self):
        """Resident bytes now."""
        with open(f"/proc/{self.pid}/statm") as statm:
            return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    def note_cpu(self):
        """Reads the CPU time so far; the kernel keeps it, own and children's apart, until the process is reaped."""
        with open(f"/proc/{self.pid}/stat") as stat:
            fields = stat.read().rpartition(")")[2].split()
        self.usage.own_cpu = (int(fields[11]) + int(fields[12])) / TICK
        self.usage.children_cpu = (int(fields[13]) + int(fields[14])) / TICK

    def reap(self):
        """After has_ended: notes the CPU time and returns the exit code."""
        if self.process.returncode is None:
            self.note_cpu()
        return self.process.wait(timeout=60)

    def end(self, grace=20.0):
        """Asks it to end, waits, kills its session's group; does nothing for one that was reaped."""
        if self.process.returncode is not None:
            return
        for sign, patience in ((signal.SIGTERM, grace), (signal.SIGKILL, 10.0)):
            try:
                if sign == signal.SIGKILL:
                    os.killpg(self.pid, sign)
                else:
                    os.kill(self.pid, sign)
            except ProcessLookupError:
                pass
            deadline = time.monotonic() + patience
            while time.monotonic() < deadline:
                if self.has_ended():
                    self.reap()
                    return
                time.sleep(0.01)

    def last_words(self):
        """The end of its log, for a message."""
        try:
            with open(self.log, errors="replace") as log:
                return "\n".join(log.read().splitlines()[-8:])
        except FileNotFoundError:
            return ""


def wait_until(condition, timeout, what, children=()):
    """Polls until `condition` answers something true, and returns it; fails when a child ended or time is up."""
    deadline = time.monotonic() + timeout
    while True:
        answer = condition()
        if answer:
            return answer
        for child in children:
            if child.has_ended():
                answer = condition()
                if answer:
                    return answer
                raise Failure(f"{child.name} ended before {what}:\n{child.last_words()}")
        if time.monotonic() > deadline:
            words = "\n".join(child.last_words() for child in children)
            raise Failure(f"not within {timeout:.0f} s: {what}\n{words}")
        time.sleep(0.01)


def run_quietly(command, log, timeout=300, extra_env=None):
    """Runs a program to its end and returns its output; fails where it fails."""
    reading, writing = os.pipe()
    child = None
    try:
        child = Child(command, log, stdout=writing, extra_env=extra_env)
        os.close(writing)
        writing = None
        wait_until(child.has_ended, timeout, f"the end of {child.name}")
        if child.reap() != 0:
            raise Failure(f"{child.name} failed:\n{child.last_words()}")
        with os.fdopen(reading, "rb") as output:
            reading = None
            return output.read().decode()
    finally:
        if child:
            child.end(grace=2)
        for descriptor in (reading, writing):
            if descriptor is not None:
                os.close(descriptor)
