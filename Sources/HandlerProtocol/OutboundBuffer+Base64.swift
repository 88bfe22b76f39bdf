extension OutboundBuffer {
    /// Appends the base64 of `bytes` (RFC 4648 section 4, padded, no line breaks), without quotes.
    mutating func appendBase64(_ bytes: Span<UInt8>) {
        let count = bytes.count
        write(room: (count &+ 2) / 3 &* 4) { target, start in
            let alphabet = Base64.alphabet
            var at = start
            var index = 0
            while index &+ 3 <= count {
                let group =
                    UInt32(bytes[index]) << 16 | UInt32(bytes[index &+ 1]) << 8 | UInt32(bytes[index &+ 2])
                target[at] = alphabet[Int(group >> 18)]
                target[at &+ 1] = alphabet[Int(group >> 12 & 63)]
                target[at &+ 2] = alphabet[Int(group >> 6 & 63)]
                target[at &+ 3] = alphabet[Int(group & 63)]
                index &+= 3
                at &+= 4
            }
            guard index < count else { return at }
            let hasTwo = index &+ 2 == count
            let group = UInt32(bytes[index]) << 16 | (hasTwo ? UInt32(bytes[index &+ 1]) << 8 : 0)
            target[at] = alphabet[Int(group >> 18)]
            target[at &+ 1] = alphabet[Int(group >> 12 & 63)]
            target[at &+ 2] = hasTwo ? alphabet[Int(group >> 6 & 63)] : UInt8(ascii: "=")
            target[at &+ 3] = UInt8(ascii: "=")
            return at &+ 4
        }
    }
}

private enum Base64 {
    static var alphabet: InlineArray<64, UInt8> {
        [
            65, 66, 67, 68, 69, 70, 71, 72, 73, 74, 75, 76, 77, 78, 79, 80, 81, 82, 83, 84, 85, 86, 87, 88, 89, 90,
            97, 98, 99, 100, 101, 102, 103, 104, 105, 106, 107, 108, 109, 110, 111, 112, 113, 114, 115, 116, 117, 118,
            119, 120, 121, 122,
            48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 43, 47,
        ]
    }
}
