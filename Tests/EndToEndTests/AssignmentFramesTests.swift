import Foundation
import KafkaTestSupport
import Testing

@Suite("assigned and revoked")
struct AssignmentFramesTests {
    /// Notes every frame that it gets, as JSON; worker 1 says `ready` only when the test lets it.
    private static let noting = """
        from listening import *
        name = os.environ["INSTANCE"]
        threading.Thread(target=read_all, daemon=True).start()
        hello = inbox.get()
        while hello["worker"] == 1 and not exists("late"):
            time.sleep(0.02)
        send({"type": "ready", "protocol": 1, "name": "noting", "features": ["assigned", "cancel"]})
        while True:
            frame = next_frame()
            note("%s-%d" % (name, hello["worker"]), json.dumps(frame))
            if frame["type"] == "message":
                answer(frame)
            elif frame["type"] == "cancel":
                for identifier in frame["ids"]:
                    answer({"id": identifier}, action="release")
        """

    private struct Place: Hashable, Decodable {
        var topic: String
        var partition: Int
        var offset: Int64?
    }

    private struct Frame: Decodable {
        var type: String
        var epoch: Int?
        var partitions: [Place]?
        var lost: Bool?
        var deadline_ms: Int?
    }

    private func frames(_ stage: Stage, _ instance: String, worker: Int = 0) -> [Frame] {
        stage.notes("\(instance)-\(worker)").compactMap { try? JSONDecoder().decode(Frame.self, from: Data($0.utf8)) }
    }

    private func places(_ stage: Stage, offset: Int64) -> Set<Place> {
        Set((0..<4).map { Place(topic: stage.topic, partition: $0, offset: offset) })
    }

    private func start(_ stage: Stage, _ instance: String, _ options: [String]) throws -> AckpipeProcess {
        try AckpipeProcess(
            ["run"] + stage.cluster.address + [
                "-t", stage.topic, "-g", stage.cluster.group, "-X", "session.timeout.ms=6000",
            ] + options + ["--"]
                + stage.scratch.python("noting.py", Self.noting), in: stage.scratch,
            environment: ["FOLDER": stage.scratch.folder.path, "INSTANCE": instance], name: instance)
    }

    @Test(
        "A handler is told its partitions before their first record, a late worker all of them, and what goes to another instance",
        .timeLimit(.minutes(30)))
    func partitionsComeAndGo() async throws {
        try await Slots.shared.run {
            let stage = try Stage(partitions: 4)
            try await stage.cluster.fill("t", partitions: 4, each: 5)
            let one = try start(
                stage, "one", ["--workers", "2", "--commit-interval", "50ms", "--revoke-timeout", "7s"])
            try await stage.waitForCommitted([5, 5, 5, 5], one)
            let first = frames(stage, "one")
            #expect(first.first?.type == "assigned", "\(stage.notes("one-0"))")
            #expect(first.first.map { Set($0.partitions ?? []) } == places(stage, offset: 0))
            let epoch = try #require(first.first?.epoch)
            #expect(first.filter { $0.type == "message" }.count == 20)

            try stage.scratch.write("late", "")
            try await eventually("the late worker is told", seen: { one.logTail }) {
                stage.notes("one-1").isEmpty ? nil : ()
            }
            let late = try #require(frames(stage, "one", worker: 1).first)
            #expect(late.type == "assigned" && late.epoch == epoch)
            #expect(Set(late.partitions ?? []) == places(stage, offset: 5))

            let two = try start(stage, "two", [])
            try await eventually("instance two is told its partitions", seen: { one.logTail + two.logTail }) {
                frames(stage, "two").contains { $0.type == "assigned" } ? () : nil
            }
            let taken = try #require(frames(stage, "two").first { $0.type == "assigned" })
            for worker in 0...1 {
                // Each instance writes down what it is told in its own time.
                let revoked = try await eventually("worker \(worker) is told", seen: { one.logTail }) {
                    frames(stage, "one", worker: worker).first { $0.type == "revoked" }
                }
                #expect(revoked.epoch == epoch && revoked.lost == false)
                #expect(revoked.deadline_ms == 7_000)
                let gone = (revoked.partitions ?? []).map(\.partition)
                #expect(Set(gone) == Set((taken.partitions ?? []).map(\.partition)))
            }
            #expect(taken.partitions?.count == 2)
            #expect(taken.partitions?.allSatisfy { $0.offset == 5 } == true)
            for process in [one, two] {
                process.signal(SIGTERM)
                #expect(try await process.waitForExit() == 0, "\(process.logTail)")
            }
        }
    }

    @Test(
        "Many partitions are told in several frames where one would be too large",
        .embeddedBroker("a topic of 100 partitions"), .timeLimit(.minutes(30)))
    func manyPartitionsInSeveralFrames() async throws {
        try await Slots.shared.run {
            let stage = try Stage(partitions: 100)
            let assigned = (0..<100).flatMap { ["--assign", "\(stage.topic):\($0)"] }
            let ackpipe = try AckpipeProcess(
                ["run"] + stage.cluster.address + assigned + ["--max-frame-bytes", "1KiB", "--"]
                    + stage.scratch.python("noting.py", Self.noting), in: stage.scratch,
                environment: ["FOLDER": stage.scratch.folder.path, "INSTANCE": "one"])
            try await eventually("all partitions are told", seen: { "\(stage.notes("one-0")) \(ackpipe.logTail)" }) {
                frames(stage, "one").flatMap { $0.partitions ?? [] }.count >= 100 ? () : nil
            }
            let told = frames(stage, "one")
            #expect(told.count > 3 && told.allSatisfy { $0.type == "assigned" })
            #expect(Set(told.map(\.epoch)).count == 1)
            let partitions = told.flatMap { $0.partitions ?? [] }.map(\.partition)
            #expect(partitions.sorted() == Array(0..<100))
            #expect(stage.notes("one-0").allSatisfy { $0.utf8.count <= 1_100 }, "a frame is over 1 KiB")
            ackpipe.signal(SIGTERM)
            #expect(try await ackpipe.waitForExit() == 0, "\(ackpipe.logTail)")
        }
    }
}
