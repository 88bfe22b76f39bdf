"""The handler's side of ackpipe's protocol (protocol.md), for Python 3.8 and newer: one file without dependencies, to copy.

    from ackpipe_handler import handler

    @handler                                # under ackpipe this serves: let it be the last thing in the file
    def handle(record):
        charge(record["value"])             # returns: acknowledged; raises: delivered again

Import it before anything that might print: under ackpipe the import takes the protocol's descriptors away from stdout, and
what is printed goes to the log. A record is the dict of protocol.md, section 6. fake_bridge.py plays ackpipe in tests.
"""
import base64
import json
import os
import queue
import struct
import sys
import threading
import time
import traceback

__all__ = ["handler", "batch_handler", "serve", "serve_batches", "Retry", "Reject", "Skip", "Release", "Cancelled",
           "Batch", "delivery", "pause", "resume", "log", "metric", "value_of", "key_of"]

READ_SIZE = 1 << 20
LARGEST_FRAME = (1 << 27) - 1
FLUSH_SECONDS = 0.005  # no answer waits longer than that, whatever the handler does meanwhile
SHARED = ("topic", "partition", "attempt", "timestamp_type")  # what a record may inherit from its batch
EX_PROTOCOL = 76


class Failure(Exception):
    """Raise one of these to say more than "failed". A message, and seconds until the record is delivered again."""
    action = "retry"

    def __init__(self, error="", delay=None):
        super().__init__(error)
        self.delay = delay


class Retry(Failure):
    """Deliver again; counts as an attempt. Any other exception means this too."""


class Reject(Failure):
    """No further attempt: to the dead letters, or as --on-exhausted says."""
    action = "reject"


class Skip(Failure):
    """Count as done."""
    action = "skip"


class Release(Failure):
    """Not attempted: deliver again, the number of attempts unchanged."""
    action = "release"


class Cancelled(Release):
    """Raised by Delivery.check(): ackpipe does not want the result any more."""


class BadFrame(Exception):
    pass


def failure_members(error):
    """What a verdict says about an exception."""
    if isinstance(error, Failure):
        members = {} if error.action == "retry" else {"action": error.action}
        if error.delay is not None:
            members["delay_ms"] = int(error.delay * 1000)
        text = str(error)
    else:
        traceback.print_exception(type(error), error, error.__traceback__)  # to the log
        members, text = {}, "%s: %s" % (type(error).__name__, error)
    if text:
        members["error"] = text[:4096]
    return members


def _bytes_of(record, name):
    text = record.get(name)
    if text is not None:
        return text.encode()
    if name + "_base64" in record:
        return base64.b64decode(record[name + "_base64"])
    if name + "_json" in record:
        raise TypeError("record has %s_json, which is parsed already" % name)
    return None


def value_of(record):
    """The value as bytes, whichever form it came in; None is a tombstone."""
    return _bytes_of(record, "value")


def key_of(record):
    """The key as bytes; None where there is none."""
    return _bytes_of(record, "key")


class Delivery:
    """The attempt that this thread is working on; delivery() gives it."""
    __slots__ = ("session", "frame", "id", "started", "deadline", "cancelled", "taken")

    def __init__(self, session, frame):
        self.session, self.frame, self.id = session, frame, frame["id"]
        self.cancelled = self.taken = False
        self.begin()

    def begin(self):
        self.started = time.monotonic()
        self.deadline = self.started + self.session.ack_timeout

    def remaining(self):
        """Seconds until ackpipe gives this delivery up, by our clock: keep a margin."""
        return self.deadline - time.monotonic()

    def extend(self, seconds):
        """Still working: the deadline is at least so many seconds from now."""
        latest = self.started + self.session.ack_timeout + self.session.max_extend
        self.deadline = max(self.deadline, min(time.monotonic() + seconds, latest))
        self.session.send({"type": "extend", "id": self.id, "ms": int(seconds * 1000)}, at_once=True)

    def check(self):
        """Raises Cancelled once ackpipe has cancelled this (with concurrency > 1 or cancellable): call it in long work."""
        if self.cancelled:
            raise Cancelled("cancelled")


