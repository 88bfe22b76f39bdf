import Foundation
import Kafka
import Testing

@Suite("Broker trouble") struct BrokerTroubleTests {
    @Test("explore2", .timeLimit(.minutes(2)), arguments: ["t3", "t29", "t5", "sasl", "ssl", "sasl58", "down", "dns"])
    func explore2(_ what: String) async throws {
        try await Slots.shared.run {
            let run = try await TroubleRun(records: 3)
            if what.hasPrefix("t") { run.cluster.broker.setTopicError("t", code: Int32(what.dropFirst())!) }
            var x: [String] = []
            if what.hasPrefix("sasl") {
                x = [
                    "-X", "security.protocol=SASL_PLAINTEXT", "-X", "sasl.mechanisms=PLAIN", "-X", "sasl.username=u",
                    "-X", "sasl.password=sesame",
                ]
            }
            if what == "sasl58" { run.cluster.broker.pushErrors(api: 17, Array(repeating: Int32(58), count: 100)) }
            if what == "ssl" { x = ["-X", "security.protocol=SSL"] }
            if what == "down" { try run.cluster.broker.setDown(broker: 1) }
            for assign in [true, false] {
                let a = try AckpipeProcess(
                    ["run", "-b", what == "dns" ? "nowhere.invalid:9092" : run.cluster.brokers]
                        + (assign ? ["--assign", "t:0", "-g", "g"] : ["-t", "t", "-g", "g2"]) + [
                            "--exit-at-end", "-X", "fetch.wait.max.ms=50",
                        ] + x + ["--"] + Repository.handler("ack.py"), in: run.scratch)
                var r = "running"
                if let c = try? await a.waitForExit(within: 12) { r = "\(c)" }
                print(
                    "=== \(what) assign \(assign): \(r)\n"
                        + a.log.split(separator: "\n").filter {
                            !$0.contains("since.") && !$0.contains("handler") && !$0.contains("worker ")
                        }.map { String($0.prefix(600)) }.joined(separator: "\n"))
            }
        }
    }
}
