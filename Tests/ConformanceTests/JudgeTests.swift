import HandlerProtocol
import Testing

@testable import Conformance

@Suite struct JudgeTests {
    @Test("a handler that answers each delivery and leaves at end of file breaks nothing")
    func conforming() throws {
        var play = try Play()
        play.ready()
        for id in 1...4 {
            play.issue()
            play.write(#"{"type":"ack","id":\#(id)}"#)
        }
        play.end()
        #expect(play.broken == [])
        #expect(play.judge.exercised.isSuperset(of: ["F1", "V1", "V11", "F6", "L1", "H6"]))
        #expect(play.judge.exercised.isDisjoint(with: ["F9", "V10", "L4", "L9", "B1", "H9"]))
    }

    @Test("any well-formed verdict counts")
    func refusing() throws {
        var play = try Play()
        play.ready()
        play.issue(4)
        play.write(#"{"type":"nack","id":2,"error":"no"}"#)
        play.write(#"{"type":"nack","id":1,"action":"reject"}"#)
        play.write(#"{"type":"ack","ids":[3]}"#)
        play.write(#"{"type":"ack","through":4}"#)
        play.end()
        #expect(play.broken == [])
        #expect(play.judge.outstanding.isEmpty)
    }

    @Test(
        "a single frame that breaks a rule is reported under its number",
        arguments: [
            ("J1", #"[{"type":"ack","id":1}]"#), ("J2", #"{"type":"ack","id":1,"id":1}"#),
            ("J4", #"{"type":"Ack","id":1}"#), ("J6", #"{"type":"ack","idd":1}"#), ("J8", #"{"type":"ack","id":1.5}"#),
            ("J9", #"{"type":"ack","id":"1"}"#), ("J14", #"{"type":"nack","id":1,"action":"again"}"#),
            ("H3", #"{"type":"ready","protocol":1,"name":"t"}"#), ("V3", #"{"type":"ack","id":9}"#),
            ("V3", #"{"type":"extend","id":9,"ms":1}"#), ("V3", #"{"type":"ack","through":9}"#),
            ("V4", #"{"type":"ack","id":1,"ids":[1]}"#), ("V6", #"{"type":"result","id":1,"failed":[]}"#),
            ("B1", #"{"type":"result","id":1}"#),
            ("V5", #"{"type":"ack","ids":[1],"produce":[{"topic":"t","value":"v"}]}"#),
        ])
    func brokenFrames(rule: String, body: String) throws {
        for framing in [Framing.length, .lines] {
            var play = try Play(framing: framing)
            play.ready()
            play.issue(2)
            play.write(body)
            #expect(play.broken == [rule])
            #expect(play.judge.isBroken)
            play.end(.killed)
            #expect(play.broken == [rule], "nothing is blamed on the end that the check itself brings")
        }
    }

    @Test("a second verdict for an id is found, and the session goes on")
    func twice() throws {
        var play = try Play()
        play.ready()
        play.issue(2)
        play.write(#"{"type":"ack","id":1}"#)
        play.write(#"{"type":"nack","id":1}"#)
        #expect(play.broken == ["V1"])
        play.write(#"{"type":"ack","id":2}"#)
        #expect(play.judge.outstanding.isEmpty && !play.judge.isBroken)
    }

    @Test("indices lie within the batch")
    func indices() throws {
        var play = try Play("batch-plain")
        play.ready()
        play.issue()
        play.write(#"{"type":"result","id":1,"failed":[{"index":3}]}"#)
        #expect(play.broken == ["B2"])
    }

    @Test("going on behind a failure of the same lane is advice, behind one of another lane it is right")
    func lanes() throws {
        for (second, expected) in [(8, ["B5"]), (7, [])] {
            var play = try Play("batch-failures")
            play.ready()
            play.issue()
            play.write(#"{"type":"result","id":1,"failed":[{"index":6},{"index":\#(second),"action":"retry"}]}"#)
            #expect(play.broken == expected)
            #expect(play.judge.findings.allSatisfy { $0.isAdvice })
        }
    }

    @Test("what is wrong before ready, or in it")
    func readiness() throws {
        var play = try Play()
        play.write(#"{"type":"resume"}"#)
        #expect(play.broken == ["H2"])

        play = try Play()
        play.write(#"{"type":"ready","protocol":2,"name":"t"}"#)
        #expect(play.broken == ["H4"])

        play = try Play("newer")
        play.write(#"{"type":"ready","protocol":9,"name":"t","features":["future"]}"#)
        #expect(play.broken == ["H4", "H5"], "a version and a feature that nobody has written down")

        play = try Play()
        play.write(#"{"type":"ready","protocol":1,"name":"t","features":["turbo"]}"#)
        #expect(play.broken == ["H5"])

        play = try Play()
        play.write(#"{"type":"ready","protocol":1,"name":"t","session":"0"}"#)
        #expect(play.broken == ["H7"])

        play = try Play()
        play.write(#"{"type":"init_error","error":"no database"}"#)
        #expect(play.judge.obstacle?.contains("no database") == true)
        play.write(#"{"type":"log","level":"info","message":"m"}"#)
        #expect(play.broken == ["H9"])
    }

    @Test("a session that is chosen is repeated in every frame")
    func sessions() throws {
        var play = try Play()
        play.write(#"{"type":"ready","protocol":1,"name":"t","session":"\#(Play.session)"}"#)
        play.issue(2)
        play.write(#"{"type":"ack","id":1,"session":"\#(Play.session)"}"#)
        #expect(play.broken == [] && play.judge.exercised.contains("H7"))
        play.write(#"{"type":"ack","id":2}"#)
        #expect(play.broken == ["H7"])
    }

    @Test("a cancelled id is owed a verdict, too")
    func cancelled() throws {
        var play = try Play("window")
        play.write(#"{"type":"ready","protocol":1,"name":"t","features":["cancel"]}"#)
        play.issue(3)
        play.judge.cancelled([2])
        play.write(#"{"type":"ack","id":1}"#)
        play.write(#"{"type":"ack","id":3}"#)
        play.giveUp()
        #expect(play.broken == ["V10"])
    }

    @Test("a pong that comes only when all is worked off shows a reader that waits")
    func pongs() throws {
        for (seconds, expected) in [(2 as Int64, ["L8"]), (0, [])] {
            var play = try Play("window")
            play.write(#"{"type":"ready","protocol":1,"name":"t","features":["ping"]}"#)
            play.issue(2)
            play.judge.pinged("n", now: play.now)
            play.now += seconds * 1_000_000_000
            play.write(#"{"type":"ack","through":2}"#)
            play.write(#"{"type":"pong","nonce":"n"}"#)
            play.end()
            #expect(play.broken == expected)
            #expect(play.judge.exercised.contains("L4"))
        }
        var play = try Play("window")
        play.write(#"{"type":"ready","protocol":1,"name":"t","features":["ping"]}"#)
        play.judge.pinged("n", now: play.now)
        play.write(#"{"type":"pong","nonce":"m"}"#)
        play.giveUp()
        #expect(play.broken == ["L4"])
    }

    @Test("plain, strange, plain: only a strange form that fares otherwise is blamed")
    func comparisons() throws {
        for (verdicts, expected) in [
            (["ack", "nack", "ack"], ["J5"]), (["ack", "ack", "ack"], []), (["nack", "nack", "nack"], []),
            (["ack", "nack", "nack"], []),
        ] {
            var play = try Play("unknown-members")
            play.ready()
            play.issue(4)
            for (place, verdict) in verdicts.enumerated() { play.write(#"{"type":"\#(verdict)","id":\#(place + 1)}"#) }
            play.write(#"{"type":"ack","id":4}"#)
            play.end()
            #expect(play.broken == expected, "\(verdicts)")
        }
    }
}
