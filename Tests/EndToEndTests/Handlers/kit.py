"""What the handlers of the tests share: frames, a journal of what was handled, and one verdict for each delivery.

A handler is a few lines: `from kit import *`, a function `handle(record)` that returns None (ack) or a dict with the
members of a nack, and `serve(handle)`. The journal is the file in $JOURNAL: a line for each record before it is handled,
"topic partition offset attempt redelivered pid".
"""
import json
import os
import struct
import sys
import time

source = sys.stdin.buffer
target = os.fdopen(os.dup(1), "wb")
os.dup2(2, 1)
LINES = os.environ.get("ACKPIPE_FRAMING") == "lines"
journal_file = os.open(os.environ["JOURNAL"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644) if "JOURNAL" in os.environ else None


def receive():
    """The next frame, or None at the end of the input."""
    if LINES:
        line = source.readline()
        return json.loads(line) if line.endswith(b"\n") else None
    header = source.read(4)
    if len(header) < 4:
        return None
    body = source.read(struct.unpack(">I", header)[0])
    return json.loads(body)


def send(frame):
    body = json.dumps(frame).encode()
    target.write(body + b"\n" if LINES else struct.pack(">I", len(body)) + body)
    target.flush()


def journal(record):
    """One write for each line: several workers share the file."""
    if journal_file is not None:
        line = "%s %d %d %d %d %d\n" % (
            record["topic"], record["partition"], record["offset"], record["attempt"],
            1 if record.get("redelivered") else 0, os.getpid())
        os.write(journal_file, line.encode())


def records_of(frame):
    if frame["type"] == "message":
        return [frame]
    shared = {k: frame[k] for k in ("topic", "partition", "attempt", "timestamp_type") if k in frame}
    return [{**shared, **record} for record in frame["messages"]]


def serve(handle, ready=None):
    """Answers every delivery: message by message, a batch with one ack or a result that lists what failed and what was not
    tried after it."""
    while (frame := receive()) is not None:
        kind = frame["type"]
        if kind == "hello":
            send({"type": "ready", "protocol": 1, "name": "test handler", **(ready or {})})
        elif kind in ("message", "batch"):
            failed = []
            records = records_of(frame)
            for index, record in enumerate(records):
                journal(record)
                verdict = handle(record)
                if verdict is not None:
                    failed.append({"index": index, **verdict})
                    failed += [{"index": later, "action": "release"} for later in range(index + 1, len(records))]
                    break
            if not failed:
                send({"type": "ack", "id": frame["id"]})
            elif kind == "batch":
                send({"type": "result", "id": frame["id"], "failed": failed})
            else:
                del failed[0]["index"]
                send({"type": "nack", "id": frame["id"], **failed[0]})
        elif kind == "ping":
            send({"type": "pong", "nonce": frame["nonce"]})
        elif kind == "cancel":
            for identifier in frame["ids"]:
                send({"type": "nack", "id": identifier, "action": "release"})
