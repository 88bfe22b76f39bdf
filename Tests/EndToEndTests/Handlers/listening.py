"""For handlers that listen while they work: a thread reads the frames into `inbox`, in order; None is the end of the input.

Also notes: `note(name, text)` appends a line to the file of this name in $FOLDER, for the test to read.
"""
import queue
import threading

from kit import *

inbox = queue.Queue()


def read_all():
    while (frame := receive()) is not None:
        inbox.put(frame)
    inbox.put(None)


def begin(**ready):
    """Starts to read, and answers `hello`, which is returned."""
    threading.Thread(target=read_all, daemon=True).start()
    hello = inbox.get()
    send({"type": "ready", "protocol": 1, "name": "listening", **ready})
    return hello


def next_frame(seconds=None):
    """The next frame; exits at the end of the input; {"type": "silence"} where none comes in time."""
    try:
        frame = inbox.get(timeout=seconds)
    except queue.Empty:
        return {"type": "silence"}
    if frame is None:
        sys.exit(0)
    return frame


def answer(frame, error=None, **more):
    """An ack, or a nack where there is an error or anything else to say."""
    if error is None and not more:
        send({"type": "ack", "id": frame["id"]})
    else:
        send({"type": "nack", "id": frame["id"], "error": error, **more})


def exists(name):
    """Whether the test has made this file: a signal to go on."""
    return os.path.exists(os.environ["FOLDER"] + "/" + name)


def note(name, text):
    notes = os.open(os.environ["FOLDER"] + "/" + name, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    os.write(notes, (text + "\n").encode())
    os.close(notes)
