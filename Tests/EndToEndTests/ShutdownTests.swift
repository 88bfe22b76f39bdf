import Foundation
import Kafka
import KafkaTestSupport
import Testing

/// Answers nothing until `shutdown`, then everything; writes down which frames came.
private let answersAtShutdown = """
    owed = []
    while (frame := receive()) is not None:
        with open(os.environ["FOLDER"] + "/frames", "a") as file:
            file.write(frame["type"] + " " + str(frame.get("reason")) + "\\n")
        if frame["type"] == "hello":
            send({"type": "ready", "protocol": 1, "name": "owing"})
        elif frame["type"] == "message":
            journal(frame)
            owed.append(frame["id"])
        elif frame["type"] == "shutdown":
            send({"type": "ack", "ids": owed})

    """

/// Answers nothing at all, and stays after the end of its input and after SIGTERM.
private let stubborn = """
    import signal
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    while True:
        frame = receive()
        if frame is None:
            time.sleep(3600)
        elif frame["type"] == "hello":
            send({"type": "ready", "protocol": 1, "name": "stubborn"})
        elif frame["type"] == "message":
            journal(frame)

    """

@Suite("Shutdown")
struct ShutdownTests {
    @Test(
        "A signal drains: shutdown is told, verdicts are waited for and committed, nobody stays, exit 0",
        .timeLimit(.minutes(30)), arguments: [SIGTERM, SIGINT])
    func aSignalDrains(signal: Int32) async throws {
        try await Slots.shared.run {
            let stage = try Stage(partitions: 4)
            try await stage.cluster.fill("t", partitions: 4, each: 10)
            let ackpipe = try stage.run(
                ["--workers", "2", "--commit-interval", "1h"],
                stage.scratch.python("owing.py", answersAtShutdown))
            try await eventually("one record of each partition is owed", seen: { ackpipe.logTail }) {
                stage.journal.entries().count == 4 ? () : nil
            }
            try await eventually("both workers are ready", seen: { ackpipe.logTail }) {
                ackpipe.log.components(separatedBy: "handler=owing").count == 3 ? () : nil
            }
            ackpipe.signal(signal)
            #expect(try await ackpipe.waitForExit() == 0, "\(ackpipe.logTail)")
            #expect(stage.notes("frames").filter { $0.hasPrefix("shutdown ") }.count == 2, "\(stage.notes("frames"))")
            #expect(stage.journal.entries().count == 4, "nothing is delivered after shutdown")
            #expect(try await stage.committed() == [1, 1, 1, 1])
            try await stage.marked.requireNone()
        }
    }

    @Test("A member of a group commits, leaves the group and exits with 0", .timeLimit(.minutes(30)))
    func aDrainedMemberLeavesTheGroup() async throws {
        try await Slots.shared.run {
            let stage = try Stage(partitions: 2)
            try await stage.cluster.fill("t", partitions: 2, each: 10)
            // The mock cluster answers the request and keeps the member: only the request itself can be looked for.
            let ackpipe = try stage.join(
                ["--log-level", "debug", "-X", "debug=protocol", "--commit-interval", "1h"],
                Repository.handler("ack.py"))
            try await eventually("all is handled", seen: { ackpipe.logTail }) {
                stage.journal.distinctCount() == 20 ? () : nil
            }
            ackpipe.signal(SIGTERM)
            #expect(try await ackpipe.waitForExit(within: 15) == 0, "\(ackpipe.logTail)")
            #expect(try await stage.committed() == [10, 10])
            #expect(ackpipe.log.contains("Sent LeaveGroupRequest"), "\(ackpipe.logTail)")
            #expect(ackpipe.log.contains("Received LeaveGroupResponse"), "\(ackpipe.logTail)")
        }
    }

