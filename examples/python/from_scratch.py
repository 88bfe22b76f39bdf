"""A handler for ackpipe without any module: ackpipe run -b BROKERS -t TOPIC -g GROUP -- python3 from_scratch.py"""
import base64, json, os, sys

# Keep the protocol's descriptors private: a print(), ours or a library's, then goes to ackpipe's log.
fd_in, fd_out = (int(fd) for fd in os.environ.get("ACKPIPE_PROTOCOL_FDS", "0,1").split(","))
frames_in = os.fdopen(os.dup(fd_in), "rb", 1 << 20)  # os.dup makes the copy close-on-exec
frames_out = os.fdopen(os.dup(fd_out), "wb")
os.dup2(os.open(os.devnull, os.O_RDONLY), fd_in)
os.dup2(2, fd_out)
sys.stdout.reconfigure(line_buffering=True)


def handle(record):
    """Your code here. Return when the record is done; raise, and it is delivered again."""
    if record.get("value") == "":
        raise ValueError("empty value")
    binary = record.get("value_base64")
    text = json.dumps(record["value"]) if binary is None else f"{len(base64.b64decode(binary))} bytes"
    print(f"{record['topic']}[{record['partition']}]@{record['offset']}: {text}")


def attempt(frame):  # one delivery, one verdict
    records = frame.get("messages", [frame])
    for index, record in enumerate(records):
        try:
            handle({**frame, **record})  # a batch says once what its records share
        except Exception as error:
            failure = {"error": f"{type(error).__name__}: {error}"}
            if frame["type"] == "message":
                return {"type": "nack", "id": frame["id"], **failure}
            untried = [{"index": later, "action": "release"} for later in range(index + 1, len(records))]
            return {"type": "result", "id": frame["id"], "failed": [{"index": index, **failure}, *untried]}
    return {"type": "ack", "id": frame["id"]}


def send(frame):
    body = json.dumps(frame).encode()
    frames_out.write(len(body).to_bytes(4, "big") + body)
    frames_out.flush()


def read_frame():  # None at end of file
    header = frames_in.read(4)
    if not header:
        return None
    size = int.from_bytes(header, "big")
    if len(header) < 4 or not 0 < size < 1 << 27:
        sys.exit(f"bad frame: {header!r} is no frame's length")
    body = frames_in.read(size)
    if len(body) < size:
        sys.exit("bad frame: the input ended within it")
    try:
        return json.loads(body)
    except ValueError as error:
        sys.exit(f"bad frame: {error}")


while (frame := read_frame()) is not None:
    if frame["type"] == "hello":
        send({"type": "ready", "protocol": 1, "name": "python-example/1.0"})
    elif frame["type"] in ("message", "batch"):  # any other type is ignored, shutdown too
        send(attempt(frame))
