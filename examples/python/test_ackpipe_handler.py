"""python3 -m unittest test_ackpipe_handler, in this folder."""
import io
import json
import os
import struct
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from contextlib import redirect_stderr

import ackpipe_handler as ackpipe
from fake_bridge import FakeBridge, Verdict, record

HERE = os.path.dirname(os.path.abspath(__file__))
HELLO = FakeBridge(None).hello


def fail_on_x(one):
    if one["value"] == "x":
        raise ackpipe.Retry("no x", delay=1.5)


class Verdicts(unittest.TestCase):
    def test_returning_is_an_ack_and_the_kinds_of_failure_are_told_apart(self):
        failures = {"retry": ackpipe.Retry("again", delay=2), "reject": ackpipe.Reject("bad"), "skip": ackpipe.Skip(),
                    "release": ackpipe.Release(delay=0.25)}

        def handle(one):
            if one["value"] != "fine":
                raise failures[one["value"]]

        self.assertEqual(
            FakeBridge(handle).run(*map(record, ["fine", "retry", "reject", "skip", "release"])),
            [Verdict("ack"), Verdict("retry", "again", 2000), Verdict("reject", "bad"), Verdict("skip"),
             Verdict("release", None, 250)])

    def test_any_other_exception_is_a_retry_and_its_traceback_is_logged(self):
        log = io.StringIO()
        with redirect_stderr(log):
            verdicts = FakeBridge(lambda one: {}["absent \udcff"]).run(record("v"))
        self.assertEqual(verdicts[0].action, "retry")
        self.assertIn("KeyError", verdicts[0].error)
        self.assertIn("Traceback", log.getvalue())

    def test_a_batch_stops_at_the_first_record_to_come_again_and_releases_those_behind(self):
        for framing in ("length", "lines"):
            seen = []

            def handle(one):
                seen.append(one["offset"])
                if one["value"] == "skip":
                    raise ackpipe.Skip("old")
                fail_on_x(one)

            verdicts = FakeBridge(handle, framing=framing).run(
                *map(record, ["a", "skip", "x", "b", "c", "d"]), batch=5)
            self.assertEqual([verdict.action for verdict in verdicts], ["ack", "skip", "retry", "release", "release", "ack"])
            self.assertEqual(seen, [0, 1, 2, 5])

    def test_records_inherit_from_their_batch_what_they_lack(self):
        batch = ackpipe.Batch({"type": "batch", "id": 1, "topic": "t", "partition": 3, "attempt": 2,
                               "timestamp_type": "create", "redelivered": True,
                               "messages": [{"offset": 1, "value": "a"}, {"offset": 2, "value": "b", "topic": "own"}]})
        self.assertEqual([one["topic"] for one in batch], ["t", "own"])
        self.assertEqual(batch[1], {"topic": "own", "partition": 3, "attempt": 2, "timestamp_type": "create", "offset": 2,
                                    "value": "b"})
        self.assertEqual(len(batch), 2)

    def test_a_batch_handler_names_what_failed(self):
        def handle(batch):
            values = [message["value"] for message in batch.messages]
            if "boom" in values:
                raise ackpipe.Reject("all of it")
            if "x" in values:
                batch.fail_from(values.index("x"), "no x")
            for index, value in enumerate(values):
                if value == "y":
                    batch.fail(index, ackpipe.Skip("no y"))

        bridge = FakeBridge(handle, batches=True)
        self.assertEqual(bridge.run(*map(record, "abycxd"), batch=6),
                         [Verdict("ack"), Verdict("ack"), Verdict("skip", "no y"), Verdict("ack"), Verdict("retry", "no x"),
                          Verdict("release")])
        self.assertEqual(FakeBridge(handle, batches=True).run(*map(record, ["a", "boom"]), batch=2),
                         [Verdict("reject", "all of it")] * 2)
        self.assertEqual([verdict.action for verdict in FakeBridge(handle, batches=True).run(record("a"), record("x"))],
                         ["ack", "retry"])

    def test_a_batch_has_no_record_beyond_its_end(self):
        batch = ackpipe.Batch({"type": "batch", "id": 1, "messages": [{"offset": 1}]})
        with self.assertRaises(IndexError):
            batch.fail(1, "x")
        batch.fail(-1, "x")
        self.assertEqual(list(batch.failed), [0])

    def test_bytes_of_values_and_keys(self):
        self.assertEqual(ackpipe.value_of(record("ü")), "ü".encode())
        self.assertEqual(ackpipe.value_of(record(b"\xff\x00")), b"\xff\x00")
        self.assertIsNone(ackpipe.value_of(record(None)))
        self.assertEqual(ackpipe.key_of(record("", key="")), b"")
        with self.assertRaises(TypeError):
            ackpipe.value_of({"value_json": {}})


