import Handlers
import Reactor
import Testing

@Suite struct LogLineAssemblerTests {
    /// The lines of `pieces`, taken one after the other, and of the end of the stream.
    func lines(_ pieces: [[UInt8]]) -> ([LogLine], tail: [String]) {
        var assembler = LogLineAssembler()
        var lines: [LogLine] = []
        for piece in pieces { assembler.append(piece.span.bytes) { lines.append($0) } }
        assembler.finish { lines.append($0) }
        return (lines, assembler.tail)
    }

    @Test(
        "Lines are the same however the bytes are split",
        arguments: ["a\nbc\n\n", "a\r\nb\rc\r\n", "no end", "", "ä€😀\nx"])
    func splits(text: String) {
        let bytes = Array(text.utf8)
        let whole = lines([bytes]).0
        for index in 0...bytes.count {
            #expect(lines([Array(bytes[..<index]), Array(bytes[index...])]).0 == whole, "split at \(index)")
        }
        #expect(lines(bytes.map { [$0] }).0 == whole)
    }

    @Test("A line ends at LF, one CR before it belongs to the end, and a rest without LF is a line at the end")
    func ends() {
        let made = lines([Array("one\ntwo\r\n\nthr\ree".utf8)]).0
        #expect(made.map(\.text) == ["one", "two", "", "thr\ree"])
        #expect(made.allSatisfy { !$0.isCut })
    }

    @Test("A line of exactly 16 KiB is whole, one byte more is cut and marked, and the next line is untouched")
    func cut() {
        let limit = LogLineAssembler.lineLimit
        let exact = lines([Array(repeating: 0x61, count: limit), Array("\nnext\n".utf8)]).0
        #expect(
            exact == [
                LogLine(text: String(repeating: "a", count: limit), isCut: false), LogLine(text: "next", isCut: false),
            ])
        let over = lines([Array(repeating: 0x61, count: limit + 1), Array("\nnext\n".utf8)]).0
        #expect(
            over == [
                LogLine(text: String(repeating: "a", count: limit), isCut: true), LogLine(text: "next", isCut: false),
            ])
        #expect(over[0].marked.hasSuffix("a [cut at 16 KiB]"))
    }

    @Test("A line of any length takes no more memory than the limit, and comes out when it ends")
    func endless() {
        var assembler = LogLineAssembler()
        var made: [LogLine] = []
        let block = [UInt8](repeating: 0x62, count: 1 << 16)
        for _ in 0..<64 { assembler.append(block.span.bytes) { made.append($0) } }
        #expect(made.isEmpty)
        assembler.finish { made.append($0) }
        #expect(made.map(\.text.utf8.count) == [LogLineAssembler.lineLimit])
        #expect(made.map(\.isCut) == [true])
    }

    @Test("A cut never splits a character")
    func cutBetweenCharacters() {
        let text = "a" + String(repeating: "€", count: 6_000)
        let made = lines([Array(text.utf8)]).0
        #expect(made[0].isCut)
        #expect(!made[0].text.contains("\u{FFFD}"))
        #expect(text.hasPrefix(made[0].text))
        #expect(made[0].text.utf8.count > LogLineAssembler.lineLimit - 3)
    }

    @Test("Bytes that are not UTF-8 become replacement characters")
    func invalid() {
        #expect(lines([[0x61, 0xFF, 0x62, 0x0A]]).0.map(\.text) == ["a\u{FFFD}b"])
    }

    @Test("The tail is the last 20 lines, oldest first")
    func tailCount() {
        let text = (1...50).map { "line \($0)\n" }.joined()
        #expect(lines([Array(text.utf8)]).tail == (31...50).map { "line \($0)" })
    }

    @Test("The tail is at most 8 KiB: old lines go first, and one that is longer is shortened")
    func tailBytes() {
        let lines8 = (0..<8).map { "\($0)" + String(repeating: "x", count: 1_499) }
        let tail = lines([Array(lines8.joined(separator: "\n").utf8)]).tail
        #expect(tail == Array(lines8.suffix(5)))
        let long = lines([Array(("short\n" + String(repeating: "€", count: 5_000)).utf8)]).tail
        #expect(long.count == 1)
        #expect(long[0].utf8.count <= LogLineAssembler.tailBytes)
        #expect(long[0].hasPrefix("€") && long[0].hasSuffix("€..."))
    }

    @Test("Thirty megabytes of a real handler's stderr, a megabyte a second for half a minute, come line by line")
    func flood() throws {
        let line = "stderr of a handler that talks a lot, line by line, a megabyte in every second of its life"
        let script = "yes '\(line)' | head -c 30000000 >&2"
        let worker = try WorkerProcess.launch(shell(script), guardedBy: nil)
        defer { worker.close() }
        let poller = try Poller()
        try poller.add(worker.logDescriptors[0], token: 1, reading: true, writing: false)
        var buffer = ReadBuffer(capacity: 64 << 10)
        var assembler = LogLineAssembler()
        var count = 0
        var wrong = 0
        var ready: [Readiness] = []
        reading: while true {
            try poller.wait(timeoutMilliseconds: 20_000, into: &ready)
            try #require(!ready.isEmpty, "nothing came for 20 s after \(count) lines")
            switch worker.readLog(0, into: &buffer) {
            case .bytes:
                buffer.withBytes { bytes in
                    assembler.append(bytes) { made in
                        count += 1
                        if made.text != line { wrong += 1 }
                    }
                }
            case .endOfFile: break reading
            case .wouldBlock: continue
            case .failed(let error): throw error
            }
        }
        #expect(count == 30_000_000 / (line.utf8.count + 1))
        #expect(wrong == 0)
    }
}
