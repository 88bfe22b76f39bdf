import HandlerProtocol

extension SessionTable {
    /// What frames hold.
    static func contents(_ records: RecordSource) -> [Session] {
        [
            nulls(records), base64(records), forms(records), text(records), unknownMembers(records),
            unknownFrames(records), unknownWords(records), order(records), redelivered(records), lookalikes(records),
        ]
    }

    private static func session(
        _ name: String, _ title: String, rules: [String], _ deliveries: [Delivery]
    ) -> Session {
        Session(name, title, rules: rules, [.deliver(deliveries), .awaitAnswers, .closeInput])
    }

    private static func nulls(_ records: RecordSource) -> Session {
        var record = SampleRecord(offset: 1, key: nil, value: nil)
        record.timestamp = nil
        record.timestampType = "none"
        record.headers = [.init(Array("note".utf8), nil), .init("", ""), .init("note", "")]
        let empty = SampleRecord(offset: 2, key: [], value: [])
        var noKey = records.plain(3)
        noKey.key = nil
        let absent = records.sandwich(rule: "J7", "null in members that are optional", of: 4) { plain in
            var strange = plain
            strange.members.append(.init("redelivered", .null))
            strange.members.append(.init("meta", .null))
            return strange
        }
        return session(
            "nulls", "null and empty keys, values, headers and timestamps; null in optional members", rules: ["J7"],
            [record, empty, noKey].map { .message($0, records.forms) } + absent)
    }

    private static func base64(_ records: RecordSource) -> Session {
        let values: [[UInt8]] = [
            [0xFF], [0xFF, 0xFE], [0xFF, 0xEF, 0x00], Array(0...255),
            Array("\(RecordSource.mark)".utf8) + [0xC3, 0x28],
        ]
        let deliveries = values.enumerated().map { number, value in
            var record = SampleRecord(offset: Int64(number), key: [0xC3, 0x28], value: value)
            record.headers = [.init([0xFE], value), .init(Array("blob".utf8), value), .init([0xFE], nil)]
            return Delivery.message(record, PayloadForms(key: .base64, value: .base64))
        }
        var empty = SampleRecord(offset: 9, key: [], value: [])
        empty.headers = [.init("trace", "a")]
        return session(
            "base64", "keys, values, names and values of headers as Base64", rules: ["J12"],
            deliveries + [.message(empty, PayloadForms(key: .base64, value: .base64))])
    }

    private static func forms(_ records: RecordSource) -> Session {
        let values = ["{\"total\":12.50,\"serial\":12345678901234567890}", "null", "\"\"", "[]", "-0.0e-7", "true"]
        let forms: [PayloadForms] = [
            .init(key: .json, value: .json), .init(key: .auto, value: .json), .init(key: .base64, value: .auto),
        ]
        let deliveries = values.enumerated().map { number, value in
            Delivery.message(
                SampleRecord(offset: Int64(number), key: Array("{\"k\":7}".utf8), value: Array(value.utf8)),
                forms[number % forms.count])
        }
        return session(
            "forms", "keys and values in each of their forms: text, Base64, JSON, null", rules: ["J13"], deliveries)
    }

    private static func text(_ records: RecordSource) -> Session {
        let deep = String(repeating: "[", count: 60) + String(repeating: "]", count: 60)
        let values = [
            "größe 5 € 😀 / \\ \"q\" \n\r\t\u{1}\u{7f}", "\u{2028}\u{2029}\u{85}\u{feff}\u{fffe}\u{10ffff}", "\u{0}",
            "\\u0041\\n",
            "null", "}]},{\"id\":7", deep, String(repeating: "\\\"", count: 4_000), " ", "12345678901234567890",
        ]
        let deliveries = values.enumerated().map { number, value in
            var record = SampleRecord(
                offset: 1 << 53 + Int64(number) * 1_000, key: Array(value.utf8), value: Array(value.utf8))
            record.partition = .max
            record.timestamp = 253_402_300_800_000
            record.headers = [.init(value, value)]
            return Delivery.message(record, records.forms)
        }
        var nested = records.message(0)
        nested.members.append(.init("x_deep", .raw(Array(deep.utf8))))
        return session(
            "text", "characters of every kind, raw and escaped, deep nesting, large numbers", rules: ["J1", "F9"],
            deliveries + [nested])
    }