class Batch:
    """Records that are answered together. Iterating gives whole records; `messages` are the bare ones, which lack what
    `shared` says for all of them: faster where topic, partition, attempt and timestamp_type do not matter."""
    __slots__ = ("messages", "shared", "failed")

    def __init__(self, frame):
        if frame["type"] == "batch":
            self.messages = frame["messages"]
            self.shared = {name: frame[name] for name in SHARED if name in frame}
        else:
            self.messages, self.shared = [frame], {}
        self.failed = {}

    def __len__(self):
        return len(self.messages)

    def __getitem__(self, index):
        return {**self.shared, **self.messages[index]}

    def __iter__(self):
        shared = self.shared
        for record in self.messages:
            yield {**shared, **record}

    def fail(self, index, error):
        """This record failed (`error` is an exception, or a text for Retry); all that are not named succeed."""
        if not -len(self.messages) <= index < len(self.messages):
            raise IndexError("no record %d in a batch of %d" % (index, len(self.messages)))
        index %= len(self.messages)
        error = error if isinstance(error, BaseException) else Retry(str(error))
        self.failed[index] = {"index": index, **failure_members(error)}

    def fail_from(self, index, error):
        """This record failed and those behind it were not tried: what keeps the order."""
        self.fail(index, error)
        for later in range(index % len(self.messages) + 1, len(self.messages)):
            self.failed.setdefault(later, {"index": later, "action": "release"})


