import DeliveryCore

/// The last words about records that have failed and may become dead letters; kept for as long as the record is held.
struct FailureNotes {
    struct Note {
        /// What the handler, or the daemon, said was wrong.
        var error: String
        /// The worker's last lines on stderr; empty where it did not end.
        var stderr = ""
    }

    private var notes: [RecordSlot: Note] = [:]
    /// With 4 KiB of an error and 4 KiB of stderr lines this bounds what notes may hold to 64 MiB.
    private static let limit = 8_000

    var isEmpty: Bool { notes.isEmpty }

    subscript(slot: RecordSlot) -> Note? { notes[slot] }

    mutating func keep(_ note: Note, of slot: RecordSlot) {
        guard notes.count < Self.limit || notes[slot] != nil else { return }
        notes[slot] = note
    }

    /// The record is given back.
    mutating func forget(_ slot: RecordSlot) {
        notes[slot] = nil
    }
}
