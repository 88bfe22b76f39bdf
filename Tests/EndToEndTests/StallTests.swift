import Foundation
import Testing

@Suite("--stall-timeout")
struct StallTests {
    @Test(
        "A partition that settles nothing is named with the offset it stands at, and again when it goes on",
        .timeLimit(.minutes(30)))
    func aStalledPartitionIsNamed() async throws {
        try await Slots.shared.run {
            let stage = try Stage(partitions: 2)
            try await stage.cluster.fill("t", partitions: 2, each: 20)
            let ackpipe = try stage.run(
                ["--stall-timeout", "1s", "--workers", "2", "--exit-at-end"],
                stage.scratch.python(
                    "stuck.py",
                    """
                    from listening import *
                    def handle(record):
                        while (record["partition"], record["offset"]) == (1, 3) and not exists("go"):
                            time.sleep(0.02)
                    serve(handle)
                    """))
            // A handler that is slow to start may let both partitions be named before anything was handed over.
            func isStalled(_ line: Substring) -> Bool {
                line.contains("partition makes no progress")
                    && line.contains("kafka.offset=3 ")
            }
            let line = try await eventually("the stall is told", seen: { ackpipe.logTail }) {
                ackpipe.log.split(separator: "\n").first(where: isStalled)
            }
            #expect(line.contains("kafka.topic=\(stage.topic) ") && line.contains("kafka.partition=1 "), "\(line)")
            #expect(line.contains("unsettled="), "\(line)")
            try stage.scratch.write("go", "")
            #expect(try await ackpipe.waitForExit() == 0, "\(ackpipe.logTail)")
            let afterwards = ackpipe.log.components(separatedBy: line).last ?? ""
            #expect(
                afterwards.contains("partition makes progress again  kafka.partition=\(stage.topic)/1"),
                "\(ackpipe.logTail)")
            #expect(ackpipe.log.split(separator: "\n").filter(isStalled).count == 1, "\(ackpipe.logTail)")
            #expect(try await stage.committed() == [20, 20])
        }
    }
}
