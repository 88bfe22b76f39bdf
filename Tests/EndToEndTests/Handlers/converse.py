"""Plays two sessions of ackpipe's, and rubbish, against an example: converse.py [--lines] [--fds] -- COMMAND

What `ackpipe check` does not look at: the rubbish, which no bridge writes, and what the examples of this repository print: "topic[partition]@offset: VALUE" on their stdout, which
they guard, the value as JSON or as "N bytes"; an empty value fails. Prints what is wrong and exits with 1.
"""
import argparse
import base64
import json
import os
import re
import select
import struct
import subprocess
import sys
import tempfile
import time

parser = argparse.ArgumentParser()
parser.add_argument("--lines", action="store_true")
parser.add_argument("--fds", action="store_true")
parser.add_argument("--framed-by-runtime", action="store_true", help="it cannot see lengths and ends of input")
parser.add_argument("--no-nul", action="store_true", help="its texts cannot hold U+0000")
parser.add_argument("command", nargs="+")
options = parser.parse_args()
BOUND = 60
wrong = []


def expect(true, text):
    if not true:
        wrong.append(text)
        print("wrong: " + text[:500], flush=True)


class Handler:
    def __init__(self, title):
        self.title, self.buffer = title, b""
        self.errors = tempfile.TemporaryFile()
        down, up = os.pipe(), os.pipe()
        environment = {k: v for k, v in os.environ.items() if not k.startswith("ACKPIPE_")}
        environment["ACKPIPE_FRAMING"] = "lines" if options.lines else "length"
        command, pass_fds = options.command, ()
        if options.fds:
            environment["ACKPIPE_PROTOCOL_FDS"] = "3,4"
            command = ["sh", "-c", 'exec 3<&%d 4>&%d </dev/null >&2; exec "$@"' % (down[0], up[1]), "sh"] + command
            pass_fds = (down[0], up[1])
        # A pipe for stderr, as under ackpipe: some languages open /dev/stderr once more.
        self.process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL if options.fds else down[0], stderr=subprocess.PIPE,
            stdout=subprocess.DEVNULL if options.fds else up[1], env=environment, pass_fds=pass_fds)
        self.logger = subprocess.Popen(["cat"], stdin=self.process.stderr, stdout=self.errors)
        self.process.stderr.close()
        os.close(down[0])
        os.close(up[1])
        self.source, self.target = up[0], down[1]

    def encode(self, frame):
        body = json.dumps(frame, ensure_ascii=False, separators=(",", ":")).encode()
        if options.lines:
            return body.replace(b"\xe2\x80\xa8", b"\\u2028") + b"\n"
        return struct.pack(">I", len(body)) + body

    def write(self, *frames):
        self.write_bytes(b"".join(self.encode(frame) for frame in frames))

    def write_bytes(self, data):
        while data:
            try:
                data = data[os.write(self.target, data):]
            except BrokenPipeError:
                return  # it is gone; the end tells why

    def read(self):
        """The next frame; None at the end of the output or when it takes too long."""
        end = time.monotonic() + BOUND
        while True:
            if options.lines and b"\n" in self.buffer:
                line, self.buffer = self.buffer.split(b"\n", 1)
                return json.loads(line)
            if not options.lines and len(self.buffer) >= 4:
                size = struct.unpack(">I", self.buffer[:4])[0]
                if size > 1 << 27:
                    expect(False, "%s: %r on the protocol's descriptor" % (self.title, self.buffer[:200]))
                    return None
                if len(self.buffer) >= 4 + size:
                    body, self.buffer = self.buffer[4:4 + size], self.buffer[4 + size:]
                    return json.loads(body)
            if not select.select([self.source], [], [], max(0, end - time.monotonic()))[0]:
                expect(False, self.title + ": no answer within %d s" % BOUND)
                return None
            part = os.read(self.source, 1 << 20)
            if not part:
                return None
            self.buffer += part

    def greet(self):
        self.write({"type": "hello", "protocol": 1, "protocol_min": 1, "bridge": "converse/1", "worker": 0, "service": "s",
                    "group": "g", "topics": ["t"], "mode": "message", "max_in_flight": 1000, "max_frame_bytes": 1 << 26,
                    "ack_timeout_ms": 300000, "max_extend_ms": 3600000, "ready_timeout_ms": 30000, "cancel_grace_ms": 5000,
                    "features": ["cancel", "ping", "session"], "session": "0" * 32, "x_new": {"list": [1, {"type": "ack"}]}})
        ready = self.read() or {}
        expect(ready.get("type") == "ready" and ready.get("protocol") == 1 and isinstance(ready.get("name"), str),
               "%s: answers hello with %r" % (self.title, ready))

    def end(self, code=0):
        """Closes our end; answers what it wrote to the log."""
        os.close(self.target)
        while self.read() is not None:
            expect(False, self.title + ": a frame that nobody asked for")
        os.close(self.source)
        try:
            status = self.process.wait(BOUND)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            status = "none: it does not end"
        self.logger.wait()
        self.errors.seek(0)
        log = self.errors.read().decode("utf-8", "replace")
        expect(status == code if code == 0 else status not in (0, None) and isinstance(status, int) and status > 0,
               "%s: exit code %s, its log: %s" % (self.title, status, log[-1000:]))
        return log


