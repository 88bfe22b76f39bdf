/// What the text writer leaves as it is.
enum LineEnds {
    /// U+0085, U+2028 and U+2029 stay as they are.
    case kept
    /// U+0085, U+2028 and U+2029 become `\u` escapes, as frames of `--framing lines` need.
    case escaped
}

extension OutboundBuffer {
    /// Appends a JSON string, quotes included. The text comes from ourselves or the configuration, and is short.
    mutating func appendQuoted(_ text: String) {
        append(UInt8(ascii: "\""))
        // A Swift string is well-formed UTF-8, so that this cannot answer false.
        _ = appendEscaped(text.utf8.span, lineEnds: .escaped)
        append(UInt8(ascii: "\""))
    }

    /// Appends decimal digits, with a minus sign where it needs one.
    mutating func appendInteger(_ number: Int64) {
        write(room: 20) { target, start in
            var at = start
            if number < 0 {
                target[at] = UInt8(ascii: "-")
                at &+= 1
            }
            var rest = number.magnitude
            var digits = 1
            // The magnitude is below 10^19, so that `bound` cannot overflow.
            var bound: UInt64 = 10
            while rest >= bound {
                digits &+= 1
                bound &*= 10
            }
            var index = at &+ digits &- 1
            while index >= at {
                let (quotient, remainder) = rest.quotientAndRemainder(dividingBy: 10)
                target[index] = UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: remainder)
                rest = quotient
                index &-= 1
            }
            return at &+ digits
        }
    }

    /// Appends the inside of a JSON string. Answers false, with a part already appended, where `bytes` is not UTF-8.
    mutating func appendEscaped(_ bytes: Span<UInt8>, lineEnds: LineEnds) -> Bool {
        var index = 0
        while index < bytes.count {
            if !appendEscapedPiece(of: bytes, from: &index, lineEnds: lineEnds) { return false }
        }
        return true
    }

    /// Appends at most `largestPiece` bytes of `bytes`, escaped, from `index` on, and moves `index` past them. Pieces bound
    /// the room that is asked for in advance (each byte can become six).
    ///
    /// Blocks of 32 plain bytes are tested and copied at once, which the compiler turns into vector code. Other blocks
    /// are done byte by byte, and after several in a row the test is left out for a while: text full of quotes or of
    /// non-ASCII letters then does not pay for tests that fail.
    mutating func appendEscapedPiece(of bytes: Span<UInt8>, from index: inout Int, lineEnds: LineEnds) -> Bool {
        let first = index
        let pieceEnd = min(bytes.count, first &+ Self.largestPiece)
        var reached = first
        var valid = true
        // The last sequence may reach three bytes beyond the piece.
        write(room: (pieceEnd &- first &+ 3) &* 6) { target, start in
            var tests = BlockTests()
            var at = start
            var next = first
            while next < pieceEnd, valid {
                if tests.isDue {
                    // Searching and copying are two loops, so that both become vector code.
                    var plainEnd = next
                    while plainEnd &+ 32 <= pieceEnd, isPlainBlock(bytes, at: plainEnd) { plainEnd &+= 32 }
                    tests.note(found: plainEnd > next)
                    for from in next..<plainEnd {
                        target[at] = bytes[from]
                        at &+= 1
                    }
                    next = plainEnd
                }
                let stop = min(next &+ 32, pieceEnd)
                while next < stop {
                    let byte = bytes[next]
                    if byte >= 0x20, byte < 0x80, byte != 0x22, byte != 0x5C {
                        target[at] = byte
                        at &+= 1
                        next &+= 1
                    } else if byte < 0x80 {
                        at = writeEscape(of: byte, into: &target, at: at)
                        next &+= 1
                    } else {
                        let length = UTF8Sequence.length(in: bytes, at: next)
                        if length == 0 {
                            valid = false
                            break
                        }
                        at = writeSequence(of: bytes, from: next, length: length, lineEnds, into: &target, at: at)
                        next &+= length
                    }
                }
            }
            reached = next
            return at
        }
        index = reached
        return valid
    }

    /// Bytes of input that one piece of a text takes at most.
    static var largestPiece: Int { 16 * 1024 }
}

@inline(__always)
private func writeSequence(
    of bytes: Span<UInt8>, from index: Int, length: Int, _ lineEnds: LineEnds, into target: inout MutableSpan<UInt8>,
    at start: Int
) -> Int {
    if lineEnds == .escaped, let lineEnd = UTF8Sequence.unicodeLineEnd(in: bytes, at: index) {
        return writeUnicodeEscape(lineEnd, into: &target, at: start)
    }
    for offset in 0..<length { target[start &+ offset] = bytes[index &+ offset] }
    return start &+ length
}

/// Whether the 32 bytes at `start` are all ASCII and neither control character, quote nor backslash.
@inline(__always)
func isPlainBlock(_ bytes: Span<UInt8>, at start: Int) -> Bool {
    let block = bytes.extracting(start..<(start &+ 32))
    var marks: UInt8 = 0
    for index in 0..<32 {
        let byte = block[index]
        // The top bit is set by 0x80 and above (the byte itself), below 0x20 (it wraps), and by zero after the exclusive or.
        marks |= byte | (byte &- 0x20) | ((byte ^ 0x22) &- 1) | ((byte ^ 0x5C) &- 1)
    }
    return marks & 0x80 == 0
}

/// Decides when testing a block is worth it: after failures it leaves out 1, 2, 4, then 8 tests.
private struct BlockTests {
    private var toLeaveOut = 0
    private var penalty = 0

    var isDue: Bool {
        @inline(__always)
        mutating get {
            if toLeaveOut == 0 { return true }
            toLeaveOut &-= 1
            return false
        }
    }

    @inline(__always)
    mutating func note(found plainBlock: Bool) {
        if plainBlock {
            penalty = 0
        } else {
            toLeaveOut = penalty
            penalty = min(penalty == 0 ? 1 : penalty &* 2, 8)
        }
    }
}

@inline(never)
private func writeEscape(of byte: UInt8, into target: inout MutableSpan<UInt8>, at start: Int) -> Int {
    let short: UInt8
    switch byte {
    case 0x22, 0x5C: short = byte
    case 0x08: short = UInt8(ascii: "b")
    case 0x09: short = UInt8(ascii: "t")
    case 0x0A: short = UInt8(ascii: "n")
    case 0x0C: short = UInt8(ascii: "f")
    case 0x0D: short = UInt8(ascii: "r")
    default: return writeUnicodeEscape(UInt16(byte), into: &target, at: start)
    }
    target[start] = 0x5C
    target[start &+ 1] = short
    return start &+ 2
}

/// Writes `\u` and four lower-case hexadecimal digits.
func writeUnicodeEscape(_ unit: UInt16, into target: inout MutableSpan<UInt8>, at start: Int) -> Int {
    target[start] = 0x5C
    target[start &+ 1] = UInt8(ascii: "u")
    for index in 0..<4 {
        let digit = UInt8(truncatingIfNeeded: unit >> (12 - 4 * UInt16(index))) & 15
        target[start &+ 2 &+ index] = digit < 10 ? UInt8(ascii: "0") &+ digit : UInt8(ascii: "a") &+ digit &- 10
    }
    return start &+ 6
}
