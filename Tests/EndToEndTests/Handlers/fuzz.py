"""Feeds random and mutated frames to the bridge, from a seed, until they are enough; then acknowledges everything.

A chunk of frames is written in one go: most of them break no rule, some are mutated. Then the delivery in hand is released:
that it comes again proves that every frame of the chunk was decoded and the process lived through it. What is written
never settles the delivery in hand: a mutant that might by chance is thrown away, so that whatever is committed while
this runs is the bridge's own doing. Imports nothing large: hundreds of these are started.
"""
import os
import re
import sys
import time

SEED, WANTED, STATE = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
NUMBER = re.compile(rb"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")


def count(name, amount):
    """Adds to a counter that all processes share, and returns its new value."""
    file = os.open(STATE + "." + name, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    os.write(file, b"." * amount)
    size = os.fstat(file).st_size
    os.close(file)
    return size


life = count("lives", 1)
state = (SEED * 0x9E3779B97F4A7C15 + life * 0xD1342543DE82EF95) & (2**64 - 1) or 1


def below(limit):
    """xorshift64*."""
    global state
    state ^= state >> 12
    state = (state ^ state << 25) & (2**64 - 1)
    state ^= state >> 27
    return (((state * 0x2545F4914F6CDD1D) & (2**64 - 1)) >> 11) % limit


def pick(choices):
    return choices[below(len(choices))]


def receive():
    header = sys.stdin.buffer.read(4)
    if len(header) < 4:
        sys.exit(0)
    return sys.stdin.buffer.read(int.from_bytes(header, "big"))


def send(data):
    while data:
        data = data[os.write(1, data):]


def framed(body):
    return len(body).to_bytes(4, "big") + body


def text():
    return pick([b"", b"a", b"\\u00e9\\n", "語🎈".encode(), b"\\ud800", b"\\\"" * below(50), b"x" * below(5000)])


def harmless(answered):
    """A frame that breaks no rule and settles nothing: what `answered` names has its verdict."""
    old = b"%d" % answered
    return pick([
        lambda: b'{"type":"log","level":"debug","message":"%s","fields":{"a":"%s","worker":"1"}}' % (text(), text()),
        lambda: b'{"type":"metric","name":"m_%d","kind":"counter","value":%d}' % (below(2000), below(9)),
        lambda: b'{"type":"metric","name":"g","kind":"gauge","value":-1.5e300,"labels":{"l":"%s"}}' % text()[:50],
        lambda: b'{"type":"pong","nonce":"%s"}' % text()[:100],
        lambda: b'{"id":%s,"type":"ack"}' % old,
        lambda: b'{"type":"ack","ids":[%s,%s.0],"x_note":[{"a":[]}]}' % (old, old),
        lambda: b'{"type":"nack","id":%se0,"error":"%s","action":"skip","delay_ms":%d}' % (old, text(), below(9)),
        lambda: b' {"type" : "extend", "id" : %s , "ms" : 9007199254740991 }\r\n' % old,
        lambda: b'{"type":"resume","anything":%s}' % (b"[" * 20 + b"]" * 20),
        lambda: b'{"type":"pause","ms":0}',
    ])()


def mutated(frame):
    """The frame, with its length, changed in one to three places."""
    data = bytearray(framed(frame))
    for _ in range(1 + below(3)):
        place = below(len(data) + 1)
        kind = below(6)
        if kind == 0 and place < len(data): data[place] = below(256)
        elif kind == 1 and place < len(data): data[place] ^= 1 << below(8)
        elif kind == 2: data[place:place] = bytes(below(256) for _ in range(1 + below(8)))
        elif kind == 3: del data[place:place + 1 + below(8)]
        elif kind == 4: data[place:place] = pick([b"{", b"}", b"]", b'"', b"\\", b"null", b"1e999", b"\0", b"\xff"])
        else: data[place:place] = data[:below(len(data)) + 1]
    return bytes(data)


def hostile(answered, current):
    """Bytes that may break any rule, and cannot settle `current`."""
    while True:
        if below(4) == 0:
            data = bytes(below(256) for _ in range(1 + below(64)))
            if below(2): data = framed(data)
        else:
            templates = [
                b'{"type":"ack","id":%d}', b'{"type":"nack","id":%d,"error":"e"}', b'{"type":"ack","through":%d}',
                b'{"type":"result","id":%d,"failed":[{"index":0}]}', b'{"type":"extend","id":%d,"ms":5}',
                b'{"type":"ready","protocol":1,"name":"n","max_in_flight":%d}', b'{"type":"init_error","error":"%d"}',
            ]
            frame = harmless(answered) if below(2) else pick(templates) % pick([answered, 0, -1, 2**53, 10**30])
            data = mutated(frame)
        if all(float(number) != current for number in NUMBER.findall(data)):
            return data


def identifier(frame):
    return int(re.search(rb'"id":(\d+)', frame).group(1))


def behave(frame):
    """Acknowledges everything, as soon as the test says that it has looked at what is committed."""
    while not os.path.exists(STATE + ".go"):
        time.sleep(0.05)
    while True:
        send(framed(b'{"type":"ack","id":%d}' % identifier(frame)))
        frame = receive()


receive()
send(framed(b'{"type":"ready","protocol":1,"name":"fuzz","max_in_flight":1}'))
frame = receive()
if os.path.exists(STATE + ".done"):
    behave(frame)
while True:
    current = identifier(frame)
    # The first delivery has none before it: it is released at once.
    frames = 0
    if current > 1:
        chunk = []
        for _ in range(200):
            if below(400) == 0:
                chunk.append(hostile(current - 1, current))
                count("mutants", 1)
            else:
                chunk.append(framed(harmless(current - 1)))
        frames = len(chunk)
        send(b"".join(chunk))
    # A mutant may have paused the worker.
    send(framed(b'{"type":"resume"}'))
    send(framed(b'{"type":"nack","id":%d,"action":"release","delay_ms":0}' % current))
    frame = receive()
    if frames and count("confirmed", frames) >= WANTED:
        open(STATE + ".done", "w").close()
        behave(frame)
