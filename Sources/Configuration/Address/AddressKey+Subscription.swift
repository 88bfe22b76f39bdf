extension AddressKey {
    /// Who reads what, from where on.
    static let subscription: [AddressKey] = [
        AddressKey("topics", .consumer, "`--topic`") { (reader, text) throws(ValueProblem) in
            reader.attempt(.topic)
            let pieces = text.split(separator: ",", omittingEmptySubsequences: false)
            let names = pieces.map(AddressText.trimmed)
            guard !names.contains("") else {
                throw ValueProblem("holds an empty name, to which tRPC-Go would subscribe; write TOPIC[,TOPIC...]")
            }
            if zip(pieces, names).contains(where: { $0.0 != $0.1 }) {
                reader.tell(.information, "the spaces around names are left out; tRPC-Go would subscribe to them")
            }
            for name in names { reader.state(.topic, String(name)) }
        },
        AddressKey("group", .consumer, "`--group`") { (reader, text) throws(ValueProblem) in
            reader.state(.group, text)
        },
        AddressKey("clientid", .both, "`-X client.id`; absent or `trpcgo`: the group, as there") {
            (reader, text) throws(ValueProblem) in
            if text != "trpcgo" { reader.state(property: "client.id", text) }
        },
        AddressKey(
            "strategy", .consumer, "`-X partition.assignment.strategy`; `sticky` is `cooperative-sticky`"
        ) { (reader, text) throws(ValueProblem) in
            let word = try AddressValue.word(text, ["sticky", "range", "roundrobin"])
            reader.state(
                property: "partition.assignment.strategy", word == "sticky" ? "cooperative-sticky" : word)
        },
        AddressKey("initial", .consumer, "`--from`; absent: `earliest`, not `newest`, and the log says so") {
            (reader, text) throws(ValueProblem) in
            reader.attempt(.from)
            let word = try AddressValue.word(text, ["newest", "oldest"])
            reader.state(.from, word == "newest" ? "latest" : "earliest")
            if word == "newest" {
                reader.tell(
                    .information, about: .option(.from),
                    "as in tRPC-Go, what is written to a new partition before it is found is skipped; oldest skips nothing"
                )
            }
        },
        AddressKey(
            "isolationLevel", .consumer,
            "`-X isolation.level`; absent: `read_committed`, not `ReadUncommitted`, and the log says so"
        ) { (reader, text) throws(ValueProblem) in
            let word = try AddressValue.word(text, ["ReadUncommitted", "ReadCommitted"])
            reader.state(
                property: "isolation.level", word == "ReadCommitted" ? "read_committed" : "read_uncommitted")
        },
        AddressKey("discover", .both, "refused: there is no name service here", noNameService),
        AddressKey("namespace", .both, "refused, as `discover`", noNameService),
    ]

    private static let noNameService: @Sendable (inout AddressReader, String) throws(ValueProblem) -> Void = {
        (_, _) throws(ValueProblem) in
        throw ValueProblem("ackpipe asks no name service (Polaris); write the brokers' HOST:PORT before '?'")
    }

    /// How records are handed over, and what becomes of those that fail.
    static let delivery: [AddressKey] = [
        AddressKey("batch", .consumer, "above 0: `--mode batch` and `--batch-size`; else `--mode message`") {
            (reader, text) throws(ValueProblem) in
            let size = try AddressValue.whole(text, Int.min...100_000)
            reader.state(.mode, size > 0 ? "batch" : "message")
            guard size > 0 else { return }
            reader.state(.batchSize, String(size))
            // A batch must fit the window, whose default is 10,000 records.
            if size > 10_000 { reader.imply(.maxTotalInFlight, String(size)) }
        },
        AddressKey(
            "batchFlush", .consumer,
            "`--batch-linger`, from the batch's first record; absent, with `batch`: 2 s, as there"
        ) { (reader, text) throws(ValueProblem) in
            let milliseconds = try AddressValue.whole(text, 0...60_000)
            reader.state(.batchLinger, "\(milliseconds)ms")
            if (reader.text["batch"].flatMap { Int($0) } ?? 0) <= 0 {
                reader.tell(.information, "has no effect without batch, as in tRPC-Go")
            }
        },
        AddressKey(
            "maxRetry", .both,
            "`--max-attempts`: N is N + 1, a negative number 1, 0 for ever; then `--on-exhausted`, and the log says so"
        ) { (reader, text) throws(ValueProblem) in
            let retries = try AddressValue.whole(text, Int.min...999_999)
            guard retries != 0 else { return }
            let attempts = max(retries, 0) + 1
            reader.state(.maxAttempts, String(attempts))
            let times = attempts == 1 ? "1 failed attempt" : "\(attempts) failed attempts"
            reader.tell(
                .warning, about: .option(.maxAttempts),
                "after \(times) a record goes the way of --on-exhausted (dead-letter where --dead-letter-topic is given, "
                    + "else stop); tRPC-Go would mark it as done, which loses it")
        },
        AddressKey("retryInterval", .both, "`--retry-backoff` of this length each time; absent: 3 s, as there") {
            (reader, text) throws(ValueProblem) in
            let milliseconds = max(try AddressValue.whole(text, 0...86_400_000), 1)
            reader.state(.retryBackoff, "\(milliseconds)ms..\(milliseconds)ms")
            reader.state(.retryJitter, "0")
        },
        AddressKey("limiterRate", .consumer, "`--rate`; 0 is refused, since it would deliver nothing") {
            (reader, text) throws(ValueProblem) in
            let rate = try AddressValue.decimal(text)
            guard Double(rate) != 0 else {
                throw ValueProblem("0 would deliver nothing; leave the key out for no limit")
            }
            let burst = reader.text["limiterBurst"].flatMap { Int($0) } ?? 0
            reader.state(.rate, burst > 0 ? "\(rate)/s:\(burst)" : "\(rate)/s")
            if burst == 0 {
                reader.tell(
                    .information, about: .option(.rate),
                    "without limiterBurst the burst is one second's records; tRPC-Go would leave and join the group again and again"
                )
            }
        },
        AddressKey("limiterBurst", .consumer, "the burst of `--rate`; absent or 0: one second's records") {
            (reader, text) throws(ValueProblem) in
            _ = try AddressValue.whole(text, 0...1_000_000_000)
            guard reader.text["limiterRate"] != nil else {
                throw ValueProblem("needs limiterRate; alone it would stop after the burst for ever")
            }
        },
        AddressKey("trpcMeta", .both, "`--trpc-meta`") { (reader, text) throws(ValueProblem) in
            reader.state(.trpcMeta, try AddressValue.truth(text) ? "true" : "false")
        },
        AddressKey("maxProcessingTime", .consumer, "nothing: a slow handler never costs the partition") {
            (reader, text) throws(ValueProblem) in
            _ = try AddressValue.whole(text, 0...Int.max)
            reader.tell(
                .information,
                "has no effect: a slow handler never costs the partition; --ack-timeout says how long is too long")
        },
    ]
}
