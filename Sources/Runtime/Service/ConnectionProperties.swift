import Configuration

/// The properties of `-X` that say how the brokers are reached: a second client of the same cluster has them too, and none
/// of those that are about consuming.
enum ConnectionProperties {
    private static let prefixes = [
        "security.", "sasl.", "ssl.", "enable.ssl.", "enable.sasl.", "resolve.", "api.version.", "plugin.", "socket.",
        "broker.", "reconnect.", "client.",
    ]

    static func among(_ properties: [Property]) -> [(name: String, value: String)] {
        properties.filter { property in prefixes.contains { property.name.hasPrefix($0) } }.map { ($0.name, $0.value) }
    }
}
