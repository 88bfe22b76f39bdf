import Foundation
import Testing

/// What a user of tRPC-Go brings along: an address, and a trpc_go.yaml.
@Suite("Addresses of tRPC-Go") struct AddressTests {
    @Test(
        "An address is enough to handle every record of its topics, and the log says what differs",
        .timeLimit(.minutes(30)))
    func address() async throws {
        try await Slots.shared.run {
            let stage = try await stage()
            let ackpipe = try AckpipeProcess(
                [
                    "run", "--address",
                    "\(stage.cluster.brokers)?topics=t1,t2&group=g&batch=100&batchFlush=20&maxRetry=5",
                    "--exit-at-end", "--",
                ] + Repository.handler("ack.py"), in: stage.scratch, environment: ["JOURNAL": stage.journal.path])
            #expect(try await ackpipe.waitForExit() == 0, "\(ackpipe.logTail)")
            #expect(stage.journal.entries().count == 200, "\(ackpipe.logTail)")
            for topic in ["t1", "t2"] { #expect(try await stage.cluster.committed("g", topic) == [50, 50]) }
            #expect(ackpipe.log.contains("mode=batch"), "\(ackpipe.logTail)")
            let notices = ackpipe.log.split(separator: "\n").filter { $0.contains("configuration notice") }
            #expect(notices.contains { $0.contains("after 6 failed attempts") && $0.contains("warn") }, "\(notices)")
            #expect(notices.contains { $0.contains("config.place=--address") }, "\(notices)")
        }
    }

    @Test("A trpc_go.yaml runs as it is, with a section for what tRPC-Go has no words for", .timeLimit(.minutes(30)))
    func file() async throws {
        try await Slots.shared.run {
            let stage = try await stage()
            let handler = Repository.handler("ack.py")
            let file = try stage.scratch.write(
                "trpc_go.yaml",
                """
                global:
                  namespace: Development
                server:
                  app: shop
                  service:
                    - name: trpc.shop.billing.orders
                      network: tcp
                      address: ${BROKERS}?topics=t1&group=billing&batch=10&batchFlush=20
                      protocol: kafka
                      timeout: 60000
                    - name: trpc.shop.audit.orders
                      address: ${BROKERS}?topics=t1,t2&group=audit
                      protocol: kafka
                    - name: trpc.shop.billing.Query
                      protocol: trpc
                      port: 8000
                plugins:
                  database:
                    kafka:
                      rewrite_log: true
                ackpipe:
                  exit-at-end: true
                  command: ["\(handler[0])", "\(handler[1])"]

                """)
            let ackpipe = try AckpipeProcess(
                ["run", "--config", file], in: stage.scratch,
                environment: ["JOURNAL": stage.journal.path, "BROKERS": stage.cluster.brokers])
            #expect(try await ackpipe.waitForExit() == 0, "\(ackpipe.logTail)")
            #expect(stage.journal.entries().count == 300, "\(ackpipe.logTail)")
            #expect(try await stage.cluster.committed("billing", "t1") == [50, 50])
            for topic in ["t1", "t2"] { #expect(try await stage.cluster.committed("audit", topic) == [50, 50]) }
            for part in ["trpc.shop.billing.Query (trpc)", "network", "plugins.database.kafka", "60000 ms"] {
                let lines = ackpipe.log.split(separator: "\n").filter {
                    $0.contains("configuration notice") && $0.contains(part)
                }
                #expect(lines.count == 1, "\(part): \(lines)")
            }
        }
    }

    @Test(
        "Everything wrong with an address is told at once, without its password, and ends in 64",
        .timeLimit(.minutes(30)))
    func wrong() async throws {
        try await Slots.shared.run {
            let scratch = try Scratch()
            let ackpipe = try AckpipeProcess(
                [
                    "run", "--address",
                    "b:9092?topics=a,&grup=g&batch=many&password=hunter2&user=u&mechanism=PLAIN&protocol=ssl", "--",
                    "cat",
                ], in: scratch)
            #expect(try await ackpipe.waitForExit() == 64, "\(ackpipe.logTail)")
            for part in [
                "did you mean group?", "topics: holds an empty name", "batch: 'many'", "protocol: ssl has no place",
            ] {
                #expect(ackpipe.log.contains(part), "\(part): \(ackpipe.log)")
            }
            #expect(!ackpipe.log.contains("hunter2"), "\(ackpipe.log)")
        }
    }

    private struct AddressStage {
        let scratch: Scratch
        let cluster: Cluster
        let journal: Journal
    }

    private func stage() async throws -> AddressStage {
        let scratch = try Scratch()
        let cluster = try Cluster(("t1", 2), ("t2", 2))
        for topic in ["t1", "t2"] { try await cluster.fill(topic, partitions: 2, each: 50) }
        return AddressStage(scratch: scratch, cluster: cluster, journal: Journal(scratch))
    }
}
