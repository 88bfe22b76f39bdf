/// What is started for a worker: an argument vector, never a line for a shell.
package struct HandlerCommand: Sendable, Equatable {
    /// `argv`: the program, then its arguments. Not empty.
    package var arguments: [String]
    /// `NAME=value` entries, scrubbed already (`HandlerEnvironment`); the handler gets these and no other.
    package var environment: [String]
    /// Where the protocol is spoken.
    package var channel: Channel

    /// A command with its environment and channel.
    package init(arguments: [String], environment: [String], channel: Channel) {
        self.arguments = arguments
        self.environment = environment
        self.channel = channel
    }
}

/// Which descriptors of the handler carry the protocol, and which are log.
package enum Channel: Sendable, Hashable {
    /// The protocol is on stdin and stdout; stderr is log.
    case standardStreams
    /// The protocol is on descriptors 3 (the handler reads) and 4 (it writes); stdin is the null device, and stdout
    /// and stderr are log.
    case descriptors
}

/// The environment that a handler is started with.
package enum HandlerEnvironment {
    /// The daemon's environment without its own settings (every name that begins with `ACKPIPE_`: they may hold
    /// secrets, and would configure an ackpipe started by the handler) and without the names in `hidden`, then with `setting`
    /// on top, ordered by name.
    ///
    /// An entry without `=` is dropped: no name could be told from it.
    package static func scrubbed(
        _ inherited: [String], hiding hidden: [String] = [], setting: [String: String]
    ) -> [String] {
        let kept = inherited.filter { entry in
            guard let name = name(of: entry) else { return false }
            return !name.hasPrefix("ACKPIPE_") && setting[name] == nil && !hidden.contains(name)
        }
        return kept + setting.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
    }

    /// The value of `name`; the first entry counts, as for getenv(3).
    package static func value(of name: String, in environment: [String]) -> String? {
        let prefix = name + "="
        return environment.first { $0.hasPrefix(prefix) }.map { String($0.dropFirst(prefix.count)) }
    }

    private static func name(of entry: String) -> String? {
        entry.firstIndex(of: "=").map { String(entry[..<$0]) }
    }
}
