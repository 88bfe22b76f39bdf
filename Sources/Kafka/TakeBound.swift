/// How many records one take from the message queue may bring, so that large ones do not come all at once: the window's
/// bytes are counted only after a take, and a thousand records of 100 KiB would go 100 MB over it.
struct TakeBound: Equatable {
    /// What one take should bring at most, in bytes.
    private static let bytes = 1 << 20

    /// The bytes of a record, on average of the last takes.
    private var average = 0

    /// Records that the next take may bring.
    var records: Int { average == 0 ? 64 : max(1, TakeBound.bytes / average) }

    /// Notes what a take brought. Growing records are believed at once, shrinking ones slowly.
    mutating func note(records: Int, bytes: Int) {
        guard records > 0 else { return }
        let latest = max(1, bytes / records)
        average = latest >= average ? latest : average - (average - latest + 3) / 4
    }
}
