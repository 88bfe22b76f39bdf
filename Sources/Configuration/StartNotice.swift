/// Something that is not wrong and that an operator should know: a key without an effect, behaviour that differs from what a
/// foreign configuration asks for. For the log, at start. Holds no secret's text.
package struct StartNotice: Equatable, Sendable, CustomStringConvertible {
    /// How much it matters.
    package enum Weight: Equatable, Sendable {
        /// Good to know.
        case information
        /// Behaviour differs, or something is exposed.
        case warning
    }

    /// How much it matters.
    package let weight: Weight
    /// Where it comes from.
    package let place: Place
    /// What is to be known, and what to do about it.
    package let message: String

    /// A notice about `place`.
    package init(_ weight: Weight, _ place: Place, _ message: String) {
        self.weight = weight
        self.place = place
        self.message = message
    }

    /// `--address: text`, `file.yaml:3:5: text`.
    package var description: String { Complaint(place, message).description }
}
