/// One librdkafka property (`-X name=value`). Its description never shows a secret.
package struct Property: Equatable, Sendable, CustomStringConvertible, CustomDebugStringConvertible,
    CustomReflectable
{
    /// The property's name, as librdkafka's CONFIGURATION.md lists it.
    package let name: String
    /// The value that librdkafka is to get; what `@FILE` named has been read already.
    package let value: String

    /// A property and its value.
    package init(name: String, value: String) {
        self.name = name
        self.value = value
    }

    /// True where the value must not appear in a log, a message or a printed configuration.
    package var isSecret: Bool {
        let lowered = name.lowercased()
        if lowered.hasPrefix("ssl.key") { return lowered != "ssl.key.location" }
        return Self.secretWords.contains { Self.contains(lowered, $0) }
    }

    /// `name=value`, or `name=****` for a secret.
    package var description: String { "\(name)=\(isSecret ? "****" : value)" }

    /// The same as `description`, so that an interpolated or dumped array of properties shows no secret either.
    package var debugDescription: String { description }

    /// What `dump` and a test's failure show: no secret either.
    package var customMirror: Mirror { Mirror(self, children: ["property": description]) }

    /// `ssl.certificate.pem` may carry the private key behind the certificate, hence all of `.pem`.
    private static let secretWords = [
        "password", "secret", "token", "oauthbearer.config", "jaas", ".pem", "private.key", "assertion",
    ]

    private static func contains(_ text: String, _ word: String) -> Bool {
        var rest = text[...]
        while rest.count >= word.count {
            if rest.hasPrefix(word) { return true }
            rest = rest.dropFirst()
        }
        return false
    }
}
