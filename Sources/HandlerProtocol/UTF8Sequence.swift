/// Well-formed UTF-8 as Unicode defines it (table 3-7): no overlong forms, no surrogates, nothing above U+10FFFF.
enum UTF8Sequence {
    /// The length in bytes, 1...4, of the well-formed sequence that begins at `index`, or 0 where there is none.
    @inline(__always)
    static func length(in bytes: Span<UInt8>, at index: Int) -> Int {
        let first = bytes[index]
        if first < 0x80 { return 1 }
        return lengthOfMultibyte(in: bytes, at: index, first: first)
    }

    /// Whether everything from `start` on is well-formed.
    static func isWellFormed(_ bytes: Span<UInt8>, from start: Int) -> Bool {
        var index = start
        while index < bytes.count {
            let length = length(in: bytes, at: index)
            if length == 0 { return false }
            index &+= length
        }
        return true
    }

    private static func lengthOfMultibyte(in bytes: Span<UInt8>, at index: Int, first: UInt8) -> Int {
        let available = bytes.count &- index
        guard first >= 0xC2, first <= 0xF4, available >= 2 else { return 0 }
        let second = bytes[index &+ 1]
        if first < 0xE0 { return isContinuation(second) ? 2 : 0 }
        // The second byte alone tells overlong forms, surrogates and numbers above U+10FFFF.
        let lowest: UInt8 = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80
        let highest: UInt8 = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF
        guard second >= lowest, second <= highest, available >= 3, isContinuation(bytes[index &+ 2]) else { return 0 }
        if first < 0xF0 { return 3 }
        return available >= 4 && isContinuation(bytes[index &+ 3]) ? 4 : 0
    }

    @inline(__always)
    private static func isContinuation(_ byte: UInt8) -> Bool { byte & 0xC0 == 0x80 }

    /// Which line end besides LF and CR begins at `index`: 0x85 (NEL), 0x2028, 0x2029, or nil. Some line readers end a
    /// line at these, so that a frame of `--framing lines` must not hold them.
    @inline(__always)
    static func unicodeLineEnd(in bytes: Span<UInt8>, at index: Int) -> UInt16? {
        if bytes[index] == 0xC2, index &+ 1 < bytes.count, bytes[index &+ 1] == 0x85 { return 0x85 }
        guard bytes[index] == 0xE2, index &+ 2 < bytes.count, bytes[index &+ 1] == 0x80 else { return nil }
        return bytes[index &+ 2] == 0xA8 ? 0x2028 : bytes[index &+ 2] == 0xA9 ? 0x2029 : nil
    }
}