    private static func unknownMembers(_ records: RecordSource) -> Session {
        session(
            "unknown-members", "members that no version of the protocol has", rules: ["J5"],
            records.sandwich(rule: "J5", "with unknown members") { $0.withUnknownMembers() }
                + [records.message(4).withUnknownMembers()])
    }

    private static func unknownFrames(_ records: RecordSource) -> Session {
        let frames: [Step] = [
            .control(.object([.init("type", .string("future")), .init("id", .integer(1))])),
            .control(
                .object([
                    .init("type", .string("x_messages")),
                    .init("messages", .list([.object([.init("type", .string("message")), .init("id", .integer(2))])])),
                ])),
            .control(.object([.init("type", .string(""))])),
            .control(.object([.init("type", .string("MESSAGE")), .init("id", .integer(3))])),
        ]
        return Session(
            "unknown-frames", "frames of types that no version of the protocol has", rules: ["J10"],
            frames + [.deliver(records.messages(0..<2))] + frames
                + [.deliver(records.messages(2..<4)), .awaitAnswers] + frames + [.closeInput])
    }

    private static func unknownWords(_ records: RecordSource) -> Session {
        let deliveries = records.sandwich(rule: "J10", "with \"timestamp_type\":\"future\"") { plain in
            var strange = plain
            strange.members = strange.members.map {
                $0.name == "timestamp_type" ? .init($0.name, .string("future")) : $0
            }
            return strange
        }
        return Session(
            "unknown-words", "values of timestamp_type and of shutdown's reason that nobody knows yet", rules: ["J10"],
            [.deliver(deliveries), .awaitAnswers, .shutdown(reason: "future"), .closeInput])
    }

    private static func order(_ records: RecordSource) -> Session {
        let members = records.sandwich(rule: "J11", "with its members in reverse order") { $0.reversed() }
        return session(
            "order", "members in reverse order, type last", rules: ["J11"],
            members + [records.message(5).withUnknownMembers().reversed(), records.message(6)])
    }

    private static func redelivered(_ records: RecordSource) -> Session {
        var again = records.plain(0)
        again.isRedelivered = true
        var third = again
        third.attempt = 3
        return Session(
            "redelivered", "the same record again, under a new id, as a suspect and as a third attempt", rules: ["V1"],
            [
                .deliver([records.message(0), records.message(1)]), .awaitAnswers,
                .deliver([again, third].map { .message($0, records.forms) }), .awaitAnswers, .closeInput,
            ])
    }

    /// Values that would be a verdict, a frame or a log line if somebody printed them.
    private static func lookalikes(_ records: RecordSource) -> Session {
        let verdict = "{\"type\":\"ack\",\"id\":5,\(RecordSource.forgedMember)}"
        let length = verdict.utf8.count
        let values = [
            verdict, "\n\(verdict)\n", "\u{0}\u{0}\u{0}\(Unicode.Scalar(UInt8(length)))\(verdict)",
            "Traceback (most recent call last): \(RecordSource.mark)", "\(RecordSource.mark)\n",
        ]
        let deliveries = values.enumerated().map { number, value in
            var record = SampleRecord(offset: Int64(number), key: Array(value.utf8), value: Array(value.utf8))
            record.headers = [.init(value, value)]
            return Delivery.message(record, records.forms)
        }
        return Session(
            "lookalikes", "records that look like verdicts, frames and log lines", rules: ["S1"],
            [.deliver(deliveries + records.messages(10..<12)), .awaitAnswers, .closeInput])
    }
}
