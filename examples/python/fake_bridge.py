"""Plays ackpipe to a handler that is written with ackpipe_handler.py, within one process: for unit tests, no broker.

    from fake_bridge import FakeBridge, record

    def test_refuses_an_empty_order():
        verdicts = FakeBridge(handle).run(record("{}"), record(None))
        assert [verdict.action for verdict in verdicts] == ["retry", "ack"]
        assert "customer" in verdicts[0].error

The handler's code runs as under ackpipe, in this thread (with concurrency above 1, in threads), so a debugger works.
"""
import base64
import json
import struct
import threading
from collections import namedtuple

import ackpipe_handler

Verdict = namedtuple("Verdict", "action error delay_ms")
Verdict.__doc__ = "What became of a record: action is ack, retry, reject, skip or release; delay_ms is None if not given."
Verdict.__new__.__defaults__ = (None, None)


def record(value, key=None, topic="topic", partition=0, offset=None, headers=(), attempt=1, timestamp=1760000000000, **more):
    """A record as ackpipe tells it: value and key are a text, bytes or None, headers pairs of name and value."""
    def form(name, data):
        if isinstance(data, (bytes, bytearray)):
            try:
                return {name: bytes(data).decode()}
            except UnicodeDecodeError:
                return {name + "_base64": base64.b64encode(data).decode()}
        return {name: data}

    return {"attempt": attempt, "topic": topic, "partition": partition, "offset": offset, "timestamp": timestamp,
            "timestamp_type": "create", **form("key", key), **form("value", value),
            "headers": [{"key": name, **form("value", text)} for name, text in headers], **more}


class FakeBridge:
    """`options` are those of ackpipe_handler.serve; `batches=True` for a handler of batches. What the handler sent beside
    verdicts (extend, log, metric, pause) is in `frames` after run(). AssertionError where it breaks the protocol."""

    def __init__(self, handle, framing="length", timeout=60, hello=None, **options):
        self.handle, self.framing, self.timeout, self.options = handle, framing, timeout, options
        self.hello = {"type": "hello", "protocol": 1, "protocol_min": 1, "bridge": "fake/1", "worker": 0, "service": "test",
                      "group": "test", "topics": ["topic"], "mode": "message", "max_in_flight": 64,
                      "max_frame_bytes": 64 << 20, "ack_timeout_ms": 300000, "max_extend_ms": 3600000,
                      "ready_timeout_ms": 30000, "cancel_grace_ms": 5000, "features": ["cancel", "ping", "session"],
                      "session": "0" * 32, **(hello or {})}
        self.frames, self.ready = [], None

    def run(self, *records, batch=None, cancel=()):
        """Delivers these records, each for itself or `batch` at a time, and answers a Verdict for each. The deliveries at
        the places `cancel` (0 is the first) are cancelled as soon as all were written."""
        frames, sizes = [self.hello], []
        for number, one in enumerate(records):
            if one["offset"] is None:
                one = {**one, "offset": number}
            if batch is None:
                sizes.append(None)
                frames.append({"type": "message", "id": len(sizes), **one})
            elif number % batch:
                frames[-1]["messages"].append(one)
                sizes[-1] += 1
            else:
                sizes.append(1)
                frames.append({"type": "batch", "id": len(sizes), "messages": [one]})
        if cancel:
            frames.append({"type": "cancel", "ids": [place + 1 for place in cancel], "reason": "revoked"})
        return self._play(frames, sizes)

    def _play(self, frames, sizes):
        answers, done, arrived = {}, threading.Event(), bytearray()
        todo = [b"".join(self._encoded(frame) for frame in frames)]
        if not sizes:
            done.set()

        def read(view):
            if todo and todo[0]:
                part, todo[0] = todo[0][:len(view)], todo[0][len(view):]
                view[:len(part)] = part
                return len(part)
            assert done.wait(self.timeout), "no verdict for %s" % sorted(set(range(1, len(sizes) + 1)) - set(answers))
            return 0

        def write(data):
            arrived.extend(data)
            for frame in self._taken(arrived):
                self._accept(frame, sizes, answers)
            if len(answers) == len(sizes):
                done.set()

        session = ackpipe_handler.Session(self.handle, read, write, framing=self.framing, **self.options)
        before, ackpipe_handler._session = ackpipe_handler._session, session
        try:
            session.run()
        finally:
            ackpipe_handler._session = before
        if self.ready is None:
            return []  # init_error, which is in `frames`
        return [verdict for number in range(1, len(sizes) + 1) for verdict in answers[number]]

    def _encoded(self, frame):
        body = json.dumps(frame).encode()
        return body + b"\n" if self.framing == "lines" else struct.pack(">I", len(body)) + body

    def _taken(self, data):
        """Takes whole frames off the front."""
        while True:
            if self.framing == "lines":
                size, start = data.find(b"\n"), 0
                if size < 0:
                    return
                end = size + 1
            else:
                if len(data) < 4:
                    return
                start, size = 4, struct.unpack_from(">I", data)[0]
                end = 4 + size
                if len(data) < end:
                    return
            frame = json.loads(bytes(data[start:start + size]))
            del data[:end]
            yield frame

    def _accept(self, frame, sizes, answers):
        kind = frame["type"]
        if kind == "ready":
            assert self.ready is None, "a second ready"
            self.ready = frame
            return
        if kind not in ("ack", "nack", "result"):
            self.frames.append(frame)
            return
        assert self.ready is not None, "%s before ready" % kind
        for identifier in frame.get("ids") or [frame["id"]]:
            assert 1 <= identifier <= len(sizes), "%s for %r, which was never issued" % (kind, identifier)
            assert identifier not in answers, "a second verdict for %d: %r" % (identifier, frame)
            size = sizes[identifier - 1]
            if kind == "ack":
                answers[identifier] = [Verdict("ack")] * (size or 1)
            elif kind == "nack":
                answers[identifier] = [self._verdict(frame)] * (size or 1)
            else:
                assert size is not None, "a result for a message: %r" % frame
                verdicts = [Verdict("ack")] * size
                for entry in frame["failed"]:
                    assert 0 <= entry["index"] < size and verdicts[entry["index"]].action == "ack", "bad index: %r" % frame
                    verdicts[entry["index"]] = self._verdict(entry)
                answers[identifier] = verdicts

    @staticmethod
    def _verdict(members):
        return Verdict(members.get("action", "retry"), members.get("error"), members.get("delay_ms"))