def record(offset, value="v", **members):
    form = {"value_base64": base64.b64encode(value).decode()} if isinstance(value, bytes) else {"value": value}
    return {"attempt": 1, "topic": "t", "partition": 0, "offset": offset, "timestamp": 1760000000000,
            "timestamp_type": "create", "key": None, **form, "headers": [], **members}


def printed(value):
    return "%d bytes" % len(value) if isinstance(value, bytes) else value


def lines_of(log):
    """What the handler printed: (topic, partition, offset, value)."""
    found = []
    for line in log.split("\n"):
        match = re.match(r"(.*)\[(\d+)\]@(\d+): (.*)$", line)
        if match:
            text = match.group(4)
            if not re.match(r"\d+ bytes$", text):
                try:
                    text = json.loads(text)
                except ValueError:
                    expect(False, "a line of %d characters is not JSON: %.100s...%s" % (len(line), line, line[-100:]))
            found.append((match.group(1), int(match.group(2)), int(match.group(3)), text))
    return found


VALUES = ["v", None, b"\xff\xfe\x00", "größe \u2028 5 € 😀 / \\ \"q\" \n\t\u0001\u007f", "null", "\u0000", "[1,{\"a\":\"}\"}]",
          "true", " ", "\\u0041\\", b"\x00\xff" * 50, "12345678901234567890", "ÿ" * 3000]


if options.no_nul:
    VALUES = [value for value in VALUES if not isinstance(value, str) or "\0" not in value]


def messages(title):
    """Records of all kinds in message mode, members in another order, unknown members and types."""
    handler = Handler(title)
    handler.greet()
    frames, expected = [], []
    for number, value in enumerate(VALUES):
        headers = [{"key": "id", "value": "7"}, {"key": "id", "value": None}, {"key_base64": "/g==", "value": "}]"}]
        one = record(number * 10 + 2 ** 40, value, headers=headers, key="\"id\":99")
        frame = {"type": "message", "id": number + 1, **one}
        if number % 2:
            frame = {"x_nested": {"id": 77, "messages": [[]], "type": "batch"}, **dict(reversed(list(frame.items())))}
        frames += [frame, {"type": "news", "id": 5, "deep": [[{"type": "message"}]]}]
        expected.append(("t", 0, number * 10 + 2 ** 40, printed(value)))
    frames.append({"type": "message", "id": len(VALUES) + 1, **record(1, "")})
    frames.append({"type": "message", "id": len(VALUES) + 2, **record(2, "", attempt=2, redelivered=True)})
    handler.write(*frames)
    answers = {}
    while len(answers) < len(VALUES) + 2:
        answer = handler.read()
        if answer is None:
            break
        for identifier in answer.get("ids", [answer.get("id")]):
            expect(identifier not in answers, "%s: %r answered twice" % (title, identifier))
            answers[identifier] = answer
    for number in range(len(VALUES)):
        expect(answers.get(number + 1, {}).get("type") == "ack", "%s: %r gets %r" % (title, VALUES[number], answers.get(number + 1)))
    for number in (len(VALUES) + 1, len(VALUES) + 2):
        answer = answers.get(number, {})
        expect(answer.get("type") == "nack" and "empty value" in answer.get("error", "") and
               answer.get("action", "retry") == "retry", "%s: an empty value gets %r" % (title, answer))
    handler.write({"type": "shutdown", "reason": "drain", "deadline_ms": 20000})
    found = lines_of(handler.end())
    expect(found == expected, "%s: printed %r, not %r" % (title, found, expected))