    @Test(
        "Deliveries without a verdict at the drain timeout: exit 75, their records stay uncommitted",
        .timeLimit(.minutes(30)))
    func unansweredDeliveriesEndInADrainTimeout() async throws {
        try await Slots.shared.run {
            let stage = try Stage(partitions: 2)
            try await stage.cluster.fill("t", partitions: 2, each: 10)
            let ackpipe = try stage.run(
                ["--drain-timeout", "2s"], stage.scratch.python("stubborn.py", stubborn))
            try await eventually("two deliveries are owed", seen: { ackpipe.logTail }) {
                stage.journal.entries().count == 2 ? () : nil
            }
            ackpipe.signal(SIGTERM)
            #expect(try await ackpipe.waitForExit() == 75, "\(ackpipe.logTail)")
            // Leaving a group may take another second.
            #expect(try ackpipe.loggedSeconds(since: " stopping ") < 5, "\(ackpipe.logTail)")
            #expect(
                ackpipe.log.contains("2 deliveries had no verdict when the drain ended (--drain-timeout"),
                "\(ackpipe.logTail)")
            #expect(try await stage.committed() == [nil, nil])
            try await stage.marked.requireNone()
        }
    }

    @Test("A second signal ends everything at once", .timeLimit(.minutes(30)))
    func aSecondSignalTakesTheFastPath() async throws {
        try await Slots.shared.run {
            let stage = try Stage(partitions: 2)
            try await stage.cluster.fill("t", partitions: 2, each: 10)
            let ackpipe = try stage.run(
                ["--drain-timeout", "60s"], stage.scratch.python("stubborn.py", stubborn))
            try await eventually("two deliveries are owed", seen: { ackpipe.logTail }) {
                stage.journal.entries().count == 2 ? () : nil
            }
            ackpipe.signal(SIGTERM)
            try await ackpipe.waitForLog("stopping")
            ackpipe.signal(SIGTERM)
            #expect(try await ackpipe.waitForExit() == 75, "\(ackpipe.logTail)")
            #expect(ackpipe.log.contains("a second signal"), "\(ackpipe.logTail)")
            #expect(try ackpipe.loggedSeconds(since: " stopping at once") < 5, "\(ackpipe.logTail)")
            #expect(try await stage.committed() == [nil, nil])
            try await stage.marked.requireNone()
        }
    }

    @Test(
        "A handler that ignores the end of its input and SIGTERM is killed within the drain timeout",
        .timeLimit(.minutes(30)))
    func aStubbornHandlerIsKilled() async throws {
        try await Slots.shared.run {
            let stage = try Stage(partitions: 1)
            try await stage.cluster.fill("t", partitions: 1, each: 3)
            let ackpipe = try stage.run(
                ["--drain-timeout", "3s"],
                stage.scratch.python(
                    "staying.py",
                    """
                    import signal
                    signal.signal(signal.SIGTERM, signal.SIG_IGN)
                    serve(lambda record: None)
                    time.sleep(3600)
                    """))
            try await stage.waitForCommitted([3], ackpipe)
            ackpipe.signal(SIGTERM)
            #expect(try await ackpipe.waitForExit() == 0, "\(ackpipe.logTail)")
            #expect(try ackpipe.loggedSeconds(since: " stopping ") < 5, "\(ackpipe.logTail)")
            #expect(ackpipe.log.contains("killed by SIGKILL"), "\(ackpipe.logTail)")
            try await stage.marked.requireNone()
        }
    }

    @Test("What a handler left behind in its group goes with it", .timeLimit(.minutes(30)))
    func grandchildrenAreEndedToo() async throws {
        try await Slots.shared.run {
            let stage = try Stage(partitions: 1)
            try await stage.cluster.fill("t", partitions: 1, each: 3)
            let script = """
                #!/bin/sh
                sleep 3600 &
                (trap "" TERM HUP INT; sleep 3600) < /dev/null &
                \(Repository.handler("ack.py").joined(separator: " "))
                """
            let ackpipe = try stage.run(["--exit-at-end"], [stage.scratch.write("family.sh", script, executable: true)])
            #expect(try await ackpipe.waitForExit() == 0, "\(ackpipe.logTail)")
            #expect(try await stage.committed() == [3])
            try await stage.marked.requireNone()
        }
    }

    @Test("A handler that says nothing yet is no obstacle to a shutdown", .timeLimit(.minutes(30)))
    func aStartingHandlerIsNoObstacle() async throws {
        try await Slots.shared.run {
            let stage = try Stage(partitions: 1)
            let ackpipe = try stage.run(
                [],
                stage.scratch.python(
                    "mute.py",
                    """
                    receive()
                    open(os.environ["FOLDER"] + "/mute", "w").write("hello came\\n")
                    while receive() is not None:
                        pass
                    """))
            try await eventually("the handler runs", seen: { ackpipe.logTail }) {
                stage.notes("mute").isEmpty ? nil : ()
            }
            ackpipe.signal(SIGTERM)
            #expect(try await ackpipe.waitForExit(within: 15) == 0, "\(ackpipe.logTail)")
            try await stage.marked.requireNone()
        }
    }

    @Test(
        "A broker that does not answer is no obstacle to a shutdown", .embeddedBroker("takes it down"),
        .timeLimit(.minutes(30)),
        arguments: [true, false])
    func aMissingBrokerIsNoObstacle(inGroup: Bool) async throws {
        try await Slots.shared.run {
            let stage = try Stage(partitions: 1)
            try stage.cluster.broker.setDown(broker: 1)
            let handler = Repository.handler("ack.py")
            let ackpipe = try inGroup ? stage.join([], handler) : stage.run([], handler)
            try await ackpipe.waitForLog("worker ready")
            ackpipe.signal(SIGTERM)
            #expect(try await ackpipe.waitForExit(within: 15) == 0, "\(ackpipe.logTail)")
            try await stage.marked.requireNone()
        }
    }

    @Test("A handler that dies during the drain: nothing is lost and nobody waits for it", .timeLimit(.minutes(30)))
    func aHandlerThatDiesWhileDraining() async throws {
        try await Slots.shared.run {
            let stage = try Stage(partitions: 1)
            try await stage.cluster.fill("t", partitions: 1, each: 5)
            let ackpipe = try stage.run(
                [],
                stage.scratch.python(
                    "dying.py",
                    """
                    while (frame := receive()) is not None:
                        if frame["type"] == "hello":
                            send({"type": "ready", "protocol": 1, "name": "dying"})
                        elif frame["type"] == "message":
                            journal(frame)
                            if frame["offset"] < 2:
                                send({"type": "ack", "id": frame["id"]})
                        elif frame["type"] == "shutdown":
                            os._exit(1)
                    """))
            try await eventually("the third record is owed", seen: { ackpipe.logTail }) {
                stage.journal.entries().count == 3 ? () : nil
            }
            ackpipe.signal(SIGTERM)
            #expect(try await ackpipe.waitForExit() == 75, "\(ackpipe.logTail)")
            #expect(ackpipe.log.contains("1 deliveries had no verdict when the drain ended"), "\(ackpipe.logTail)")
            #expect(try ackpipe.loggedSeconds(since: " stopping ") < 5, "\(ackpipe.logTail)")
            #expect(try await stage.committed() == [2])
            let second = try stage.run(["--exit-at-end"], Repository.handler("ack.py"))
            #expect(try await second.waitForExit() == 0, "\(second.logTail)")
            #expect(stage.journal.offsets()[0] == Set(0..<5))
        }
    }
}
