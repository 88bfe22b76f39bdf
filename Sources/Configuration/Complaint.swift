/// Where a setting came from.
package enum Place: Equatable, Sendable, CustomStringConvertible {
    /// The command line as a whole: something is missing, or stands where nothing can.
    case commandLine
    /// A flag, as the user wrote it: `--group` or `-g`.
    case flag(String)
    /// An environment variable.
    case environment(String)
    /// A file; the position is nil where the file as a whole is meant.
    case file(path: String, at: Position?)

    /// The place as it begins a message; empty for the command line as a whole.
    package var description: String {
        switch self {
        case .commandLine: return ""
        case .flag(let name), .environment(let name): return name
        case .file(let path, let position):
            guard let position else { return path }
            return "\(path):\(position.line):\(position.column)"
        }
    }
}

/// One thing that is wrong with the configuration: where, what, and what to do. Holds no secret's text.
package struct Complaint: Equatable, Sendable, CustomStringConvertible {
    /// Where the culprit stands.
    package let place: Place
    /// What is wrong and the remedy.
    package let message: String

    /// A complaint about `place`.
    package init(_ place: Place, _ message: String) {
        self.place = place
        self.message = message
    }

    /// `file.yaml:3:5: text`, `--ack-timeout: text`, `ACKPIPE_GROUP: text`, or the text alone.
    package var description: String {
        let prefix = place.description
        return prefix.isEmpty ? message : "\(prefix): \(message)"
    }
}

/// Everything that is wrong with a command line, its environment and its file, told at once. The exit code is 64.
package struct Complaints: Error, Equatable, Sendable, CustomStringConvertible {
    /// In the order: flags, environment, file, contradictions. Never empty.
    package let list: [Complaint]
    /// What to print after them: where help is to be found, or the help itself when no command was given.
    package let advice: String

    /// One complaint a line, then the advice.
    package var description: String {
        (list.map(\.description) + [advice]).joined(separator: "\n")
    }
}
