/// Decimal digits, eight at a time in one word: the first digit in the lowest byte.
enum Decimal {
    /// Bytes that `write` may touch from where it begins, digits or not.
    static let room = 32

    /// Writes `number` in plain digits at `start` and answers where they end.
    @inline(__always)
    static func write(_ number: UInt64, into target: inout MutableRawSpan, at start: Int) -> Int {
        if number < 100_000_000 { return writeLeading(number, into: &target, at: start) }
        return writeLong(number, into: &target, at: start)
    }

    /// As above, with a minus sign where one is needed.
    @inline(__always)
    static func write(_ number: Int64, into target: inout MutableRawSpan, at start: Int) -> Int {
        guard number < 0 else { return write(UInt64(number), into: &target, at: start) }
        target.put(UInt8(ascii: "-"), at: start)
        return write(number.magnitude, into: &target, at: start &+ 1)
    }

    private static func writeLong(_ number: UInt64, into target: inout MutableRawSpan, at start: Int) -> Int {
        let (upper, lower) = number.quotientAndRemainder(dividingBy: 100_000_000)
        var at = start
        if upper < 100_000_000 {
            at = writeLeading(upper, into: &target, at: at)
        } else {
            let (highest, middle) = upper.quotientAndRemainder(dividingBy: 100_000_000)
            at = writeLeading(highest, into: &target, at: at)
            target.store(digits(middle) | 0x3030_3030_3030_3030, at: at)
            at &+= 8
        }
        target.store(digits(lower) | 0x3030_3030_3030_3030, at: at)
        return at &+ 8
    }

    /// Without leading zeros; `number` is below 10^8.
    @inline(__always)
    private static func writeLeading(_ number: UInt64, into target: inout MutableRawSpan, at start: Int) -> Int {
        let word = digits(number)
        // The last digit is written in any case: 0 is one digit.
        let zeros = (word | 1 << 63).trailingZeroBitCount & ~7
        target.store((word | 0x3030_3030_3030_3030) &>> UInt64(zeros), at: start)
        return start &+ 8 &- zeros / 8
    }

    /// The eight digits of a number below 10^8, each as 0 to 9: halves, then quarters, then single digits side by side.
    @inline(__always)
    private static func digits(_ number: UInt64) -> UInt64 {
        let upper = number / 10_000
        let halves = upper | (number &- upper &* 10_000) << 32
        // x * 10486 >> 20 is x / 100 below 10,000, and x * 103 >> 10 is x / 10 below 100.
        let hundreds = (halves &* 10_486) >> 20 & 0x0000_007F_0000_007F
        let quarters = hundreds | (halves &- hundreds &* 100) << 16
        let tens = (quarters &* 103) >> 10 & 0x000F_000F_000F_000F
        return tens | (quarters &- tens &* 10) << 8
    }
}