class Concurrency(unittest.TestCase):
    def test_as_many_deliveries_run_at_a_time_as_were_asked_for(self):
        together = threading.Barrier(4, timeout=30)
        verdicts = FakeBridge(lambda one: together.wait() and None, concurrency=4).run(*[record("v")] * 8)
        self.assertEqual([verdict.action for verdict in verdicts], ["ack"] * 8)

    def test_ready_tells_concurrency_and_chooses_only_what_is_offered(self):
        bridge = FakeBridge(lambda one: None, concurrency=3, hello={"features": ["session", "ping"]})
        bridge.run(record("v"))
        self.assertEqual((bridge.ready["concurrency"], bridge.ready["features"]), (3, ["ping"]))
        serial = FakeBridge(lambda one: None)
        serial.run(record("v"))
        self.assertNotIn("features", serial.ready)

    def test_a_cancelled_delivery_notices_and_one_that_did_not_begin_never_does(self):
        begun = []

        def handle(one):
            begun.append(one["offset"])
            while True:
                ackpipe.delivery().check()
                time.sleep(0.001)

        verdicts = FakeBridge(handle, cancellable=True).run(record("a"), record("b"), cancel=[0, 1])
        self.assertEqual([verdict.action for verdict in verdicts], ["release", "release"])
        self.assertLessEqual(set(begun), {0, 1})

    def test_pings_are_answered_while_work_goes_on(self):
        bridge = FakeBridge(lambda one: answered.wait(30), cancellable=True)
        answered = threading.Event()
        accept = bridge._accept

        def watch(frame, *more):
            if frame["type"] == "pong":
                answered.set()
            accept(frame, *more)

        bridge._accept = watch
        bridge._play([bridge.hello, {"type": "message", "id": 1, **record("v", offset=1)}, {"type": "ping", "nonce": "n"}], [None])
        self.assertIn({"type": "pong", "nonce": "n"}, bridge.frames)

    def test_answers_do_not_wait_for_the_handler_that_is_at_the_next_record(self):
        source, down = os.pipe()
        up, target = os.pipe()
        go_on = threading.Event()

        def handle(one):
            if one["value"] == "slow":
                go_on.wait(30)

        session = ackpipe.Session(handle, lambda view: os.readv(source, [view]), lambda data: os.write(target, data))
        thread = threading.Thread(target=session.run)
        thread.start()
        fake = FakeBridge(None)
        os.write(down, b"".join(map(fake._encoded, [
            HELLO, {"type": "message", "id": 1, **record("quick", offset=1)}, {"type": "message", "id": 2, **record("slow", offset=2)}])))
        arrived, frames = bytearray(), []
        while {"type": "ack", "id": 1} not in frames:  # else it never comes, and the join below fails
            arrived.extend(os.read(up, 65536))
            frames += fake._taken(arrived)
        go_on.set()
        os.close(down)
        thread.join(30)
        self.assertFalse(thread.is_alive())
        for descriptor in (source, up, target):
            os.close(descriptor)


