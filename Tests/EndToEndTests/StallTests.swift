import Foundation
import Testing

@Suite("--stall-timeout")
struct StallTests {
    @Test(
        "A partition that settles nothing is named with the offset it stands at, and again when it goes on; the others are not",
        .timeLimit(.minutes(5)))
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
            try await ackpipe.waitForLog("partition makes no progress: the service is not ready")
            let line = ackpipe.log.split(separator: "\n").first { $0.contains("makes no progress") } ?? ""
            #expect(line.contains("kafka.topic=t"), "\(line)")
            #expect(line.contains("kafka.partition=1") && line.contains("kafka.offset=3"), "\(line)")
            #expect(line.contains("unsettled="), "\(line)")
            #expect(!ackpipe.log.contains("makes progress again"))
            try stage.scratch.write("go", "")
            #expect(try await ackpipe.waitForExit() == 0, "\(ackpipe.logTail)")
            #expect(ackpipe.log.contains("partition makes progress again"), "\(ackpipe.logTail)")
            #expect(ackpipe.log.components(separatedBy: "makes no progress").count == 2, "once, and one partition")
            #expect(try await stage.committed() == [20, 20])
        }
    }
}
