import Foundation
import Kafka
import Testing

/// A handler of `examples/`, and what it has to stand: `ackpipe check`, a conversation whose every word is looked at, and 10,000 records from a broker in each mode.
struct Example {
    /// Its folder and file, as in `ruby/handler.rb`.
    var path: String
    var command: [String]
    /// Frames are lines; the protocol has to be on descriptors 3 and 4.
    var lines = false
    var apart = false
    /// What `converse.py` is told about it, and what `ackpipe check` is.
    var limits: [String] = []
    var checkOptions: [String] = []

    init(_ path: String, _ command: [String], lines: Bool = false, apart: Bool = false, limits: [String] = []) {
        self.path = path
        self.command = command
        self.lines = lines
        self.apart = apart
        self.limits = limits
    }

    /// One that an interpreter runs.
    static func run(by interpreter: String..., path: String) -> Example {
        Example(path, interpreter + [file(path)])
    }

    static func file(_ path: String) -> String { Repository.root.appendingPathComponent("examples/\(path)").path }

    /// The Swift example, which is built together with everything else: beside the program.
    static var swiftHandler: String {
        URL(fileURLWithPath: AckpipeProcess.binary).deletingLastPathComponent().appendingPathComponent("swift-handler")
            .path
    }

    func stands() async throws {
        try await Slots.shared.run(weight: 2) {
            try await conforms(onStandardStreams: true)
            try await conforms(onStandardStreams: false)
            try await converses(onStandardStreams: !apart)
            try await handlesAll("message")
            try await handlesAll("batch")
        }
    }

    /// The part that needs no broker.
    func speaks() async throws {
        try await Slots.shared.run {
            try await conforms(onStandardStreams: true)
            try await converses(onStandardStreams: true)
        }
    }

    /// `ackpipe check` finds nothing: in either mode on descriptors 0 and 1, in message mode on 3 and 4.
    func conforms(onStandardStreams: Bool) async throws {
        let form =
            (lines ? ["--framing", "lines"] : [])
            + (onStandardStreams ? [] : ["--protocol-fd", "3", "--mode", "message"])
        let options = ["--time-limit", "2m"] + form + checkOptions
        let ackpipe = try AckpipeProcess(["check"] + options + ["--"] + command, in: try Scratch())
        let code = try await ackpipe.waitForExit(within: 900)
        #expect(code == 0, "\(path) \(options): \(ackpipe.output.suffix(6_000)) \(ackpipe.logTail)")
    }

    /// A conversation without a broker, on descriptors 0 and 1 or on 3 and 4.
    func converses(onStandardStreams: Bool) async throws {
        let script = Repository.root.appendingPathComponent("Tests/EndToEndTests/Handlers/converse.py").path
        let options = limits + (lines ? ["--lines"] : []) + (onStandardStreams ? [] : ["--fds"])
        let ended = try await Tool("python3").run([script] + options + ["--"] + command)
        #expect(ended.code == 0, "\(path) \(options): \(ended.output.suffix(3_000))")
    }

