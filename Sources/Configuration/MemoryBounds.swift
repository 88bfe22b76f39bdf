/// The three sizes that share one budget, in bytes. What only the budget makes too large is made smaller; what the user asked for
/// and the budget does not allow is a contradiction.
struct MemoryBounds {
    let total: Int
    let inFlight: Int
    let frame: Int

    /// The least that a service can do with, in bytes.
    static let least = 1 << 24

    /// The bounds of one of `sharers` services that share the budget evenly.
    static func resolve(_ values: inout SettingValues, sharers: Int = 1) -> MemoryBounds {
        let budget = values.integer(.maxMemory)
        let total = max(budget / sharers, least)
        if budget / sharers < least, values.isGiven(.maxMemory) {
            values.complain(
                values.place(.maxMemory),
                "max-memory \(SizeText.render(budget)) is less than \(SizeText.render(least)) for each of the \(sharers) services "
                    + "that share it; raise it to \(SizeText.render(least * sharers)), or run fewer of them with --service"
            )
        }
        let bound =
            sharers == 1
            ? "max-memory \(SizeText.render(total))"
            : "a service's share of max-memory (\(SizeText.render(budget)) over \(sharers) services)"
        var inFlight = values.integer(.maxInFlightBytes)
        var frame = values.integer(.maxFrameBytes)
        if inFlight > total / 2 {
            if values.isGiven(.maxInFlightBytes) {
                values.complain(
                    values.place(.maxInFlightBytes),
                    "max-in-flight-bytes \(SizeText.render(inFlight)) is over half of \(bound); raise --max-memory "
                        + "to \(SizeText.render(inFlight * 2 * sharers)) or lower --max-in-flight-bytes")
            }
            inFlight = total / 2
        }
        if frame > total {
            if values.isGiven(.maxFrameBytes) {
                values.complain(
                    values.place(.maxFrameBytes),
                    "max-frame-bytes \(SizeText.render(frame)) is over \(bound); raise --max-memory or "
                        + "lower --max-frame-bytes")
            }
            frame = total
        }
        return MemoryBounds(total: total, inFlight: inFlight, frame: frame)
    }
}
