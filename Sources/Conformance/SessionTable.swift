package import HandlerProtocol

/// The sessions of a check.
package enum SessionTable {
    /// A body of so many bytes is sent where `max_frame_bytes` allows it.
    static let largeBody = 16 << 20

    /// The sessions of these modes, the plain one of each first.
    package static func sessions(
        _ modes: [Hello.Mode], records: RecordSource, maxFrameBytes: Int
    ) -> [Session] {
        var sessions: [Session] = []
        if modes.contains(.message) {
            sessions += writing(records) + contents(records) + life(records)
            sessions.append(large(records, maxFrameBytes))
            if !records.given.isEmpty { sessions.append(ofTheUser(records)) }
        }
        if modes.contains(.batch) { sessions += batches(records, maxFrameBytes) }
        return sessions
    }

    private static func large(_ records: RecordSource, _ maxFrameBytes: Int) -> Session {
        let wanted = min(largeBody, maxFrameBytes)
        var record = SampleRecord(offset: 5_000, value: [])
        // What a frame of this record takes without its value; Base64 takes 4 bytes for 3.
        let rest = Delivery.message(record, records.forms).body(id: 2, .length).count
        let room = max(0, wanted - rest)
        record.value = [UInt8](
            repeating: UInt8(ascii: "x"), count: records.forms.value == .base64 ? room / 4 * 3 : room)
        var large = Delivery.message(record, records.forms)
        if let place = large.members.firstIndex(where: { $0.name == "value" }),
            case .text(let text) = large.members[place].value
        {
            large.members[place].value = .raw([UInt8(ascii: "\"")] + text + [UInt8(ascii: "\"")])
        }
        return Session(
            "large", "a frame of \(wanted) bytes, the most that a handler is promised here", rules: ["F2", "F10"],
            [
                .deliver([records.message(0)]), .awaitAnswers, .deliver([large, records.message(1)]), .awaitAnswers,
                .closeInput,
            ])
    }

    private static func ofTheUser(_ records: RecordSource) -> Session {
        Session(
            "records", "every record of the file that --records names", rules: ["V1"],
            [.deliver(records.messages(0..<records.given.count)), .awaitAnswers, .closeInput])
    }

    /// How frames come.
    private static func writing(_ records: RecordSource) -> [Session] {
        [
            Session(
                "plain", "single records, each sent when the one before is answered; end of file without shutdown",
                rules: ["V1", "V11", "F6", "L1"],
                (0..<4).flatMap { [.deliver([records.message($0)]), .awaitAnswers] } + [.closeInput]
            ).with {
                $0.isPlain = true
                $0.pressing = records.messages(10..<50)
            },
            Session(
                "bytes", "frames in single bytes", rules: ["F4"],
                [.deliver(records.messages(0..<4), .bytes), .awaitAnswers, .closeInput]),
            Session(
                "coalesced", "several frames in one write, the last of them cut in the middle", rules: ["F4"],
                [.deliver(records.messages(0..<12), .cut), .awaitAnswers, .closeInput]),
            Session(
                "window", "64 deliveries are outstanding before the first answer is read", rules: ["V1", "F4"],
                [
                    .reading(.stopped), .deliver(records.messages(0..<64)), .awaitWritten, .stall(milliseconds: 20),
                    .reading(.open), .awaitAnswers, .closeInput,
                ]),
            Session(
                "slow-reader", "1,000 deliveries, small pipes, and a bridge that reads a few bytes at a time",
                rules: ["F6", "V1"],
                [
                    .reading(.stopped), .deliver(records.messages(0..<1_000)), .stall(milliseconds: 100),
                    .reading(.slow), .awaitAnswers, .closeInput,
                ]
            ).with {
                $0.maxInFlight = 1_000
                $0.hasSmallPipes = true
            },
        ]
    }

    /// Beginning and end.
    private static func life(_ records: RecordSource) -> [Session] {
        let shutdown: [Step] = [.shutdown(reason: "drain"), .awaitAnswersBriefly, .closeInput]
        return [
            Session(
                "newer", "a bridge that speaks later versions too, with features and members that nobody knows yet",
                rules: ["H4", "H5", "J5"],
                [.deliver(records.messages(0..<3)), .awaitAnswers, .closeInput]
            ).with { $0.isNewerBridge = true },
            Session(
                "end-at-once", "end of file behind hello, before anything is delivered", rules: ["L1"], [.closeInput]
            ).with { $0.awaitsReady = false },
            Session(
                "end-in-flight", "end of file behind 16 deliveries, without shutdown", rules: ["L1"],
                [.deliver(records.messages(0..<16)), .closeInput]),
            Session(
                "shutdown", "shutdown with 16 deliveries in flight, then end of file", rules: ["L2"],
                [.deliver(records.messages(0..<16))] + shutdown),
            Session(
                "cut-off", "end of file inside a frame: it is discarded", rules: ["F8"],
                [.deliver([records.message(0)]), .awaitAnswers, .partial(records.message(1))]),
            Session(
                "cancel", "cancel of deliveries in flight", rules: ["V10", "L8"],
                [
                    .ifChosen(
                        "cancel",
                        [
                            .deliver(records.messages(0..<16)), .cancel([9, 10, 16], reason: "revoked"), .awaitAnswers,
                            .deliver(records.messages(16..<20)), .cancel([17, 18, 19, 20], reason: "future"),
                            .awaitAnswers,
                        ]), .closeInput,
                ]),
            Session(
                "ping", "ping behind 64 deliveries, and to an idle handler", rules: ["L4", "L8"],
                [
                    .ifChosen(
                        "ping",
                        [
                            .deliver(records.messages(0..<64)), .ping(nonce: "5d41402a"), .awaitPongs, .awaitAnswers,
                            .ping(nonce: "\"\\ é"), .ping(nonce: ""), .awaitPongs,
                        ]), .closeInput,
                ]),
        ]
    }
}
