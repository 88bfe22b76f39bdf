import HandlerProtocol
import Testing

@testable import Conformance

/// What is no frame, and what the end of a session tells.
@Suite struct JudgeBytesTests {
    private func broken(_ bytes: String, maxFrameBytes: Int = 1 << 20) throws -> [String] {
        try broken(.length, bytes, maxFrameBytes: maxFrameBytes)
    }

    private func broken(_ framing: Framing, _ bytes: String, maxFrameBytes: Int = 1 << 20) throws -> [String] {
        var play = try Play(framing: framing, maxFrameBytes: maxFrameBytes)
        play.ready()
        play.issue()
        play.writeRaw(Array(bytes.utf8))
        return play.broken
    }

    @Test("text in place of a frame is F5; where it is data of a record, S1")
    func printed() throws {
        #expect(try broken("Traceback (most recent call last):") == ["F5"])
        #expect(try broken(.lines, "starting up\n") == ["F5"])
        #expect(try broken(RecordSource.mark) == ["S1"])
        #expect(try broken(.lines, "\(RecordSource.mark)\n") == ["S1"])
        #expect(try broken(.lines, "{\"type\":\"ack\",\"id\":1,\(RecordSource.forgedMember)}\n") == ["S1"])
    }

    @Test("lengths that are none are F2")
    func lengths() throws {
        #expect(try broken("\u{0}\u{0}\u{0}\u{0}") == ["F2"])
        #expect(try broken("*\u{0}\u{0}\u{0}{\"type\"") == ["F2"], "little-endian")
        #expect(try broken("{\"type\":\"ack\",\"id\":1}") == ["F2"], "none at all")
        #expect(try broken("\u{0}\u{1}\u{0}\u{0}", maxFrameBytes: 1_024) == ["F2"], "too large")
        #expect(try broken(.lines, String(repeating: "x", count: 1_100), maxFrameBytes: 1_024) == ["F10"])
    }

    @Test("a length that does not fit its body is F1, in either direction and at either end")
    func wrongLength() throws {
        let frame = "{\"type\":\"ack\",\"id\":1}"
        #expect(try broken("\u{0}\u{0}\u{0}\u{13}\(frame)") == ["F1"], "two too short")
        #expect(try broken("\u{0}\u{0}\u{0}\u{19}\(frame)\u{0}\u{0}\u{0}\u{15}") == ["F1"], "four too long")
        var play = try Play()
        play.ready()
        play.writeRaw(Array("\u{0}\u{0}\u{0}\u{19}\(frame)".utf8))
        #expect(play.broken == [])
        play.judge.frameStuck(milliseconds: 10)
        #expect(play.broken == ["F1"])
    }

    @Test("two frames mixed are F6, a pretty-printed one in lines is F9, and a raw line end, too")
    func mixed() throws {
        let inner = "\u{0}\u{0}\u{0}\u{11}{\"type\":\"resume\"}"
        #expect(try broken("\u{0}\u{0}\u{0}\u{15}{\"type\":\"a\(inner)ck\",\"id\":1}") == ["F6"])
        #expect(try broken(.lines, "{\n \"type\": \"ack\",\n \"id\": 1\n}\n") == ["F9"])
        #expect(try broken(.lines, "{\"type\":\"nack\",\"id\":1,\"error\":\"a\u{2028}b\"}\n") == ["F9"])
        #expect(try broken("\u{0}\u{0}\u{0}\u{2}{]") == ["J1"])
    }

    @Test("an unfinished frame is F7 while the handler runs, and F6 when it has left; a crash excuses it")
    func unfinished() throws {
        for (exit, expected) in [(HandlerExit.exited(0), ["F6"]), (.signaled("SIGSEGV"), [])] {
            var play = try Play()
            play.ready()
            play.writeRaw([0, 0, 0, 21, 0x7B])
            #expect(play.judge.isInsideFrame)
            play.end(exit)
            #expect(play.broken.contains("F6") == (expected == ["F6"]))
        }
        var play = try Play()
        play.ready()
        play.writeRaw([0, 0])
        play.judge.frameStuck(milliseconds: 10)
        #expect(play.broken == ["F7"])
    }

