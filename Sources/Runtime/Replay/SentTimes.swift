/// When each unanswered delivery of one process was handed to it. Its ids count from 1, without gaps.
struct SentTimes {
    /// The id that `times[head]` is of.
    private var first: UInt64 = 1
    private var head = 0
    /// In nanoseconds; -1 is answered.
    private var times: [Int64] = []

    /// The lowest id that may be unanswered.
    var lowest: UInt64 { first }

    /// Every delivery up to `last` that was not known yet was handed over at `time`.
    mutating func add(through last: UInt64, at time: Int64) {
        while first + UInt64(times.count - head) <= last { times.append(time) }
    }

    /// Takes the time of a delivery out; nil where it was taken before, or the id was never given.
    mutating func take(_ id: UInt64) -> Int64? {
        guard id >= first, id - first < UInt64(times.count - head) else { return nil }
        let place = head + Int(id - first)
        let time = times[place]
        times[place] = -1
        while head < times.count, times[head] < 0 {
            head += 1
            first += 1
        }
        if head > 1_024, head * 2 > times.count {
            times.removeSubrange(..<head)
            head = 0
        }
        return time < 0 ? nil : time
    }
}
