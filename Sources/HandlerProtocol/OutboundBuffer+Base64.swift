extension OutboundBuffer {
    /// Appends the base64 of `bytes` (RFC 4648 section 4, padded, no line breaks), without quotes.
    ///
    /// Two passes, groups of six bits and then letters: the second becomes vector code, which makes both together twice
    /// as fast as one pass with a table.
    mutating func appendBase64(_ bytes: Span<UInt8>) {
        let count = bytes.count
        writeBytes(room: (count &+ 2) / 3 &* 4) { target, start in
            var at = start
            var index = 0
            while index &+ 3 <= count {
                at = writeSextets(bytes[index], bytes[index &+ 1], bytes[index &+ 2], into: &target, at: at)
                index &+= 3
            }
            if index < count {
                let second = index &+ 1 < count ? bytes[index &+ 1] : 0
                at = writeSextets(bytes[index], second, 0, into: &target, at: at)
            }
            for place in start..<at { target[place] = letter(of: target[place]) }
            if index < count {
                target[at &- 1] = UInt8(ascii: "=")
                if index &+ 1 == count { target[at &- 2] = UInt8(ascii: "=") }
            }
            return at
        }
    }
}

/// Writes 24 bits as four numbers below 64.
@inline(__always)
private func writeSextets(
    _ first: UInt8, _ second: UInt8, _ third: UInt8, into target: inout MutableSpan<UInt8>, at start: Int
) -> Int {
    target[start] = first >> 2
    target[start &+ 1] = (first << 4 | second >> 4) & 63
    target[start &+ 2] = (second << 2 | third >> 6) & 63
    target[start &+ 3] = third & 63
    return start &+ 4
}

/// The letter for a number below 64, without a branch: each run of the alphabet lies at its own distance.
@inline(__always)
private func letter(of sextet: UInt8) -> UInt8 {
    var letter = sextet &+ UInt8(ascii: "A")
    letter = letter &+ (sextet > 25 ? 6 : 0)
    letter = letter &- (sextet > 51 ? 75 : 0)
    letter = letter &- (sextet > 61 ? 15 : 0)
    return letter &+ (sextet > 62 ? 3 : 0)
}