    @Test("a verdict for a frame that was cut off is F8")
    func cutOff() throws {
        var play = try Play("cut-off")
        play.ready()
        let delivery = play.deliveries[0]
        play.judge.issue(1, delivery, delivery.body(id: 1, .length), isPartial: true, now: 0)
        #expect(play.judge.outstanding.isEmpty)
        play.write(#"{"type":"ack","id":1}"#)
        #expect(play.broken == ["F8"])
    }

    @Test(
        "silence is F6 where the answers were in a buffer, V11 where they waited for more, else the session's first rule"
    )
    func silence() throws {
        var play = try Play()
        play.ready()
        play.issue()
        play.giveUp { $0.write(#"{"type":"ack","id":1}"#) }
        #expect(play.broken == ["F6"])

        play = try Play()
        play.ready()
        play.issue()
        play.now = 10_000_000_000
        play.judge.pressedOn(now: play.now)
        play.issue()
        play.write(#"{"type":"ack","ids":[1,2]}"#)
        play.end()
        #expect(play.broken == ["V11"])

        play = try Play("bytes")
        play.ready()
        play.issue()
        play.giveUp { $0.write(#"{"type":"ack","id":1}"#) }
        #expect(play.broken == [] && play.judge.obstacle != nil, "slow, since it passed the plain session")

        play = try Play("bytes")
        play.ready()
        play.issue(4)
        play.giveUp()
        #expect(play.broken == ["F4"])

        play = try Play()
        play.giveUp { $0.ready() }
        #expect(play.broken == ["F6"])

        play = try Play()
        play.giveUp()
        #expect(play.broken == ["H6"])
    }

    @Test("a handler that still answers when the time is over is slow, and breaks nothing")
    func slow() throws {
        var play = try Play("window")
        play.ready()
        play.issue(3)
        play.now = 29_900_000_000
        play.write(#"{"type":"ack","id":1}"#)
        play.now = 0
        play.giveUp()
        #expect(play.broken == [])
        #expect(play.judge.obstacle?.contains("--time-limit") == true)
    }

    @Test("a handler that ends by itself breaks the session's rule; at end of file it has to leave with 0")
    func ends() throws {
        for (name, rule) in [("plain", "V1"), ("nulls", "J7"), ("unknown-frames", "J10")] {
            var play = try Play(name)
            play.ready()
            play.issue()
            play.judge.exited(.exited(1))
            play.judge.outputEnded()
            play.judge.conclude()
            #expect(play.broken == [rule])
        }
        for (exit, expected) in [(HandlerExit.exited(0), []), (.exited(1), ["L1"]), (.killed, ["L1"])] {
            var play = try Play()
            play.ready()
            play.end(exit)
            #expect(play.broken == expected)
        }
        var play = try Play("shutdown")
        play.ready()
        play.issue()
        play.judge.shutDown()
        play.judge.exited(.exited(0))
        play.judge.conclude()
        #expect(play.broken == ["L2"])
    }

    @Test("the bytes of a handler are judged alike in whatever pieces they come")
    func pieces() throws {
        let bodies = [
            #"{"type":"ready","protocol":1,"name":"t"}"#, #"{"type":"ack","id":1}"#, #" {"type":"nack","id":2} "#,
            #"{"type":"ack","id":7}"#,
        ]
        for framing in [Framing.length, .lines] {
            let stream = bodies.flatMap { framing.frame(Array($0.utf8)) }
            for size in 1...stream.count {
                var play = try Play(framing: framing)
                play.issue(2)
                for start in stride(from: 0, to: stream.count, by: size) {
                    play.writeRaw(Array(stream[start..<min(start + size, stream.count)]))
                }
                #expect(play.broken == ["V3"])
                #expect(play.judge.outstanding.isEmpty)
            }
        }
    }
}
