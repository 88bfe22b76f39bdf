extension AddressKey {
    /// What only tRPC-Go's producer reads: it holds for the client that writes dead letters.
    static let producing: [AddressKey] = [
        AddressKey("topic", .producer, "nothing; without `topics` it is refused as a mistake for that") {
            (reader, text) throws(ValueProblem) in
            _ = try OptionKind.parseTopic(text)
            reader.tell(.information, "is a producer's key and has no effect; dead letters go to --dead-letter-topic")
        },
        AddressKey("async", .producer, "nothing: dead letters are always confirmed") {
            (reader, text) throws(ValueProblem) in
            reader.tell(.information, "has no effect: a record is settled only when its dead letter is confirmed")
        },
        AddressKey("requiredAcks", .producer, "nothing: always all in-sync replicas (-1); the log says so for 0 and 1")
        {
            (reader, text) throws(ValueProblem) in
            guard try AddressValue.whole(text, -1...1) != -1 else { return }
            reader.tell(
                .information,
                "has no effect: dead letters are written with acks=all, since a weaker one may lose them")
        },
        AddressKey("idempotent", .producer, "nothing: always on; the log says so for false") {
            (reader, text) throws(ValueProblem) in
            guard try !AddressValue.truth(text) else { return }
            reader.tell(.information, "has no effect: dead letters are always written idempotently")
        },
        AddressKey("compression", .producer, "`compression.codec`; absent: none, not gzip") {
            (reader, text) throws(ValueProblem) in
            reader.produce(
                "compression.codec", try AddressValue.word(text, ["none", "gzip", "snappy", "lz4", "zstd"]))
        },
        AddressKey(
            "partitioner", .producer,
            "`partitioner`: `hash` is `fnv1a_random` (sarama's hash; null keys are spread), `random` and `roundrobin` are `random`"
        ) { (reader, text) throws(ValueProblem) in
            let word = try AddressValue.word(text, ["random", "roundrobin", "hash"])
            reader.produce("partitioner", word == "hash" ? "fnv1a_random" : "random")
            if word == "roundrobin" {
                reader.tell(.information, "librdkafka has no round robin; random spreads as evenly")
            }
        },
        AddressKey("maxMessageBytes", .producer, "`message.max.bytes`") { (reader, text) throws(ValueProblem) in
            reader.produce("message.max.bytes", String(try AddressValue.whole(text, 1_000...1_000_000_000)))
        },
        AddressKey(
            "flushMessages", .producer, "`batch.num.messages`; with `flushMaxMessages` the smaller one; 0 is no value"
        ) {
            (reader, text) throws(ValueProblem) in
            try flushCount(&reader, text, other: "flushMaxMessages", isFirst: true)
        },
        AddressKey("flushMaxMessages", .producer, "as `flushMessages`") { (reader, text) throws(ValueProblem) in
            try flushCount(&reader, text, other: "flushMessages", isFirst: false)
        },
        AddressKey("flushBytes", .producer, "`batch.size`; 0 is no value") { (reader, text) throws(ValueProblem) in
            let bytes = try AddressValue.whole(text, 0...Int(Int32.max))
            if bytes > 0 { reader.produce("batch.size", String(bytes)) }
        },
        AddressKey("flushFrequency", .producer, "`linger.ms`; 0 is no value") { (reader, text) throws(ValueProblem) in
            let milliseconds = try AddressValue.whole(text, 0...900_000)
            if milliseconds > 0 { reader.produce("linger.ms", String(milliseconds)) }
        },
    ]

    /// librdkafka has one bound of a batch's messages: the smaller of both keys, which is given once.
    private static func flushCount(
        _ reader: inout AddressReader, _ text: String, other: String, isFirst: Bool
    ) throws(ValueProblem) {
        let own = try AddressValue.whole(text, 0...1_000_000)
        guard own > 0 else { return }
        let twin = reader.text[other].flatMap { Int($0) } ?? 0
        if twin <= 0 || own < twin || (own == twin && isFirst) { reader.produce("batch.num.messages", String(own)) }
    }
}
