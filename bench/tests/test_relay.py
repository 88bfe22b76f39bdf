"""bench/relay.c, between a socket that plays the broker and one that plays the consumer."""
import os
import shutil
import socket
import struct
import subprocess
import tempfile
import unittest

from bench.driver.tools import SOURCES

STAMPS = [b"%020d" % number for number in (1_000_000_007, 2_000_000_011)]


@unittest.skipUnless(shutil.which("gcc"), "there is no gcc")
class Relay(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        program = os.path.join(self.folder.name, "relay")
        subprocess.run(["gcc", "-std=gnu17", "-Wall", "-Wextra", "-Werror", "-o", program,
                        os.path.join(SOURCES, "relay.c")], check=True)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(self.listener.close)
        self.stamps = os.path.join(self.folder.name, "stamps")
        self.relay = subprocess.Popen([program, "-b", f"localhost:{self.listener.getsockname()[1]}", "-o", self.stamps],
                                      stdout=subprocess.PIPE)
        self.addCleanup(self.end)
        self.port = int(self.relay.stdout.readline())
        self.client = self.connected()
        self.broker = self.accepted()

    def end(self):
        self.relay.terminate()
        self.relay.wait(10)
        self.relay.stdout.close()

    def connected(self):
        client = socket.create_connection(("127.0.0.1", self.port), 10)
        self.addCleanup(client.close)
        return client

    def accepted(self):
        self.listener.settimeout(10)
        broker = self.listener.accept()[0]
        broker.settimeout(10)
        self.addCleanup(broker.close)
        return broker

    def received(self, end, length):
        data = b""
        while len(data) < length:
            more = end.recv(length - len(data))
            self.assertTrue(more, f"the connection ended after {data!r}")
            data += more
        return data

    def passed(self, data):
        """What the client gets of what the broker sends."""
        self.broker.sendall(data)
        return self.received(self.client, len(data))

    def noted(self):
        self.end()
        with open(self.stamps, "rb") as file:
            return [stamp for stamp, _ in struct.iter_unpack("=qq", file.read())]

    def test_requests_pass_unchanged(self):
        self.client.sendall(b"\0\1request 127.0.0.1\0\0\x23\x28")
        self.assertEqual(self.received(self.broker, 23), b"\0\1request 127.0.0.1\0\0\x23\x28")

    def test_the_port_behind_the_host_becomes_the_relays_own_and_later_connections_go_to_the_port_that_was_there(self):
        real = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(real.close)
        port = struct.pack(">i", real.getsockname()[1])
        self.assertEqual(self.passed(b"a\x09127.0.0.1" + port + b"b"),
                         b"a\x09127.0.0.1" + struct.pack(">i", self.port) + b"b")
        self.listener = real
        self.connected()
        self.accepted()

    def test_each_stamp_is_noted_once_also_where_it_comes_in_pieces(self):
        first, second = (stamp + b"x" * 80 for stamp in STAMPS)
        self.assertEqual(self.passed(b"head" + first + b"tail"), b"head" + first + b"tail")
        for place in (7, 13, 30):
            # Each piece is passed on before the next one is sent: they are read one by one.
            piece, second = second[:place], second[place:]
            self.passed(piece)
        self.passed(second + b"end")
        self.assertEqual(self.noted(), [int(stamp) for stamp in STAMPS])

    def test_letters_without_a_stamp_are_not_noted(self):
        self.passed(b"12345" + b"x" * 100 + b"1234567890123456789a" + b"x" * 40)
        self.assertEqual(self.noted(), [])


if __name__ == "__main__":
    unittest.main()
