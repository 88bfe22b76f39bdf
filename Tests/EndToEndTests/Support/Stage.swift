import Foundation

/// What most tests of delivery need: a broker with the topic `t`, a folder, a journal, and a daemon that reads all of `t`.
final class Stage: @unchecked Sendable {
    let scratch: Scratch
    let cluster: Cluster
    let journal: Journal
    let marked = MarkedProcesses()
    let partitions: Int

    /// With a broker that has `t` alone, or with one that has further topics too.
    init(partitions: Int, on cluster: Cluster? = nil) throws {
        self.partitions = partitions
        scratch = try Scratch()
        self.cluster = try cluster ?? Cluster(("t", partitions))
        journal = Journal(scratch)
    }

    /// What the brokers call `t`.
    var topic: String { cluster.topic }

    /// Starts the daemon on every partition of `t` without joining the group `g`, whose offsets it reads and commits.
    func run(_ options: [String], _ handler: [String]) throws -> AckpipeProcess {
        let assigned = (0..<partitions).flatMap { ["--assign", "\(topic):\($0)"] }
        return try start(assigned + options, handler)
    }

    /// The same as a member of the group `g`.
    func join(_ options: [String], _ handler: [String]) throws -> AckpipeProcess {
        try start(["-t", topic] + options, handler)
    }

    private func start(_ options: [String], _ handler: [String]) throws -> AckpipeProcess {
        try AckpipeProcess(
            ["run"] + cluster.address + ["-g", cluster.group] + options + ["--"] + handler, in: scratch,
            environment: marked.environment.merging(["JOURNAL": journal.path, "FOLDER": scratch.folder.path]) { $1 })
    }

    /// What the group `g` has committed of `t`, by partition.
    func committed() async throws -> [Int64?] { try await cluster.committed("g", "t") }

    /// Waits until the group has committed exactly this.
    func waitForCommitted(_ expected: [Int64?], _ ackpipe: AckpipeProcess, within seconds: Double = 60) async throws {
        let deadline = ContinuousClock.now + .seconds(seconds)
        while true {
            let found = try await committed()
            if found == expected { return }
            guard ContinuousClock.now < deadline else {
                throw Timeout(description: "committed are \(found), not \(expected). Seen: \(ackpipe.logTail)")
            }
            try await Task.sleep(for: .milliseconds(50))
        }
    }

    /// Lines that a handler wrote into the file of this name in the folder `$FOLDER`.
    func notes(_ name: String) -> [String] {
        guard let text = try? String(contentsOfFile: scratch.path(name), encoding: .utf8) else { return [] }
        return text.split(separator: "\n").map(String.init)
    }
}

extension Journal {
    /// Bytes written so far: cheap to look at often.
    var size: Int {
        let attributes = try? FileManager.default.attributesOfItem(atPath: path)
        return (attributes?[.size] as? Int) ?? 0
    }
}