    /// Every record is handled once and committed, its value arrives as it is, and the ones that fail come again before they are
    /// given up. The handler's stdout, which it guards, goes to a file together with its stderr: the log drops lines of a
    /// handler that writes much.
    func handlesAll(_ mode: String) async throws {
        let scratch = try Scratch()
        let cluster = try await ExampleLoad.shared.cluster()
        let printed = try scratch.write("printed", "")
        let redirected = apart ? #"exec "$@" >>"$0" 2>&1"# : #"exec "$@" 2>>"$0""#
        let assigned = (0..<ExampleLoad.partitions).flatMap { ["--assign", "\(cluster.topic):\($0)"] }
        let form = (lines ? ["--framing", "lines"] : []) + (apart ? ["--protocol-fd", "3"] : [])
        let group = "\(path.filter { $0.isLetter })-\(mode)"
        let ackpipe = try AckpipeProcess(
            ["run"] + cluster.address + assigned + form + [
                "-g", cluster.group(group), "--exit-at-end", "--mode", mode, "--batch-size", "50", "--max-attempts",
                "2",
                "--retry-backoff", "10ms..20ms", "--on-exhausted", "skip", "--", "sh", "-c", redirected, printed,
            ] + command, in: scratch)
        #expect(try await ackpipe.waitForExit(within: 600) == 0, "\(path), \(mode): \(ackpipe.logTail)")
        let failing = ExampleLoad.partitions
        for wanted in [
            "attempts.failed=\(2 * failing)", "records.settled=\(ExampleLoad.partitions * ExampleLoad.each)",
            "records.skipped=\(failing)", "worker.failures=0", "empty value",
        ] {
            #expect(ackpipe.log.contains(wanted), "\(path), \(mode): no \(wanted) in \(ackpipe.logTail)")
        }
        let committed = try await cluster.committed(group, "t")
        #expect(
            committed == Array(repeating: Int64(ExampleLoad.each), count: ExampleLoad.partitions), "\(path), \(mode)")
        let wrong = ExampleLoad.complaints(
            about: try String(contentsOfFile: printed, encoding: .utf8), topic: cluster.topic)
        #expect(wrong.isEmpty, "\(path), \(mode): \(wrong.count) lines are wrong or missing: \(wrong.prefix(5))")
    }
}

/// The records that the examples handle, in one embedded broker that tests share as long as one of them runs.
actor ExampleLoad {
    static let shared = ExampleLoad()
    static let partitions = 4
    static let each = 2_500
    private weak var current: Cluster?
    private var making: Task<Cluster, any Error>?

    func cluster() async throws -> Cluster {
        if let current { return current }
        if let making { return try await making.value }
        let task = Task { try await Self.filled() }
        making = task
        defer { making = nil }
        let cluster = try await task.value
        current = cluster
        return cluster
    }

    private static func filled() async throws -> Cluster {
        let cluster = try Cluster(("t", partitions))
        try await cluster.write { write in
            for offset in 0..<each {
                for partition in 0..<Int32(partitions) {
                    try write(.init(topic: "t", partition: partition, key: [UInt8]("k".utf8), value: value(offset)))
                }
            }
        }
        return cluster
    }

    private static func value(_ offset: Int) -> [UInt8]? {
        switch offset {
        case 1_200: return []  // fails
        case _ where offset % 500 == 7: return nil
        case _ where offset % 500 == 8: return [0xff, 0xfe, 0x00]
        case _ where offset % 500 == 9: return Array(strangeText.utf8)
        default: return Array("v\(offset)".utf8)
        }
    }

    private static let strangeText = "\"grüße\"\n\\ \u{2028} 5 € 😀 / \\u0041\t\u{7}"

    /// Lines of "topic[partition]@offset: VALUE" that should not be there, or not with this value, and what lacks its line.
    static func complaints(about printed: String, topic: String) -> [String] {
        var missing = Set(
            (0..<partitions).flatMap { partition in
                (0..<each).filter { $0 != 1_200 }.map { "\(topic)[\(partition)]@\($0)" }
            })
        var wrong: [String] = []
        for line in printed.split(separator: "\n") {
            guard let colon = line.range(of: ": "), missing.contains(String(line[..<colon.lowerBound])) else {
                // What a language says of a failure of its own accord; a second line for the same record does not pass.
                if line.hasPrefix("\(topic)[") { wrong.append(String(line)) }
                continue
            }
            let record = String(line[..<colon.lowerBound])
            missing.remove(record)
            let offset = Int(record.drop { $0 != "@" }.dropFirst()) ?? -1
            if !matches(line[colon.upperBound...], value(offset)) { wrong.append(String(line)) }
        }
        return wrong + missing.sorted().map { "no line for \($0)" }
    }

    private static func matches(_ text: Substring, _ value: [UInt8]?) -> Bool {
        guard let value else { return text == "null" }
        guard let expected = String(validating: value, as: UTF8.self) else { return text == "\(value.count) bytes" }
        if text == "\"\(expected)\"" { return true }
        let parsed = try? JSONSerialization.jsonObject(with: Data(text.utf8), options: .fragmentsAllowed)
        return parsed as? String == expected
    }
}