class Session:
    """One conversation with ackpipe, over a function that reads into a memoryview (0 at the end) and one that writes."""

    def __init__(self, handle, read, write, batches=False, concurrency=1, cancellable=False, name=None, setup=None,
                 loads=None, framing="length"):
        if concurrency < 1:
            raise ValueError("concurrency is %r; 1 or more is needed" % (concurrency,))
        self.handle, self.read, self.write, self.batches = handle, read, write, batches
        self.concurrency, self.threaded = concurrency, cancellable or concurrency > 1
        self.name = name or os.path.basename(sys.argv[0] or "handler") + " (python %d.%d)" % sys.version_info[:2]
        self.setup, self.lines = setup, framing == "lines"
        decode = json.JSONDecoder().decode
        self.loads = loads or (lambda body: decode(str(body, "utf-8")))
        self.max_frame_bytes, self.ack_timeout, self.max_extend, self.grace = LARGEST_FRAME, 300.0, 3600.0, 5.0
        self.hello, self.stopping, self.ended = {}, False, False
        self.acks, self.frames = [], []  # answers that are not written yet; appended to by any thread
        self.writing = threading.Lock()
        self.armed, self.pending = False, threading.Event()
        self.open, self.opening = {}, threading.Lock()
        self.todo = queue.SimpleQueue()

    # Reading ------------------------------------------------------------------------------------------------------

    def received(self):
        """Yields frames; writes what is pending before each read that might have to wait."""
        buffer = bytearray(READ_SIZE)
        view = memoryview(buffer)
        at = used = scanned = 0
        cut = self.line if self.lines else self.block
        while True:
            while True:
                body, end, scanned = cut(buffer, view, at, used, scanned)
                if body is None:
                    break
                try:
                    frame = self.loads(body)
                    kind = frame["type"]
                except (ValueError, KeyError, TypeError) as error:
                    raise BadFrame("a frame is not a JSON object with a type: %s" % error)
                yield kind, frame
                at = end
            used -= at
            scanned = max(scanned - at, 0)
            if end - at > len(buffer) or (len(buffer) > READ_SIZE and end - at <= READ_SIZE and used < READ_SIZE):
                other = bytearray(max(end - at, READ_SIZE))
                other[:used] = view[at:at + used]
                buffer, view = other, memoryview(other)
            elif at:
                view[:used] = view[at:at + used]
            at = 0
            self.flush()
            count = self.read(view[used:])
            if not count:
                if used:
                    raise BadFrame("the input ended within a frame")
                return
            used += count

    def block(self, buffer, view, at, used, scanned):
        if used - at < 4:
            return None, at + 4, 0
        size = int.from_bytes(view[at:at + 4], "big")
        if not 0 < size <= self.max_frame_bytes:
            raise BadFrame("%d (%s) is no frame's length" % (size, bytes(view[at:at + 4]).hex()))
        end = at + 4 + size
        return (view[at + 4:end] if end <= used else None), end, 0

    def line(self, buffer, view, at, used, scanned):
        end = buffer.find(b"\n", max(at, scanned), used)
        if end >= 0:
            return view[at:end], end + 1, end + 1
        if used - at > self.max_frame_bytes:
            raise BadFrame("a line of more than %d bytes" % self.max_frame_bytes)
        # Room for as much again: a long line takes few turns.
        return None, at + (used - at + 1 if used - at < len(buffer) else 2 * len(buffer)), used

    # Writing ------------------------------------------------------------------------------------------------------

    def ack(self, identifier):
        self.acks.append(identifier)
        self.arm()

    def send(self, frame, at_once=False):
        self.frames.append(frame)
        if at_once:
            self.flush()
        else:
            self.arm()

    def arm(self):
        if not self.armed:
            self.armed = True
            self.pending.set()

    def flush(self):
        """Writes all answers there are, with one write. Slices are taken off the front, so appending needs no lock."""
        if not self.acks and not self.frames:
            return
        with self.writing:
            acks = self.acks[:]
            del self.acks[:len(acks)]
            frames = self.frames[:]
            del self.frames[:len(frames)]
            bodies = [json.dumps(frame).encode() for frame in frames]
            if len(acks) == 1:
                bodies.append(b'{"type":"ack","id":%d}' % acks[0])
            elif acks:
                bodies.append(('{"type":"ack","ids":[%s]}' % ",".join(map(str, acks))).encode())
            if self.lines:
                self.write(b"".join([body + b"\n" for body in bodies]))
            else:
                self.write(b"".join([struct.pack(">I", len(body)) + body for body in bodies]))

    def flush_in_time(self):
        while not self.ended:
            self.pending.wait()
            self.pending.clear()
            time.sleep(FLUSH_SECONDS)
            self.armed = False
            try:
                self.flush()
            except OSError:
                return  # ackpipe is gone, and the reader finds that out too

    # Working ------------------------------------------------------------------------------------------------------

    def run(self):
        """Serves until the end of the input; answers how many deliveries there were."""
        count = 0
        threading.Thread(target=self.flush_in_time, daemon=True).start()
        threads = []
        try:
            for kind, frame in self.received():
                if kind == "message" or kind == "batch":
                    count += 1
                    if self.threaded:
                        one = self.open[frame["id"]] = Delivery(self, frame)
                        self.todo.put(one)
                    else:
                        self.attempt(Delivery(self, frame))
                elif kind == "hello":
                    if not self.greet(frame):
                        break
                    if self.threaded:
                        threads = [threading.Thread(target=self.work, daemon=True) for _ in range(self.concurrency)]
                        for thread in threads:
                            thread.start()
                elif kind == "cancel":
                    self.cancel(frame["ids"])
                elif kind == "ping":
                    self.send({"type": "pong", "nonce": frame["nonce"]}, at_once=True)
                elif kind == "shutdown":
                    self.stopping = True
        except BrokenPipeError:
            pass  # ackpipe is gone
        finally:
            self.ended = True
            self.pending.set()
            end = time.monotonic() + self.grace  # those that run may end; no other begins
            for _ in threads:
                self.todo.put(None)
            for thread in threads:
                thread.join(max(0, end - time.monotonic()))
            try:
                self.flush()
            except OSError:
                pass
        return count

    def greet(self, hello):
        self.hello = hello
        self.max_frame_bytes = hello["max_frame_bytes"]
        self.ack_timeout, self.max_extend = hello["ack_timeout_ms"] / 1000, hello["max_extend_ms"] / 1000
        self.grace = hello["cancel_grace_ms"] / 1000
        try:
            if self.setup:
                self.setup()
        except Exception as error:
            self.send({"type": "init_error", "error": failure_members(error).get("error", "setup failed")}, at_once=True)
            return False
        ready = {"type": "ready", "protocol": 1, "name": self.name, "concurrency": self.concurrency}
        if self.threaded:
            ready["features"] = [feature for feature in ("cancel", "ping") if feature in hello["features"]]
        self.send(ready, at_once=True)
        return True

    def work(self):
        """A thread's life: deliveries, one after the other."""
        while True:
            one = self.todo.get()
            if one is None or self.ended:
                return
            with self.opening:
                if one.taken:
                    continue  # cancelled before it began
                one.taken = True
            one.begin()
            try:
                self.attempt(one)
                with self.opening:
                    self.open.pop(one.id, None)
                if self.todo.empty() or len(self.acks) >= 16:
                    self.flush()
            except BrokenPipeError:
                return
            except BaseException as error:  # sys.exit() within a thread ends the process, as it does without threads
                if isinstance(error, SystemExit):
                    status = error.code if isinstance(error.code, int) else 0 if error.code is None else 1
                else:
                    traceback.print_exc()
                    status = 1
                self.flush()
                sys.stdout.flush()
                sys.stderr.flush()
                os._exit(status)

    def cancel(self, identifiers):
        for identifier in identifiers:
            with self.opening:
                one = self.open.get(identifier)
                if one is None:
                    continue
                one.cancelled, begun, one.taken = True, one.taken, True
                if not begun:
                    del self.open[identifier]
            if not begun:
                self.send({"type": "nack", "id": identifier, "action": "release"}, at_once=True)

    def attempt(self, one):
        """One delivery, one verdict."""
        _here.delivery = one
        frame = one.frame
        try:
            if self.batches:
                batch = Batch(frame)
                self.handle(batch)
                failed = sorted(batch.failed.values(), key=lambda entry: entry["index"]) if batch.failed else None
            elif frame["type"] == "batch":
                failed = self.one_by_one(Batch(frame))
            else:
                failed = None
                self.handle(frame)
        except Exception as error:
            self.send({"type": "nack", "id": one.id, **failure_members(error)})
            return
        finally:
            _here.delivery = None
        if not failed:
            self.ack(one.id)
        elif frame["type"] == "batch":
            self.send({"type": "result", "id": one.id, "failed": failed})
        else:
            entry = dict(failed[0])
            del entry["index"]
            self.send({"type": "nack", "id": one.id, **entry})

    def one_by_one(self, batch):
        """Hands over each record of a batch, up to the first that has to come again; those behind it are released."""
        failed = []
        for index, record in enumerate(batch):
            try:
                self.handle(record)
            except Exception as error:
                failed.append({"index": index, **failure_members(error)})
                if failed[-1].get("action") not in ("reject", "skip"):
                    failed += [{"index": later, "action": "release"} for later in range(index + 1, len(batch))]
                    break
        return failed


