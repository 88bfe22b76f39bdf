import Foundation

/// A broker with the topic `t`, and a file of several services that read all of it, each with a group and a journal of its own.
final class ServicesStage: @unchecked Sendable {
    let scratch: Scratch
    let cluster: Cluster
    let marked = MarkedProcesses()
    let partitions: Int

    init(partitions: Int = 2, each: Int) async throws {
        self.partitions = partitions
        scratch = try Scratch()
        cluster = try Cluster(("t", partitions))
        try await cluster.fill("t", partitions: partitions, each: each)
    }

    /// A service: its name, which is its group's too, further keys as YAML flow, and its handler.
    struct Service {
        var name: String
        var keys = ""
        var handler: [String]
    }

    /// Starts a daemon on a file with these services. No group is joined: the partitions are assigned, and committed for the group.
    func run(_ services: [Service], shared: String = "", _ options: [String] = []) throws -> AckpipeProcess {
        let assigned = (0..<partitions).map { "\"t:\($0)\"" }.joined(separator: ", ")
        let entries = services.map { service in
            let command = ["env", "JOURNAL=\(journal(service.name).path)"] + service.handler
            let words = command.map { "\"\($0)\"" }.joined(separator: ", ")
            return "  \(service.name): {group: \(service.name), \(service.keys) command: [\(words)]}\n"
        }
        let file = try scratch.write(
            "services.yaml",
            "brokers: \(cluster.brokers)\nassign: [\(assigned)]\n\(shared)services:\n" + entries.joined())
        return try AckpipeProcess(
            ["run", "--config", file] + options, in: scratch,
            environment: marked.environment.merging(["FOLDER": scratch.folder.path]) { $1 })
    }

    func journal(_ service: String) -> Journal { Journal(scratch, "journal-" + service) }

    /// Waits until a service has handled so many different records.
    func waitForHandled(_ count: Int, by service: String, _ ackpipe: AckpipeProcess) async throws {
        let journal = journal(service)
        try await eventually(
            "\(service) handles \(count) records", seen: { "\(journal.distinctCount()); \(ackpipe.logTail)" }
        ) { journal.distinctCount() >= count ? () : nil }
    }
}
