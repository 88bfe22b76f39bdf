import Glibc

/// The clock for deadlines: it never jumps. Source: `clock_gettime(2)`, `CLOCK_MONOTONIC`.
package enum MonotonicClock {
    /// Nanoseconds since an arbitrary start (on Linux the boot, time asleep not counted). Any thread.
    package static func nanoseconds() -> Int64 { read(CLOCK_MONOTONIC, unitsASecond: 1_000_000_000) }
}

/// The clock of the calendar: it may jump, also backwards. Source: `clock_gettime(2)`, `CLOCK_REALTIME`.
package enum WallClock {
    /// Milliseconds since 1970-01-01T00:00:00Z, as Kafka's timestamps. Any thread.
    package static func milliseconds() -> Int64 { read(CLOCK_REALTIME, unitsASecond: 1_000) }
}

private func read(_ clock: clockid_t, unitsASecond: Int64) -> Int64 {
    var time = timespec()
    // Fails only for an unknown clock or a bad pointer, and neither is possible here.
    _ = unsafe clock_gettime(clock, &time)
    return Int64(time.tv_sec) * unitsASecond + Int64(time.tv_nsec) / (1_000_000_000 / unitsASecond)
}
