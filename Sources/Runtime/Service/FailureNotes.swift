import DeliveryCore

/// The last words about records that have failed and may be given up; kept for as long as the record is held.
struct FailureNotes {
    struct Note {
        /// What the handler, or the daemon, said was wrong.
        var error: String
        /// The worker's last lines on stderr; empty where it did not end.
        var stderr = ""
        /// The handler's verdict was that no further attempt can help.
        var wasRejected = false
    }

    private var notes: [RecordSlot: Note] = [:]
    private var slots: [FailedPlace: RecordSlot] = [:]
    private var places: [RecordSlot: FailedPlace] = [:]
    /// With 4 KiB of an error and 4 KiB of stderr lines this bounds what notes may hold to 64 MiB.
    private static let limit = 8_000

    var isEmpty: Bool { notes.isEmpty }

    subscript(slot: RecordSlot) -> Note? { notes[slot] }

    /// The note about the record at this place, and the slot that holds it.
    func note(at place: FailedPlace) -> (slot: RecordSlot, note: Note)? {
        guard let slot = slots[place], let note = notes[slot] else { return nil }
        return (slot, note)
    }

    mutating func keep(_ note: Note, of slot: RecordSlot, at place: FailedPlace) {
        guard notes.count < Self.limit || notes[slot] != nil else { return }
        notes[slot] = note
        slots[place] = slot
        places[slot] = place
    }

    /// The record is given back.
    mutating func forget(_ slot: RecordSlot) {
        notes[slot] = nil
        if let place = places.removeValue(forKey: slot) { slots[place] = nil }
    }
}
