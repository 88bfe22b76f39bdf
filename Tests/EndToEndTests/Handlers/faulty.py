"""A handler that breaks one rule of the protocol, for the tests of `ackpipe check`: faulty.py FAULT.

A fault's name begins with the rule's number: "F2-little-endian". "none" is a handler without a fault, "none-features" one that
chose all features. Records with an empty value fail.
"""
import json
import os
import struct
import sys
import threading
import time

FAULT = sys.argv[1]
LINES = os.environ.get("ACKPIPE_FRAMING") == "lines"
if "ACKPIPE_PROTOCOL_FDS" in os.environ:
    source, target = (int(number) for number in os.environ["ACKPIPE_PROTOCOL_FDS"].split(","))
else:
    source, target = os.dup(0), os.dup(1)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)
os.set_inheritable(source, False)
os.set_inheritable(target, FAULT == "L9")
buffered, lock, unread, session = b"", threading.Lock(), b"", None


def fault(name):
    return FAULT == name


def write(data):
    global buffered
    if fault("F6-unflushed"):
        buffered += data
        return
    while data:
        try:
            data = data[os.write(target, data):]
        except BlockingIOError:
            return  # only F6-nonblocking gets here, and forgets the rest


def encode(frame):
    body = json.dumps(frame, ensure_ascii=False, indent=1 if fault("F9-pretty") else None)
    body = body.encode("latin-1" if fault("J1-latin") else "utf-8")
    if fault("J2"):
        body = body[:-1] + b',"type":"ack"}'
    return envelop(body, len(body.decode("utf-8")) if fault("F1-characters") else len(body))


def envelop(body, length):
    if LINES:
        return body + b"\n"
    return struct.pack("<I" if fault("F2-little-endian") else ">I", length) + body


def send(frame):
    if session is not None and not (fault("H7-forgets") and frame["type"] != "ready"):
        frame["session"] = session
    with lock:
        write(encode(frame))


def read(count):
    """Exactly so many bytes; fewer at the end of the input."""
    global unread
    while len(unread) < count:
        part = os.read(source, 1 << 20 if not fault("F4") else count)
        if not part:
            break
        unread += part
        if fault("F4"):
            break  # takes for granted that a read brings all
    part, unread = unread[:count], unread[count:]
    return part


def receive():
    global unread
    if LINES:
        while b"\n" not in unread:
            part = os.read(source, 1 << 20)
            if not part:
                line, unread = unread, b""
                return json.loads(line) if line and fault("F8") else None
            unread += part
        line, unread = unread.split(b"\n", 1)
        return parse(line)
    header = read(4)
    if not header or len(header) < 4 and not fault("F4"):
        return None
    length = struct.unpack(">I", header)[0]
    if fault("F2-reader") and length > 1 << 20:
        sys.exit("too large for me")
    body = read(length)
    if len(body) < length and not fault("F4") and not fault("F8"):
        return None
    return parse(body)


def parse(body):
    frame = json.loads(body)
    if fault("J1-reader") and b"\\u0000" in body:
        sys.exit("what is a NUL?")
    if fault("J5-crash") and "future" in frame:
        sys.exit("unknown member")
    if fault("J11") and not body.startswith(b'{"type"'):
        sys.exit("no type")
    if fault("J13") and "value_json" in frame:
        sys.exit("no value")
    return frame


def start(seconds):
    os.posix_spawnp("sleep", ["sleep", seconds], os.environ)


class Failure(Exception):
    pass


def handle(record):
    if record.get("value") == "":
        raise Failure("empty value")
    if fault("J5-nack") and "future" in record:
        raise Failure("unknown member")
    if fault("J7-crash") and record.get("key", "") is None:
        sys.exit("no key")
    if fault("J7-nack") and "redelivered" in record and record["redelivered"] is not True:
        raise Failure("redelivered is no boolean")
    if fault("J10-word") and record["timestamp_type"] not in ("create", "append", "none"):
        raise Failure("unknown timestamp_type")
    if fault("J12") and "value_base64" in record:
        sys.exit("no value")
    if fault("S1"):
        with lock:
            write((record.get("value") or "").encode() + b"\n")
    if fault("F5-print"):
        with lock:
            write(b"handled a record\n")
    if fault("L9"):
        start("0.3")
    if fault("none-program"):
        start("0.05")
    if fault("L8"):
        time.sleep(0.03)


def verdict_on(frame):
    """The verdict that a handler without a fault gives."""
    identifier = frame["id"]
    if frame["type"] == "message":
        try:
            handle(frame)
        except Failure as failure:
            return {"type": "nack", "id": identifier, "error": str(failure), "action": "retry"}
        return {"type": "ack", "id": identifier}
    shared = {name: frame[name] for name in ("topic", "partition", "attempt", "timestamp_type") if name in frame}
    failed = []
    for index, record in enumerate(frame["messages"]):
        try:
            if fault("B3") and "topic" not in record:
                raise Failure("no topic")
            handle({**shared, **record})
        except Failure as failure:
            failed.append({"index": index, "error": str(failure)})
            if not fault("B5"):
                failed += [{"index": later, "action": "release"} for later in range(index + 1, len(frame["messages"]))]
                break
    if fault("B7") and len(frame["messages"]) == 1:
        return {"type": "nack", "id": identifier, "error": "that is no batch"}
    return {"type": "result", "id": identifier, "failed": failed}


