"""The program behind a pipe of lines.

peer_lines.py FOLDER COUNT kcat      lines of `kcat -J`, parsed with orjson; no answers
peer_lines.py FOLDER COUNT omprog|omprog-transactions|omprog-unconfirmed
    a value a line; answers each line as rsyslog's omprog wants it
"""
import sys

from peer import Work

folder, count, kind = sys.argv[1:]
work = Work(folder, int(count))


def kcat():
    from orjson import loads

    for line in sys.stdin.buffer:
        work.begin()
        if work.add(1, len(loads(line)["payload"])):
            return


def omprog():
    output = sys.stdout.buffer
    answer = {"omprog": b"OK\n", "omprog-transactions": b"DEFER_COMMIT\n"}.get(kind)

    def say(text):
        if answer:
            output.write(text)
            output.flush()

    say(b"OK\n")  # ready
    reported = False
    for line in sys.stdin.buffer:
        if line in (b"BEGIN TRANSACTION\n", b"COMMIT TRANSACTION\n"):
            say(b"OK\n")
            continue
        work.begin()
        if work.add(1, len(line) - 1) and not reported:
            work.report()  # the driver then ends rsyslog, which would start this program again if it ended by itself
            reported = True
        say(answer)


if kind == "kcat":
    kcat()
    work.report()
else:
    omprog()
