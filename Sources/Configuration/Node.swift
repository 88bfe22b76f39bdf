/// A place in a text file. Both numbers count from 1; a column counts characters, as editors do.
package struct Position: Equatable, Sendable {
    /// The line, from 1.
    package let line: Int
    /// The column, from 1, in characters.
    package let column: Int

    /// A position; both numbers count from 1.
    package init(line: Int, column: Int) {
        self.line = line
        self.column = column
    }
}

/// One node of a configuration file: what a reader of YAML hands over. A value; it owns its text.
package struct Node: Equatable, Sendable {
    /// What a node holds.
    package enum Content: Equatable, Sendable {
        /// A single value; `quoted` tells `"null"` (a text) from `null` (nothing).
        case scalar(String, quoted: Bool)
        /// A list.
        case sequence([Node])
        /// Keys and values in the file's order; a reader has refused repeated keys.
        case mapping([Entry])
    }

    /// One key and its value.
    package struct Entry: Equatable, Sendable {
        /// The key's text.
        package let key: String
        /// Where the key begins.
        package let keyPosition: Position
        /// What belongs to the key.
        package let value: Node

        /// An entry of a mapping.
        package init(key: String, keyPosition: Position, value: Node) {
            self.key = key
            self.keyPosition = keyPosition
            self.value = value
        }
    }

    /// What the node holds.
    package let content: Content
    /// Where the node begins.
    package let position: Position

    /// A node that begins at `position`.
    package init(_ content: Content, at position: Position) {
        self.content = content
        self.position = position
    }

    /// True for a plain scalar that YAML 1.2 (section 10.3.2) reads as "no value": empty, `~`, `null`.
    package var isNull: Bool {
        guard case .scalar(let text, quoted: false) = content else { return false }
        return ["", "~", "null", "Null", "NULL"].contains(text)
    }
}

/// Why a file could not be read: used for the configuration file and for files that hold secrets.
package struct FileProblem: Error, Equatable, Sendable, CustomStringConvertible {
    /// Where in the file; nil when the file as a whole is the problem (it cannot be opened, say).
    package let position: Position?
    /// What is wrong and what to do; never a secret's text.
    package let message: String

    /// A problem at `position`, or with the whole file.
    package init(_ message: String, at position: Position? = nil) {
        self.message = message
        self.position = position
    }

    /// `3:5: text`, or the text alone.
    package var description: String {
        guard let position else { return message }
        return "\(position.line):\(position.column): \(message)"
    }
}