held = []


def answer(frame):
    verdict, identifier = verdict_on(frame), frame["id"]
    broken = {
        "J1-array": [verdict], "J4": {**verdict, "type": "Ack"}, "J6": {**verdict, "idd": 1},
        "J8": {**verdict, "id": identifier + 0.5}, "J9": {**verdict, "id": str(identifier)},
        "J14": {"type": "nack", "id": identifier, "action": "again"},
        "V3": {**verdict, "id": identifier + 1000}, "V4": {"type": "ack", "id": identifier, "ids": [identifier]},
        "V5": {"type": "ack", "ids": [identifier], "produce": [{"topic": "t", "value": "v"}]},
        "V6": {"type": "result", "id": identifier, "failed": []},
        "B1": {"type": "result", "id": identifier},
        "B2-beyond": {"type": "result", "id": identifier, "failed": [{"index": len(frame.get("messages", []))}]},
        "B2-twice": {"type": "result", "id": identifier, "failed": [{"index": 0}, {"index": 0}]},
        "F9-raw": {"type": "nack", "id": identifier, "error": "a\u2028b"},
        "F1-characters": {"type": "nack", "id": identifier, "error": "größe"},
        "J1-latin": {"type": "nack", "id": identifier, "error": "größe"},
    }.get(FAULT, verdict)
    if fault("J1-array"):
        return write(envelop(json.dumps(broken).encode(), len(json.dumps(broken))))
    if fault("J3"):
        nested = {}
        for _ in range(70):
            nested = {"a": nested}
        send({"type": "log", "level": "info", "message": "deep", "fields": nested})
    if fault("F10"):
        send({"type": "log", "level": "info", "message": "x" * 100_000})
    if fault("F7"):
        write(b'{"type"' if LINES else struct.pack(">I", 21) + b'{"type"')
        time.sleep(60)
    if fault("F6-mixed"):
        one, other = encode(verdict), encode({"type": "log", "level": "info", "message": "from another thread"})
        return write(one[:12] + other + one[12:])
    if fault("F1-too-long"):
        body = json.dumps(verdict).encode()
        return write(envelop(body, len(body) + 4))
    if fault("F2-zero"):
        write(bytes(4))
    if fault("V1-never") and identifier == 3:
        return
    if fault("V11"):
        held.append(broken)
        if len(held) == 2:
            send(held.pop(0))
            send(held.pop(0))
        return
    send(broken)
    if fault("V1-twice"):
        send(broken)


def greet(hello):
    global session
    ready = {"type": "ready", "protocol": 1, "name": "faulty " + FAULT}
    if fault("H2"):
        send({"type": "resume"})
    if fault("H4-other"):
        ready["protocol"] = 2
    if fault("H4-echo"):
        ready["protocol"] = hello["protocol"]
    if fault("H5-unoffered"):
        ready["features"] = ["turbo"]
    if fault("H5-echo"):
        ready["features"] = [feature for feature in hello["features"] if feature != "session"]
    if FAULT in ("none-features", "V10", "L4-never", "L4-nonce", "L8"):
        ready["features"] = ["cancel", "ping"]
    if fault("H7-other"):
        ready["session"] = "0" * 32
    if FAULT in ("H7-forgets", "none-features"):
        session = hello["session"]
    if fault("H9"):
        send({"type": "init_error", "error": "no database"})
        send({"type": "log", "level": "info", "message": "and another thing"})
    if fault("none-init-error"):
        return send({"type": "init_error", "error": "no database"})
    if fault("H6-never"):
        return
    if fault("H6-exit"):
        sys.exit(3)
    send(ready)
    if fault("H3"):
        send(ready)


work, pending, cancelled = [], threading.Semaphore(0), set()


def hand_over(frame):
    work.append(frame)
    pending.release()


def worker():
    """Works on deliveries behind the reader's back, so that cancel and ping are read in time."""
    while True:
        pending.acquire()
        frame = work.pop(0)
        if frame is None:
            return
        time.sleep(0.002)
        if frame["id"] not in cancelled:
            answer(frame)
        elif not fault("V10"):
            send({"type": "nack", "id": frame["id"], "action": "release"})


def main():
    if fault("F5-banner"):
        write(b"Faulty handler 1.0 starts\n")
    if fault("F6-nonblocking"):
        os.set_blocking(target, False)
    concurrent = FAULT in ("none-features", "V10", "L2", "L4-never", "L4-nonce")
    thread = threading.Thread(target=worker, daemon=True)
    if concurrent:
        thread.start()
    while (frame := receive()) is not None:
        kind = frame["type"]
        if kind == "hello":
            greet(frame)
        elif kind in ("message", "batch"):
            hand_over(frame) if concurrent else answer(frame)
        elif kind == "cancel":
            cancelled.update(frame["ids"])
        elif kind == "ping":
            if not fault("L4-never"):
                send({"type": "pong", "nonce": "7" if fault("L4-nonce") else frame["nonce"]})
        elif kind == "shutdown":
            if fault("L2"):
                os._exit(0)
        elif fault("J10-crash"):
            sys.exit("unknown type " + kind)
    if concurrent:
        hand_over(None)
        thread.join()
    os.write(target, buffered)
    if fault("L1-stays"):
        time.sleep(60)
    sys.exit(1 if fault("L1-code") else 0)


main()
