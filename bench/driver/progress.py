"""How long a run of the bench will take: what the cases expect, corrected by what those before them took."""
import time

# On two idle CPUs. Joining a group takes 3 s of a run, since the embedded broker waits for other members.
RUN_SECONDS = 5.5
FILL_SECONDS = 8.0


class Progress:
    """Cases under way. `expected`: seconds of each, in their order."""

    def __init__(self, expected, clock=time.monotonic):
        self.expected = expected
        self.clock = clock
        self.started = clock()
        self.done = 0

    def seconds_left(self):
        """The cases that are left, at the pace of those that are done."""
        past = sum(self.expected[:self.done])
        pace = (self.clock() - self.started) / past if past else 1.0
        return pace * sum(self.expected[self.done:])

    def line(self, name, title):
        """What is told when a case begins."""
        left = self.seconds_left()
        end = time.strftime("%H:%M", time.localtime(time.time() + left))
        return f"[{self.done + 1}/{len(self.expected)}] {name}: {title}; {left / 60:.0f} minutes left, until {end}"
