"""A handler in production shape: reads into one buffer, answers together, flushes when nothing more is buffered.

handler.py [--json json|orjson] [--work length|member] [--report FOLDER] [--latency]

The work is the sum of the lengths of the values, or (member) of the member "n" of each JSON value. At end of file it
writes its report into FOLDER.
"""
import argparse
import os
import struct
import time

parser = argparse.ArgumentParser()
parser.add_argument("--json", choices=["json", "orjson"], default="json")
parser.add_argument("--work", choices=["length", "member"], default="length")
parser.add_argument("--report", default=None)
parser.add_argument("--latency", action="store_true")
options = parser.parse_args()

if options.json == "orjson":
    from orjson import loads as parse
else:
    from json import loads

    def parse(view):
        return loads(str(view, "utf-8"))

count = work = first = last = 0
latencies = []


def handle_lengths(records):
    total = 0
    for record in records:
        value = record.get("value")
        if value is None:
            value = record.get("value_base64")
            total += len(value) // 4 * 3 if value is not None else 0
        else:
            total += len(value)
    return total


def handle_members(records):
    total = 0
    for record in records:
        total += record["value_json"]["n"]
    return total


def handle_stamps(records):
    now = time.monotonic_ns()
    for record in records:
        stamp = int(record["value"][:20])
        latencies.append((stamp, now - stamp))
    return len(records)


handle = handle_stamps if options.latency else handle_members if options.work == "member" else handle_lengths
prefix = struct.Struct(">I")


def framed(text):
    body = text.encode()
    return prefix.pack(len(body)) + body


def serve():
    global count, work, first, last
    buffer = bytearray(1 << 20)
    view = memoryview(buffer)
    used = 0
    while got := os.readv(0, [view[used:]]):
        used += got
        at = 0
        need = 4
        answers = []
        while used - at >= 4:
            need = 4 + prefix.unpack_from(buffer, at)[0]
            if used - at < need:
                break
            frame = parse(view[at + 4:at + need])
            at += need
            need = 4
            kind = frame["type"]
            if kind == "hello":
                answers.append(framed('{"type":"ready","protocol":1,"name":"bench-python"}'))
                continue
            if kind == "batch":
                records = frame["messages"]
            elif kind == "message":
                records = (frame,)
            else:
                continue
            if first == 0:
                first = time.monotonic_ns()
                if options.report:  # tells the driver that records arrive
                    open(f"{options.report}/{os.getpid()}.first", "w").close()
            work += handle(records)
            count += len(records)
            answers.append(framed('{"type":"ack","id":%d}' % frame["id"]))
        if answers:
            last = time.monotonic_ns()
            data = b"".join(answers)
            while data:
                data = data[os.write(1, data):]
        if at:
            view[:used - at] = view[at:used]
            used -= at
        if need > len(buffer):
            grown = bytearray(need)
            grown[:used] = view[:used]
            view.release()
            buffer, view = grown, memoryview(grown)


serve()
if options.report:
    with open(f"{options.report}/{os.getpid()}.json", "w") as file:
        file.write('{"count":%d,"work":%d,"first_ns":%d,"last_ns":%d}\n' % (count, work, first, last))
    if latencies:
        with open(f"{options.report}/{os.getpid()}.latencies", "wb") as file:
            for pair in latencies:
                file.write(struct.pack("=qq", *pair))
