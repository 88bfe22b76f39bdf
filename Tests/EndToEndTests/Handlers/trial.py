"""Writes down when each execution began and ended, for trials with several instances in a group.

A line of the file $EXECUTIONS: "b|e instance pid partition offset attempt redelivered nanoseconds"; the clock is the
machine's monotonic one, which all processes share. An execution takes $PACE seconds as long as there is no file $GATE.
Whoever takes the file $HANG away hangs.
"""
from kit import *

instance = os.environ["INSTANCE"]
pace = float(os.environ["PACE"])
executions = os.open(os.environ["EXECUTIONS"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)


def mark(kind, record):
    line = "%s %s %d %d %d %d %d %d\n" % (
        kind, instance, os.getpid(), record["partition"], record["offset"], record["attempt"],
        1 if record.get("redelivered") else 0, time.monotonic_ns())
    os.write(executions, line.encode())


def shall_hang():
    try:
        os.remove(os.environ["HANG"])
        return True
    except FileNotFoundError:
        return False


def handle(record):
    mark("b", record)
    if not os.path.exists(os.environ["GATE"]):
        if shall_hang():
            time.sleep(3600)
        time.sleep(pace)
    mark("e", record)


serve(handle)
