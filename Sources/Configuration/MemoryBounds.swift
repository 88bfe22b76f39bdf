/// The three sizes that share one budget, in bytes. What only the budget makes too large is made smaller; what the user asked for
/// and the budget does not allow is a contradiction.
struct MemoryBounds {
    let total: Int
    let inFlight: Int
    let frame: Int

    static func resolve(_ values: inout SettingValues) -> MemoryBounds {
        let total = values.integer(.maxMemory)
        var inFlight = values.integer(.maxInFlightBytes)
        var frame = values.integer(.maxFrameBytes)
        if inFlight > total / 2 {
            if values.isGiven(.maxInFlightBytes) {
                values.complain(
                    values.place(.maxInFlightBytes),
                    "max-in-flight-bytes \(SizeText.render(inFlight)) is over half of max-memory \(SizeText.render(total)); "
                        + "raise --max-memory to \(SizeText.render(inFlight * 2)) or lower --max-in-flight-bytes")
            }
            inFlight = total / 2
        }
        if frame > total {
            if values.isGiven(.maxFrameBytes) {
                values.complain(
                    values.place(.maxFrameBytes),
                    "max-frame-bytes \(SizeText.render(frame)) is over max-memory \(SizeText.render(total)); "
                        + "raise --max-memory or lower --max-frame-bytes")
            }
            frame = total
        }
        return MemoryBounds(total: total, inFlight: inFlight, frame: frame)
    }
}
