"""What handlers that misbehave share, beside kit.py: which life of the process this is, raw bytes, and steps of a
conversation that stop half-way."""
import select

from kit import *


def life():
    """1 in the first process of the run, 2 in the next one, and so on."""
    lives = os.open(os.environ["JOURNAL"] + ".lives", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    os.write(lives, b".")
    number = os.fstat(lives).st_size
    os.close(lives)
    return number


def note(value):
    """Writes one JSON line into the notes, for the test to read."""
    notes = os.open(os.environ["JOURNAL"] + ".notes", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    os.write(notes, json.dumps(value).encode() + b"\n")
    os.close(notes)


def raw(data):
    """Writes bytes as they are."""
    target.write(data)
    target.flush()


def body(data):
    """Writes bytes as the body of a frame."""
    raw(data + b"\n" if LINES else struct.pack(">I", len(data)) + data)


def begin(**ready):
    """Takes `hello` and answers `ready`; returns `hello`."""
    hello = receive()
    send({"type": "ready", "protocol": 1, "name": "trouble", **ready})
    return hello


def delivery():
    """The next delivery, in the journal already; frames of other types are passed over."""
    while True:
        frame = receive()
        if frame is None:
            sys.exit(0)
        if frame["type"] in ("message", "batch"):
            for record in records_of(frame):
                journal(record)
            return frame


def ack(frame, **more):
    send({"type": "ack", "id": frame["id"], **more})


def good(ready=None):
    """From here on an ordinary handler that acknowledges everything."""
    serve(lambda record: None, ready)


def rest():
    """Goes on acknowledging, `ready` having been said."""
    while True:
        ack(delivery())


def quiet(seconds):
    """Whether no byte arrives for so long."""
    return not select.select([source], [], [], seconds)[0]


def hang():
    while True:
        time.sleep(1000)