class Frames(unittest.TestCase):
    def test_extend_pause_resume_log_and_metric(self):
        def handle(one):
            self.assertTrue(299 < ackpipe.delivery().remaining() <= 300)
            ackpipe.delivery().extend(600)
            self.assertTrue(599 < ackpipe.delivery().remaining() <= 600)
            ackpipe.pause(1.5)
            ackpipe.resume()
            ackpipe.log("warn", "slow", table="orders")
            ackpipe.metric("orders_total", 1, country="de")

        bridge = FakeBridge(handle)
        bridge.run(record("v"))
        self.assertEqual(bridge.frames, [
            {"type": "extend", "id": 1, "ms": 600000}, {"type": "pause", "ms": 1500}, {"type": "resume"},
            {"type": "log", "level": "warn", "message": "slow", "fields": {"table": "orders"}},
            {"type": "metric", "name": "orders_total", "kind": "counter", "value": 1, "labels": {"country": "de"}}])

    def test_a_failing_setup_is_an_init_error(self):
        def setup():
            raise ackpipe.Retry("database is down")

        bridge = FakeBridge(lambda one: None, setup=setup)
        self.assertEqual(bridge.run(record("v")), [])
        self.assertEqual(bridge.frames, [{"type": "init_error", "error": "database is down"}])

    def test_many_acks_are_one_frame_in_one_write(self):
        writes = []
        frames = b"".join(map(FakeBridge(None)._encoded, [HELLO] + [
            {"type": "message", "id": n, **record("v", offset=n)} for n in range(1, 51)]))
        inputs = io.BytesIO(frames)
        started = time.monotonic()
        ackpipe.Session(lambda one: None, inputs.readinto, writes.append).run()
        if time.monotonic() - started < ackpipe.FLUSH_SECONDS:  # else some went ahead
            self.assertEqual(len(writes), 2)
        acknowledged = []
        for write in writes[1:]:
            frame = json.loads(write[4:])
            acknowledged += frame.get("ids") or [frame["id"]]
        self.assertEqual(acknowledged, list(range(1, 51)))

    def test_frames_in_pieces_of_any_size_and_larger_than_the_buffer(self):
        for framing in ("length", "lines"):
            fake = FakeBridge(None, framing=framing)
            values = ["v" * size for size in (0, 1, ackpipe.READ_SIZE - 300, ackpipe.READ_SIZE, 5 * ackpipe.READ_SIZE + 1, 7)]
            data = b"".join(map(fake._encoded, [HELLO] + [
                {"type": "message", "id": n + 1, **record(value, offset=n)} for n, value in enumerate(values)]))
            for step in (ackpipe.READ_SIZE, 65536, 4093):
                inputs, seen = io.BytesIO(data), []
                read = lambda view: inputs.readinto(view[:step])
                ackpipe.Session(lambda one: seen.append(one["value"]), read, lambda data: None, framing=framing).run()
                self.assertEqual([len(value) for value in seen], [len(value) for value in values], (framing, step))

    def test_what_is_no_frame_is_refused(self):
        hello = FakeBridge(None)._encoded(HELLO)
        for data in (b"Trac", b"\0\0\0\0", struct.pack(">I", 1 << 27), b"\0\0\0\2[]", b"\0\0\0\2{}", b"\0\0\0\2{,", b"\0\0\0\3a", b"\0\0",
                     b"\0\0\0\1\xff"):
            inputs = io.BytesIO(hello + data)
            with self.assertRaises(ackpipe.BadFrame, msg=repr(data)):
                ackpipe.Session(lambda one: None, inputs.readinto, lambda data: None).run()


class Process(unittest.TestCase):
    def start(self, text, frames, ends=True):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "handler.py")
            with open(path, "w") as file:
                file.write(text)
            environment = {**os.environ, "PYTHONPATH": HERE, "ACKPIPE_FRAMING": "length"}
            data = b"".join(FakeBridge(None)._encoded(frame) for frame in frames)
            process = subprocess.Popen([sys.executable, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                       stderr=subprocess.PIPE, env=environment)
            process.stdin.write(data)
            process.stdin.flush()
            if not ends:
                process.wait(60)
            output, log = process.communicate(timeout=60)
            return process.returncode, output, log

    def test_the_decorator_serves_and_prints_go_to_the_log(self):
        code, output, log = self.start(
            "from ackpipe_handler import handler\nimport os\nprint('loaded')\n@handler\ndef handle(record):\n"
            "    print('got', record['value'])\n    os.system('echo child; cat')\n",
            [HELLO, {"type": "message", "id": 1, **record("v", offset=1)}])
        frames = list(FakeBridge(None)._taken(bytearray(output)))
        self.assertEqual([frame["type"] for frame in frames], ["ready", "ack"])
        self.assertEqual(log.decode().split("\n"), ["loaded", "got v", "child", ""])
        self.assertEqual(code, 0)

    def test_sys_exit_ends_the_process_also_within_a_thread(self):
        for options in ("", "(concurrency=2)"):
            code, _, log = self.start(
                "from ackpipe_handler import handler\nimport sys\n@handler%s\ndef handle(record):\n"
                "    if record['value'] == 'x': sys.exit(125)\n" % options,
                [HELLO, {"type": "message", "id": 1, **record("x", offset=1)}], ends=False)
            self.assertEqual(code, 125, log)

    def test_rubbish_is_told_with_an_exit_code(self):
        ended = subprocess.run([sys.executable, os.path.join(HERE, "handler.py")], input=b"Trac", stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, env={**os.environ, "ACKPIPE_FRAMING": "length"}, timeout=60)
        self.assertEqual(ended.returncode, 76)
        self.assertIn(b"bad frame", ended.stderr)

    def test_a_handler_file_is_importable(self):
        code = "import handler; handler.handle({'topic':'t','partition':0,'offset':1,'value':'v'})"
        ended = subprocess.run([sys.executable, "-c", code], cwd=HERE, stdout=subprocess.PIPE, timeout=60)
        self.assertEqual((ended.returncode, ended.stdout), (0, b't[0]@1: "v"\n'))


if __name__ == "__main__":
    unittest.main()
