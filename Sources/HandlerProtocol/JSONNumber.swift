/// Reads numbers out of JSON that a `JSONScanner` has already moved past.
enum JSONNumber {
    /// The largest integer that every JSON library keeps exact: 2^53 - 1.
    static let largestExact: Int64 = (1 << 53) - 1

    /// The value of the number that begins at `start`, where it is exactly an integer in `range`; else nil. `7`, `7.0`
    /// and `70e-1` are the same number: R, Lua and PHP print integers so.
    static func integer(in bytes: Span<UInt8>, from start: Int, range: ClosedRange<Int64>) -> Int64? {
        var at = start
        let isNegative = bytes[at] == UInt8(ascii: "-")
        if isNegative { at &+= 1 }
        // The number is digits * 10^power; zeros wait in `zeros` until a digit other than 0 follows them.
        var digits: UInt64 = 0
        var zeros = 0
        var power = 0
        var isFraction = false
        scan: while at < bytes.count {
            let byte = bytes[at]
            switch byte {
            case UInt8(ascii: "0"):
                zeros &+= 1
                if isFraction { power &-= 1 }
            case UInt8(ascii: "1")...UInt8(ascii: "9"):
                if isFraction { power &-= 1 }
                // Everything in range has 19 digits at most.
                guard let shifted = scaled(digits, byPowerOfTen: digits == 0 ? 1 : zeros &+ 1),
                    case let (sum, overflow) = shifted.addingReportingOverflow(UInt64(byte &- UInt8(ascii: "0"))),
                    !overflow
                else { return nil }
                digits = sum
                zeros = 0
            case UInt8(ascii: "."): isFraction = true
            default: break scan
            }
            at &+= 1
        }
        if digits == 0 { return range.contains(0) ? 0 : nil }
        power &+= zeros
        if at < bytes.count, bytes[at] | 0x20 == UInt8(ascii: "e") { power &+= exponent(in: bytes, from: at &+ 1) }
        guard power >= 0, let magnitude = scaled(digits, byPowerOfTen: power), magnitude <= UInt64(Int64.max) else {
            return nil
        }
        let value = isNegative ? -Int64(magnitude) : Int64(magnitude)
        return range.contains(value) ? value : nil
    }

    /// The number's own text, as a `Double` where that is finite.
    static func double(in bytes: Span<UInt8>, from start: Int) -> Double? {
        var text = ""
        var at = start
        while at < bytes.count, isDigit(bytes[at]) || "+-.eE".utf8.contains(bytes[at]) {
            text.unicodeScalars.append(Unicode.Scalar(bytes[at]))
            at &+= 1
        }
        guard let value = Double(text), value.isFinite else { return nil }
        return value
    }

    private static func exponent(in bytes: Span<UInt8>, from start: Int) -> Int {
        var at = start
        let isNegative = bytes[at] == UInt8(ascii: "-")
        if isNegative || bytes[at] == UInt8(ascii: "+") { at &+= 1 }
        var value = 0
        while at < bytes.count, isDigit(bytes[at]) {
            // Larger than any number of digits that a frame can hold: more makes no difference.
            if value < 1_000_000_000_000 { value = value &* 10 &+ Int(bytes[at] &- UInt8(ascii: "0")) }
            at &+= 1
        }
        return isNegative ? -value : value
    }

    private static func scaled(_ number: UInt64, byPowerOfTen power: Int) -> UInt64? {
        if number == 0 { return 0 }
        guard power <= 19 else { return nil }
        var result = number
        for _ in 0..<power {
            let (product, overflow) = result.multipliedReportingOverflow(by: 10)
            if overflow { return nil }
            result = product
        }
        return result
    }
}