_here = threading.local()
_descriptors = None  # of the protocol, ours alone
_session = None


def _guard():
    """Takes private, close-on-exec copies of the protocol's descriptors; stdin is empty then, and stdout is the log."""
    global _descriptors
    if _descriptors is None:
        source, target = (int(text) for text in os.environ.get("ACKPIPE_PROTOCOL_FDS", "0,1").split(","))
        _descriptors = os.dup(source), os.dup(target)
        null = os.open(os.devnull, os.O_RDONLY)
        os.dup2(null, source)
        os.close(null)
        os.dup2(2, target)
        if hasattr(sys.stdout, "reconfigure"):
            sys.stdout.reconfigure(line_buffering=True)  # a pipe is block-buffered otherwise, and the log comes late
    return _descriptors


if "ACKPIPE_FRAMING" in os.environ:
    _guard()


def _write_all(descriptor, data):
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view):]


def serve(handle, **options):
    """Serves handle(record) until ackpipe closes the pipe, then returns. Options, all by name:

    concurrency  deliveries at a time, each in a thread (1: none); for work that waits. --order and --lane-window say what
                 may run at the same time; with --lane-window above 1 the order within a lane is yours to keep
    cancellable  read on while working, also with concurrency 1: Delivery.cancelled works, pings are answered
    setup        called once before the first record; an exception means "cannot start now", and ackpipe tries again later
    name         for ackpipe's log
    loads        another JSON parser (orjson.loads), which takes a memoryview

    A frame that is none ends the process with a message on stderr and exit code 76.
    """
    global _session
    source, target = _guard()
    _session = Session(handle, lambda view: os.readv(source, [view]), lambda data: _write_all(target, data),
                       framing=os.environ.get("ACKPIPE_FRAMING", "length"), **options)
    try:
        return _session.run()
    except BadFrame as error:
        sys.stdout.flush()
        print("ackpipe_handler: bad frame: %s" % error, file=sys.stderr)
        sys.exit(EX_PROTOCOL)


def serve_batches(handle, **options):
    """The same for handle(batch); see Batch. In message mode each batch has one record."""
    return serve(handle, batches=True, **options)


def _decorator(start, function, options):
    def decorate(function):
        if function.__module__ == "__main__":
            if "ACKPIPE_FRAMING" in os.environ:
                start(function, **options)
            else:
                print("ackpipe did not start this: ackpipe run .. -- python3 %s" % sys.argv[0], file=sys.stderr)
        return function
    return decorate if function is None else decorate(function)


def handler(function=None, **options):
    """Decorator: serves the function if its file was started by ackpipe; imported elsewhere, it stays a function."""
    return _decorator(serve, function, options)


def batch_handler(function=None, **options):
    """The same for a function of a Batch."""
    return _decorator(serve_batches, function, options)


def delivery():
    """What the calling thread is working on: remaining(), extend(seconds), check(), cancelled."""
    return _here.delivery


def pause(seconds=None):
    """Deliver nothing more to this process, for a time or until resume(). What is in the pipe still comes."""
    _session.send({"type": "pause"} if seconds is None else {"type": "pause", "ms": int(seconds * 1000)}, at_once=True)


def resume():
    """Go on after pause()."""
    _session.send({"type": "resume"}, at_once=True)


def log(level, message, **fields):
    """A structured line in ackpipe's log: debug, info, warn or error."""
    _session.send({"type": "log", "level": level, "message": message, "fields": fields})


def metric(name, value, kind="counter", **labels):
    """Adds to a counter, sets a gauge or observes a value for a histogram."""
    _session.send({"type": "metric", "name": name, "kind": kind, "value": value, "labels": labels})
