import DeliveryCore

/// What happened: a hash of all of it, and the last lines where somebody wants to read them.
struct Trace {
    let isKept: Bool
    private(set) var lines: [String] = []
    /// FNV-1a over everything that was noted: two runs of one seed end with the same hash.
    private(set) var hash: UInt64 = 0xCBF2_9CE4_8422_2325

    init(isKept: Bool) { self.isKept = isKept }

    /// Numbers are hashed always; the text is made only where it is kept, since telling takes most of the time.
    mutating func note(_ now: Instant, _ numbers: Int..., text: @autoclosure () -> String) {
        mix(UInt64(bitPattern: now.nanoseconds))
        for number in numbers { mix(UInt64(bitPattern: Int64(number))) }
        guard isKept else { return }
        let microseconds = String(now.nanoseconds / 1_000)
        let padded = String(repeating: "0", count: max(0, 4 - microseconds.count)) + microseconds
        lines.append("\(padded.dropLast(3)).\(padded.suffix(3)) \(text())")
        if lines.count > 20_000 { lines.removeFirst(10_000) }
    }

    private mutating func mix(_ number: UInt64) { hash = (hash ^ number) &* 0x0000_0100_0000_01B3 }
}
