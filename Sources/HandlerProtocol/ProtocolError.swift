/// A handler broke the protocol: its worker is replaced, and nothing that it said in this frame counts.
package struct ProtocolError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The rule of `protocol.md` that was broken; the raw value is its number there and never changes.
    package enum Rule: String, Hashable, Sendable, CaseIterable {
        /// A length that is text, zero, too large or little-endian.
        case frameLength = "F2"
        /// A frame that was begun and not completed within the frame time-out.
        case unfinishedFrame = "F7"
        /// A line longer than a frame may be.
        case lineTooLong = "F10"
        /// Not one JSON object in UTF-8.
        case notOneObject = "J1"
        case repeatedMember = "J2"
        case nestedTooDeep = "J3"
        /// No `type`, or one that is not known or not offered.
        case unknownType = "J4"
        case unknownMember = "J6"
        case notAnInteger = "J8"
        /// A member that is missing or of the wrong type.
        case wrongMember = "J9"
        /// An `action` or `kind` that does not exist.
        case unknownValue = "J14"
        case beforeReady = "H2"
        case secondReady = "H3"
        /// The version in `ready` is not in the range of `hello`: exit code 76, no restart.
        case noCommonVersion = "H4"
        case wrongSession = "H7"
        case afterInitError = "H9"
        /// A verdict or `extend` for an id that was never issued. Found by the core, which knows the ids.
        case unissuedID = "V3"
        case ackSelectors = "V4"
        case misplacedOutput = "V5"
        /// Found by the core, which knows what each id was.
        case resultForMessage = "V6"
        case failedMissing = "B1"
        /// An index outside of the batch (found by the core) or listed twice.
        case wrongIndex = "B2"
    }

    /// The rule that was broken.
    package var rule: Rule
    /// One sentence: what was found, the likely cause, the remedy. No control characters in it.
    package var message: String
    /// The first 200 bytes of the frame, or of what came in its place, made printable.
    package var excerpt: String

    /// Describes a broken rule; `frame` is what was read, of which the first 200 bytes are kept.
    package init(rule: Rule, message: String, frame: Span<UInt8>) {
        self.rule = rule
        self.message = message
        excerpt = Excerpt.of(frame)
    }

    /// Describes a broken rule where the excerpt is made already, or there is none.
    package init(rule: Rule, message: String, excerpt: String) {
        self.rule = rule
        self.message = message
        self.excerpt = excerpt
    }

    /// For the log: rule, sentence and excerpt.
    package var description: String {
        excerpt.isEmpty ? "\(rule.rawValue): \(message)" : "\(rule.rawValue): \(message) [\(excerpt)]"
    }
}
