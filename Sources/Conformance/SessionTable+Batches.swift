import HandlerProtocol

extension SessionTable {
    /// The sessions of batch mode, the plain one first.
    static func batches(_ records: RecordSource, _ maxFrameBytes: Int) -> [Session] {
        [
            Session(
                "batch-plain",
                "single batches, each sent when the one before is answered; end of file without shutdown",
                .batch, rules: ["V1", "V11", "F6", "L1"],
                (0..<3).flatMap { [.deliver([records.batch(0..<3, later: Int64($0) * 100)]), .awaitAnswers] }
                    + [.closeInput]
            ).with {
                $0.isPlain = true
                $0.pressing = (10..<50).map { records.batch(0..<3, later: Int64($0) * 100) }
            },
            single(records), inherited(records), failures(records), thousand(records, maxFrameBytes),
            Session(
                "batch-bytes", "batches in single bytes, and several in one write", .batch, rules: ["F4"],
                [
                    .deliver([records.batch(0..<2)], .bytes),
                    .deliver((1..<6).map { records.batch(0..<$0) }, .cut), .awaitAnswers, .closeInput,
                ]),
            Session(
                "batch-strange", "unknown members, and members in reverse order, in batches and their records", .batch,
                rules: ["J5", "J11"],
                [
                    .deliver(
                        records.batchSandwich(
                            rule: "J5", "with unknown members", records.batch(0..<3, later: 10_000).withUnknownMembers()
                        )
                            + records.batchSandwich(
                                rule: "J11", "with its members in reverse order",
                                records.batch(0..<3, later: 30_000).reversed())), .awaitAnswers, .closeInput,
                ]),
            Session(
                "batch-window", "64 batches are outstanding before the first answer is read", .batch,
                rules: ["V1", "F4"],
                [
                    .reading(.stopped), .deliver((0..<64).map { records.batch(0..<3, later: Int64($0) * 100) }),
                    .awaitWritten, .stall(milliseconds: 20), .reading(.open), .awaitAnswers, .closeInput,
                ]),
            Session(
                "batch-shutdown", "shutdown with 4 batches in flight, then end of file", .batch, rules: ["L2"],
                [
                    .deliver((0..<4).map { records.batch(0..<3, later: Int64($0) * 100) }),
                    .shutdown(reason: "recycle"), .awaitAnswersBriefly, .closeInput,
                ]),
        ]
    }

    private static func single(_ records: RecordSource) -> Session {
        Session(
            "batch-single", "a batch of one record", .batch, rules: ["B7"],
            [
                .deliver(
                    records.batchSandwich(
                        rule: "B7", "because it holds one record alone", records.batch(0..<1, later: 10_000))),
                .awaitAnswers, .closeInput,
            ])
    }

    /// Every way to share the four members; all batches hold the same records.
    private static func inherited(_ records: RecordSource) -> Session {
        let list = records.plain(0..<3, later: 10_000)
        let names = ["topic", "partition", "attempt", "timestamp_type"]
        let shared = list[0].members(records.forms).filter { names.contains($0.name) }
        // Records of a user's file may differ: what is shared is then that of the first one, as a bridge would group them.
        let alike = list.map { record in
            var copy = record
            (copy.topic, copy.partition, copy.timestampType) = (list[0].topic, list[0].partition, list[0].timestampType)
            return copy
        }
        var other = alike[1]
        other.topic = "ackpipe-check-other"
        other.partition = 7
        let all = Set(names)
        let deliveries = [
            Delivery.batch(shared: shared, alike.map { ($0, all) }, records.forms),
            Delivery.batch(
                shared: shared, [(alike[0], all), (other, []), (alike[2], ["topic", "attempt"])], records.forms),
            Delivery.batch(
                shared: shared.filter { $0.name == "partition" }, alike.map { ($0, ["partition"]) }, records.forms),
        ].map { $0.compared(.strange(rule: "B3", what: "with members that its records inherit")) }
        return Session(
            "batch-inherited",
            "records that inherit topic, partition, attempt and timestamp_type, all or some, or none",
            .batch, rules: ["B3"],
            [
                .deliver(
                    [Delivery.batch(alike, records.forms).compared(.plain)] + deliveries
                        + [Delivery.batch(alike, records.forms).compared(.plain)]), .awaitAnswers, .closeInput,
            ])
    }

    /// Records that many handlers refuse, in several lanes.
    private static func failures(_ records: RecordSource) -> Session {
        var list = records.plain(0..<10)
        list[3].value = []
        list[5].value = nil
        list[7].value = [0xFF]
        list[8].value = []
        list[9].value = []
        for place in [4, 6, 8] { list[place].partition = 1 }
        return Session(
            "batch-failures", "records that many handlers refuse, among others, in two lanes", .batch,
            rules: ["B1", "B2", "B5"],
            [
                .deliver([.batch(list, records.forms), .batch([list[3]], records.forms), records.batch(0..<2)]),
                .awaitAnswers, .closeInput,
            ])
    }

    private static func thousand(_ records: RecordSource, _ maxFrameBytes: Int) -> Session {
        var list = records.plain(0..<1_000)
        list[600].value = []
        // A bridge with a small limit makes smaller batches.
        var batch = Delivery.batch(list, records.forms)
        while list.count > 1, batch.body(id: 1, .lines).count > maxFrameBytes {
            list.removeLast(list.count / 2)
            batch = .batch(list, records.forms)
        }
        return Session(
            "batch-thousand", "a batch of \(list.count) records, one of which many handlers refuse", .batch,
            rules: ["V1", "B2"], [.deliver([batch, records.batch(0..<1)]), .awaitAnswers, .closeInput])
    }
}
