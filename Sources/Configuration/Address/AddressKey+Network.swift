extension AddressKey {
    /// How records are fetched and what is known of the cluster.
    static let fetching: [AddressKey] = [
        AddressKey("fetchDefault", .consumer, "`-X fetch.message.max.bytes`; a larger record grows it") {
            (reader, text) throws(ValueProblem) in
            reader.state(property: "fetch.message.max.bytes", String(try AddressValue.whole(text, 1...1_000_000_000)))
        },
        AddressKey(
            "fetchMax", .consumer,
            "`-X fetch.max.bytes`, at least 1000000; soft: a larger record is still read, and none is skipped; 0 is no limit"
        ) { (reader, text) throws(ValueProblem) in
            let bytes = try AddressValue.whole(text, 0...2_147_483_135)
            guard bytes > 0 else { return }
            // librdkafka refuses a value below its message.max.bytes.
            reader.state(property: "fetch.max.bytes", String(max(bytes, 1_000_000)))
            reader.tell(
                .information, about: .property("fetch.max.bytes"),
                "is a soft limit: a larger record is still read and delivered, never skipped"
                    + (bytes < 1_000_000 ? "; 1000000 is the least" : ""))
        },
        AddressKey("maxWaitTime", .consumer, "`-X fetch.wait.max.ms`") { (reader, text) throws(ValueProblem) in
            reader.state(property: "fetch.wait.max.ms", String(try AddressValue.whole(text, 1...300_000)))
        },
        AddressKey(
            "metadataRefreshFrequency", .consumer,
            "`-X topic.metadata.refresh.interval.ms`, from seconds; 0 is never; absent: 120 s, as there"
        ) { (reader, text) throws(ValueProblem) in
            let seconds = try AddressValue.whole(text, 0...3_600)
            reader.state(
                property: "topic.metadata.refresh.interval.ms", seconds == 0 ? "-1" : String(seconds * 1_000))
        },
        AddressKey("metadataFull", .consumer, "`-X topic.metadata.refresh.sparse`, the other way round") {
            (reader, text) throws(ValueProblem) in
            reader.state(
                property: "topic.metadata.refresh.sparse", try AddressValue.truth(text) ? "false" : "true")
        },
        AddressKey(
            "metadataAllowAutoTopicCreation", .consumer, "`-X allow.auto.create.topics`; absent: false, not true"
        ) { (reader, text) throws(ValueProblem) in
            reader.state(property: "allow.auto.create.topics", try AddressValue.truth(text) ? "true" : "false")
        },
        AddressKey("metadataRetryMax", .consumer, "nothing: librdkafka asks until it is answered", unused),
        AddressKey("metadataRetryBackoff", .consumer, "nothing, as `metadataRetryMax`", unused),
    ]

    /// Connections and the group's time limits.
    static let network: [AddressKey] = [
        AddressKey("version", .both, "nothing: librdkafka asks the brokers what they speak") {
            (reader, text) throws(ValueProblem) in
            let parts = text.split(separator: ".", omittingEmptySubsequences: false)
            guard (3...4).contains(parts.count), parts.allSatisfy({ UInt16($0) != nil }) else {
                throw ValueProblem("'\(text)' is not a Kafka version; write it as 2.8.0 or leave the key out")
            }
            reader.tell(.information, "has no effect: librdkafka asks the brokers what they speak")
        },
        AddressKey("groupSessionTimeout", .consumer, "`-X session.timeout.ms`; absent: 45 s, not 10") {
            (reader, text) throws(ValueProblem) in
            reader.state(property: "session.timeout.ms", String(try AddressValue.whole(text, 1...3_600_000)))
        },
        AddressKey(
            "groupRebalanceTimeout", .consumer,
            "half of it is `--revoke-timeout`, 150 s at most: members must also commit and join again in that time"
        ) { (reader, text) throws(ValueProblem) in
            let milliseconds = min(try AddressValue.whole(text, 1...Int.max) / 2, 150_000)
            reader.state(.revokeTimeout, "\(milliseconds)ms")
            reader.tell(
                .information, about: .option(.revokeTimeout),
                "verdicts of a revoked partition are waited for \(milliseconds) ms, then cancelled")
        },
        AddressKey("groupRebalanceRetryMax", .consumer, "nothing: librdkafka joins until it is a member", unused),
        AddressKey("netMaxOpenRequests", .consumer, "`-X max.in.flight`") { (reader, text) throws(ValueProblem) in
            reader.state(property: "max.in.flight", String(try AddressValue.whole(text, 1...1_000_000)))
        },
        AddressKey("netDailTimeout", .consumer, "`-X socket.connection.setup.timeout.ms`, at least 1 s") {
            (reader, text) throws(ValueProblem) in
            let milliseconds = max(try AddressValue.whole(text, 1...Int(Int32.max)), 1_000)
            reader.state(property: "socket.connection.setup.timeout.ms", String(milliseconds))
        },
        AddressKey("netReadTimeout", .consumer, "`-X socket.timeout.ms`; the longer of the two counts") {
            (reader, text) throws(ValueProblem) in
            try socketTimeout(&reader, text, other: "netWriteTimeout")
        },
        AddressKey("netWriteTimeout", .consumer, "as `netReadTimeout`") { (reader, text) throws(ValueProblem) in
            try socketTimeout(&reader, text, other: "netReadTimeout")
        },
    ]

    /// librdkafka has one time limit for requests: the longer of both keys, which is stated once.
    private static func socketTimeout(
        _ reader: inout AddressReader, _ text: String, other: String
    ) throws(ValueProblem) {
        let own = try AddressValue.whole(text, 10...300_000)
        let twin = reader.text[other].flatMap { Int($0) } ?? 0
        if own > twin || (own == twin && other == "netWriteTimeout") {
            reader.state(property: "socket.timeout.ms", String(own))
        }
    }

    /// A whole number that changes nothing here.
    private static let unused: @Sendable (inout AddressReader, String) throws(ValueProblem) -> Void = {
        (reader, text) throws(ValueProblem) in
        _ = try AddressValue.whole(text, 0...Int.max)
        reader.tell(.information, "has no effect: librdkafka goes on until it has what it needs")
    }

    /// Who ackpipe is to the brokers. What is missing is checked once all layers are known.
    static let access: [AddressKey] = [
        AddressKey("user", .both, "`-X sasl.username`") { (reader, text) throws(ValueProblem) in
            reader.state(property: "sasl.username", text)
        },
        AddressKey("password", .both, "`-X sasl.password`; never shown") { (reader, text) throws(ValueProblem) in
            reader.state(property: "sasl.password", text)
            if case .flag = reader.place {
                reader.tell(
                    .warning,
                    "other processes of this machine can read a password on the command line; use the variable "
                        + "ACKPIPE_ADDRESS, the key 'address' of a file, or -X sasl.password=@FILE")
            }
        },
        AddressKey("mechanism", .both, "`-X sasl.mechanism`: `SCRAM-SHA-256`, `SCRAM-SHA-512` or `PLAIN`") {
            (reader, text) throws(ValueProblem) in
            reader.state(
                property: "sasl.mechanism",
                try AddressValue.word(text.uppercased(), ["SCRAM-SHA-256", "SCRAM-SHA-512", "PLAIN"]))
        },
        AddressKey(
            "protocol", .both,
            "`-X security.protocol`, in any case; anything else is refused; absent, with a user: `sasl_plaintext`, and the log says so"
        ) { (reader, text) throws(ValueProblem) in
            let word = text.lowercased()
            guard ["plaintext", "ssl", "sasl_plaintext", "sasl_ssl"].contains(word) else {
                throw ValueProblem(
                    "'\(text)' is not a protocol; use one of: SASL_SSL, SASL_PLAINTEXT, SSL, PLAINTEXT. tRPC-Go would "
                        + "connect without encryption")
            }
            let credentials = ["user", "password", "mechanism"].filter { reader.text[$0] != nil }
            guard word.hasPrefix("sasl_") || credentials.isEmpty else {
                throw ValueProblem(
                    "\(text) has no place for \(credentials.joined(separator: ", ")); write SASL_SSL, or SASL_PLAINTEXT "
                        + "where the network itself is safe")
            }
            reader.state(property: "security.protocol", word)
        },
    ]
}
