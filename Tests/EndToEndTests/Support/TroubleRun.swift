import Foundation
import Kafka

/// One run of ackpipe on a topic of its own, `t` with one partition, read with `--assign` so that no group is joined, and
/// committed for the group `g`: what most tests of a handler's behaviour need.
final class TroubleRun {
    let scratch: Scratch
    let cluster: Cluster
    let journal: Journal
    private var started: AckpipeProcess?

    /// A broker whose topic `t` has `records` small records in partition 0.
    init(records: Int = 3) async throws {
        scratch = try Scratch()
        cluster = try Cluster((name: "t", partitions: 1))
        journal = Journal(scratch)
        if records > 0 { try await cluster.fill("t", partitions: 1, each: records) }
    }

    /// Starts ackpipe with a Python handler that has `trouble.py`.
    @discardableResult
    func start(
        _ options: [String] = ["--exit-at-end"], environment: [String: String] = [:], handler: String
    ) throws -> AckpipeProcess {
        try start(
            options, environment: environment,
            command: try scratch.python("handler.py", "from trouble import *\n" + handler))
    }

    /// Starts ackpipe with any handler.
    @discardableResult
    func start(
        _ options: [String] = ["--exit-at-end"], environment: [String: String] = [:], command: [String]
    ) throws -> AckpipeProcess {
        let fixed =
            ["run"] + cluster.address + [
                "--assign", "\(cluster.topic):0", "-g", cluster.group, "-X", "fetch.wait.max.ms=50",
            ]
        let process = try AckpipeProcess(
            fixed + options + ["--"] + command, in: scratch,
            environment: environment.merging(["JOURNAL": journal.path]) { $1 })
        started = process
        return process
    }

    /// Starts ackpipe as a member of a group that reads the topic.
    func join(_ group: String, _ options: [String], handler: String) throws -> AckpipeProcess {
        let command = try scratch.python("handler.py", "from trouble import *\n" + handler)
        let process = try AckpipeProcess(
            ["run"] + cluster.address + ["-t", cluster.topic, "-g", cluster.group(group), "-X", "fetch.wait.max.ms=50"]
                + options + ["--"]
                + command, in: scratch, environment: ["JOURNAL": journal.path])
        started = process
        return process
    }

    /// How many processes of the handler counted themselves with `life()`.
    var lives: Int { (try? FileManager.default.attributesOfItem(atPath: journal.path + ".lives")[.size] as? Int) ?? 0 }

    /// What the handlers wrote with `note()`, one JSON value each.
    var notes: [Any] {
        let text = (try? String(contentsOfFile: journal.path + ".notes", encoding: .utf8)) ?? ""
        return text.split(separator: "\n").compactMap {
            try? JSONSerialization.jsonObject(with: Data($0.utf8), options: .fragmentsAllowed)
        }
    }

    /// The committed offset of partition 0.
    func committed() async throws -> Int64? { try await cluster.committed("g", "t")[0] }

    /// The values that follow `key=` in the log, in order.
    func logged(_ key: String) -> [String] {
        (started?.log ?? "").split(separator: "\n").compactMap { line in
            guard let found = line.range(of: " \(key)=") else { return nil }
            return String(line[found.upperBound...].prefix { $0 != " " })
        }
    }
}
