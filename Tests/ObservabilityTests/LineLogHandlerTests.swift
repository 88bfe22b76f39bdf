import Foundation
import Logging
import Testing

@testable import Observability

@Suite struct LineLogHandlerTests {
    /// What `body` writes through a logger, with the reading end drained by another thread.
    private func output(
        _ format: LogFormat, level: Logger.Level = .info, flags: CInt = 0, _ body: (inout Logger) -> Void
    ) -> String {
        let pipe = Pipe()
        _ = fcntl(pipe.fileHandleForWriting.fileDescriptor, F_SETFL, flags)
        var logger = Logger(label: "test") { _ in
            LineLogHandler(format: format, level: level, descriptor: pipe.fileHandleForWriting.fileDescriptor)
        }
        let reading = pipe.fileHandleForReading
        let collected = Collected()
        let thread = Thread { collected.finish(reading.readDataToEndOfFile()) }
        thread.start()
        body(&logger)
        try? pipe.fileHandleForWriting.close()
        return collected.wait()
    }

    @Test("an event is a line; levels below the chosen one are not written")
    func levels() {
        let text = output(.text, level: .warning) { logger in
            logger.info("quiet")
            logger.warning("loud", metadata: ["a": "1"])
        }
        #expect(text.hasSuffix("Z warning loud  a=1\n"), "\(text)")
        #expect(!text.contains("quiet"))
    }

    @Test("the event's metadata beats the logger's")
    func metadata() {
        let text = output(.json) { logger in
            logger[metadataKey: "service"] = "x"
            logger[metadataKey: "a"] = "old"
            logger.error("m", metadata: ["a": "new"])
        }
        #expect(text.contains(#""a":"new","service":"x""#), "\(text)")
    }

    @Test("lines of several threads do not mix")
    func threads() {
        let text = output(.text) { logger in
            let logger = logger
            DispatchQueue.concurrentPerform(iterations: 4) { thread in
                for _ in 0..<500 { logger.info("\(String(repeating: "\(thread)", count: 200))") }
            }
        }
        let lines = text.split(separator: "\n")
        #expect(lines.count == 2_000)
        for line in lines { #expect(Set(line.suffix(200)).count == 1, "\(line)") }
    }

    @Test("a closed reader ends nothing but the line")
    func closedReader() {
        signal(SIGPIPE, SIG_IGN)
        let pipe = Pipe()
        try? pipe.fileHandleForReading.close()
        let logger = Logger(label: "test") { _ in
            LineLogHandler(format: .text, descriptor: pipe.fileHandleForWriting.fileDescriptor)
        }
        logger.info("into the void")
        #expect(fcntl(pipe.fileHandleForWriting.fileDescriptor, F_GETFD) >= 0)
    }

    @Test("a full non-blocking pipe is waited for")
    func nonBlocking() {
        let text = output(.text, flags: O_NONBLOCK) { logger in
            // 200 lines of 4 KiB are more than a pipe holds.
            for _ in 0..<200 { logger.info("\(String(repeating: "x", count: 4_096))") }
        }
        #expect(text.split(separator: "\n").count == 200)
    }
}

/// Hands one result from a thread to another.
private final class Collected: @unchecked Sendable {
    private let done = DispatchSemaphore(value: 0)
    private var text = ""

    func finish(_ data: Data) {
        text = String(decoding: data, as: UTF8.self)
        done.signal()
    }

    func wait() -> String {
        guard done.wait(timeout: .now() + 30) == .success else { return "nothing was read within 30 s" }
        return text
    }
}
