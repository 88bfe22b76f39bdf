import Foundation
import Kafka
import Testing

/// `ackpipe frames`, on streams that were captured as docs/frames.md says.
@Suite struct FramesTests {
    private func frames(_ arguments: [String], input: String = "") async throws -> (output: String, code: Int32) {
        // The program refuses variables with its prefix that it does not know.
        let bare = ProcessInfo.processInfo.environment.keys.filter { $0.hasPrefix("ACKPIPE_") }.flatMap { ["-u", $0] }
        return try await Tool("env").run(bare + [AckpipeProcess.binary, "frames"] + arguments, input: input)
    }

    @Test("What a handler and ackpipe said is captured with tee, and shown", .timeLimit(.minutes(30)))
    func captured() async throws {
        let stage = try Stage(partitions: 1)
        try await stage.cluster.write { write in
            for number in 0..<20 {
                try write(.init(topic: "t", partition: 0, key: nil, value: Array("v\(number)".utf8)))
            }
        }
        let (input, output) = (stage.scratch.path("in.bin"), stage.scratch.path("out.bin"))
        let script = try stage.scratch.write(
            "capture", "#!/bin/sh\ntee \(input) | \"$@\" | tee \(output)\n", executable: true)
        let run = try stage.run(["--exit-at-end"], [script] + Repository.handler("ack.py"))
        #expect(try await run.waitForExit(within: 120) == 0, "\(run.logTail)")

        let told = try await frames([input])
        #expect(told.code == 0, "\(told.output)")
        #expect(told.output.hasPrefix("framing length, written by the bridge\n"), "\(told.output)")
        for number in 0..<20 {
            #expect(told.output.contains("[0]@\(number) key null value \"v\(number)\""), "\(told.output)")
        }
        let answers = try await frames(["--format", "json", output])
        #expect(
            answers.code == 0 && answers.output.contains("\"from\":\"handler\",\"frame\":{\"type\": \"ready\""),
            "\(answers.output)")
        #expect(answers.output.contains("\"ack\""), "\(answers.output)")
    }

    @Test("A stream that breaks is pointed at, and the exit code says so")
    func broken() async throws {
        let told = try await frames(["-"], input: "{\"type\":\"ready\",\"protocol\":1,\"name\":\"h\"}\nhello world\n")
        #expect(told.code == 65, "\(told.output)")
        for text in [
            "framing lines", "broken at byte 41 (0x29)", "J1: the frame is not JSON", "68 65 6c 6c 6f",
            "1 frame before it",
        ] {
            #expect(told.output.contains(text), "no '\(text)' in \(told.output)")
        }
    }

    @Test(
        "A command line that is wrong is told with the remedy",
        arguments: [
            ([], "no file is named; write ackpipe frames FILE"),
            (["a", "b"], "'b' stands where an option was expected"),
            (["--from", "me", "a"], "--from"), (["no-such-file"], "cannot open 'no-such-file': No such file"),
            (["/tmp"], "cannot read '/tmp'"), (["--formt", "json", "-"], "did you mean --format?"),
        ])
    func usage(arguments: [String], text: String) async throws {
        let told = try await frames(arguments)
        #expect(told.code == 64 && told.output.contains(text), "\(told.code): \(told.output)")
    }
}