def batches():
    """Batches of 1, 3 and 1,000 records, shared members and own ones, an empty value in the middle."""
    title = "batches"
    handler = Handler(title)
    handler.greet()

    def bare(one, *names):
        return {name: member for name, member in one.items() if name not in names}

    shared = {"topic": "t", "partition": 0, "attempt": 1, "timestamp_type": "create"}
    expected = []

    def answer_to(frame):
        handler.write(frame)
        return handler.read() or {}

    first = {"type": "batch", "id": 1, **shared, "messages": [bare(record(5, "a"), *shared)]}
    answer = answer_to(first)
    expect(answer.get("type") in ("ack", "result") and not answer.get("failed"), "%s: %r" % (title, answer))
    expected.append(("t", 0, 5, "a"))
    own = [record(6, "b", topic="ü", partition=7), record(7, None, topic="other", partition=1), record(8, b"\xff")]
    answer = answer_to({"type": "batch", "id": 2, "messages": own})
    expect(answer.get("type") in ("ack", "result") and not answer.get("failed"), "%s: %r" % (title, answer))
    expected += [("ü", 7, 6, "b"), ("other", 1, 7, None), ("t", 0, 8, "1 bytes")]
    mixed = [bare(record(9, "c"), *shared), record(10, "d", topic="u", partition=3), bare(record(11, "e"), "topic")]
    answer = answer_to({"messages": mixed, **shared, "id": 3, "type": "batch"})
    expect(answer.get("type") in ("ack", "result") and not answer.get("failed"), "%s: %r" % (title, answer))
    expected += [("t", 0, 9, "c"), ("u", 3, 10, "d"), ("t", 0, 11, "e")]
    many = [bare(record(20 + n, "n%d" % n if n != 600 else ""), *shared) for n in range(1000)]
    answer = answer_to({"type": "batch", "id": 4, **shared, "messages": many})
    failed = answer.get("failed") or []
    expect(answer.get("type") == "result" and answer.get("id") == 4 and len(failed) == 400 and failed[0].get("index") == 600 and
           "empty value" in failed[0].get("error", "") and failed[0].get("action", "retry") == "retry" and
           [entry.get("index") for entry in failed] == list(range(600, 1000)) and
           all(entry.get("action") == "release" for entry in failed[1:]), "%s: 1,000 give %.300r" % (title, answer))
    expected += [("t", 0, 20 + n, "n%d" % n) for n in range(600)]
    found = lines_of(handler.end())
    expect(found == expected, "%s: printed %.1000r, not %.1000r" % (title, found, expected))


def rubbish(title, data, cut=False):
    """A frame that is none: a message and an exit code other than 0."""
    handler = Handler(title)
    handler.greet()
    handler.write_bytes(data)
    log = handler.end(code=1)
    expect("frame" in log, "%s: the log does not speak of a frame: %r" % (title, log[-500:]))


messages("messages")
batches()
if options.lines:
    rubbish("not JSON", b"{\"type\":\"message\",\n")
else:
    rubbish("not JSON", struct.pack(">I", 19) + b"{\"type\":\"message\",,")
    rubbish("length 0", b"\0\0\0\0" * 4)
    if not options.framed_by_runtime:
        rubbish("text for a length", b"Traceback (most recent call last)")
        rubbish("cut off", struct.pack(">I", 100) + b"{\"type\":\"mess")
sys.exit(1 if wrong else 0)
