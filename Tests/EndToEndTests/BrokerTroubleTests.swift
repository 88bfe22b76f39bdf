import Foundation
import Kafka
import Testing

/// Brokers that are away, refuse, or do not know the topic: waited for, or an end with an exit code that names why.
@Suite("Broker trouble") struct BrokerTroubleTests {
    @Test(
        "explore", .timeLimit(.minutes(2)),
        arguments: [
            (3, 3), (3, 29), (11, 30), (11, 26), (10, 30), (10, 15), (14, 30), (9, 30), (9, 29), (8, 30), (8, 29),
            (1, 29), (2, 29), (12, 30), (12, 27), (12, 25), (3, 31), (0, 0),
            (17, 58), (36, 58), (18, 58), (18, 33), (3, 58),
        ] as [(Int, Int)])
    func explore(_ api: Int, _ code: Int) async throws {
        try await Slots.shared.run {
            let run = try await TroubleRun(records: 3)
            if api > 0 { run.cluster.broker.pushErrors(api: Int16(api), Array(repeating: Int32(code), count: 100)) }
            for assign in [true, false] {
                let a = try AckpipeProcess(
                    ["run", "-b", run.cluster.brokers]
                        + (assign ? ["--assign", "t:0", "-g", "g"] : ["-t", "t", "-g", "g2"]) + [
                            "--exit-at-end", "-X", "fetch.wait.max.ms=50", "--",
                        ] + Repository.handler("ack.py"), in: run.scratch)
                var r = "running"
                if let c = try? await a.waitForExit(within: 9) { r = "\(c)" }
                print(
                    "=== api \(api) code \(code) assign \(assign): \(r)\n"
                        + a.log.split(separator: "\n").filter {
                            !$0.contains("since.") && !$0.contains("handler") && !$0.contains("worker ")
                        }.map { String($0.prefix(400)) }.joined(separator: "\n"))
            }
        }
    }
}
