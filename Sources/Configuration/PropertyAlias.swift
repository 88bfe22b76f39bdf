/// librdkafka's second names for a property: whoever sets both sets one property twice, and the last one wins.
enum PropertyAlias {
    /// Source: librdkafka's CONFIGURATION.md, "Alias for".
    private static let table = [
        "sasl.mechanism": "sasl.mechanisms", "max.in.flight": "max.in.flight.requests.per.connection",
        "max.partition.fetch.bytes": "fetch.message.max.bytes", "compression.type": "compression.codec",
        "linger.ms": "queue.buffering.max.ms", "retries": "message.send.max.retries",
        "delivery.timeout.ms": "message.timeout.ms",
    ]

    /// The one of a property's names that stands for all of them.
    static func canonical(_ name: String) -> String { table[name] ?? name }
}
