/// Eight bytes of text at once: which of them a JSON string cannot hold as they are.
///
/// The first byte of a word stands in its lowest bits, as a load on a little-endian machine puts it (Swift for Linux knows no
/// other). SIMD comparisons are left alone: Swift 6.3 makes a loop over the lanes of each.
enum TextWord {
    /// The top bit of each byte that is a control character, a quote, a backslash or not ASCII; no other bits.
    @inline(__always)
    static func specials(_ word: UInt64) -> UInt64 {
        // Sums of seven bits: nothing is carried from one byte to the next.
        let seven = word & 0x7F7F_7F7F_7F7F_7F7F
        let isVisible = seven &+ 0x6060_6060_6060_6060
        let isNotQuote = (seven ^ 0x2222_2222_2222_2222) &+ 0x7F7F_7F7F_7F7F_7F7F
        let isNotBackslash = (seven ^ 0x5C5C_5C5C_5C5C_5C5C) &+ 0x7F7F_7F7F_7F7F_7F7F
        return ~(isVisible & isNotQuote & isNotBackslash & ~word) & 0x8080_8080_8080_8080
    }

    /// Bit i is the top bit of byte i, for a word without other bits than these.
    @inline(__always)
    static func bits(_ tops: UInt64) -> UInt32 {
        UInt32(truncatingIfNeeded: ((tops >> 7) &* 0x0102_0408_1020_4080) >> 56)
    }
}

/// 32 bytes at once, as four words. Loaded and stored whole; arithmetic on it is left alone, since the compiler takes it
/// apart into words and back.
typealias TextBlock = SIMD4<UInt64>

extension TextBlock {
    /// Bytes in a block.
    static var byteCount: Int { 32 }
}

extension Span where Element == UInt8 {
    /// Whether the `count` bytes from `index` on, which must be there, are all such as a JSON string holds as they are. A loop
    /// over a constant number of bytes, which becomes vector code.
    @inline(__always)
    func isPlain(at index: Int, count: Int) -> Bool {
        let bytes = extracting(index..<(index &+ count))
        var marks: UInt8 = 0
        for place in 0..<count {
            let byte = bytes[place]
            // The top bit is set by 0x80 and above (the byte itself), below 0x20 (it wraps), and by zero after the exclusive or.
            marks |= byte | (byte &- 0x20) | ((byte ^ 0x22) &- 1) | ((byte ^ 0x5C) &- 1)
        }
        return marks & 0x80 == 0
    }

    /// Whether the 32 bytes from `index` on are all ASCII and no control characters but 0x7F.
    @inline(__always)
    func isVisibleASCII(at index: Int) -> Bool {
        let bytes = extracting(index..<(index &+ 32))
        var marks: UInt8 = 0
        for place in 0..<32 { marks |= bytes[place] | (bytes[place] &- 0x20) }
        return marks & 0x80 == 0
    }

    /// One bit for each of the 32 bytes from `index` on that a JSON string does not hold as it is.
    @inline(__always)
    func specials(at index: Int) -> UInt32 {
        let bytes = extracting(index..<(index &+ 32))
        return TextWord.bits(TextWord.specials(bytes.wordInside(at: 0)))
            | TextWord.bits(TextWord.specials(bytes.wordInside(at: 8))) << 8
            | TextWord.bits(TextWord.specials(bytes.wordInside(at: 16))) << 16
            | TextWord.bits(TextWord.specials(bytes.wordInside(at: 24))) << 24
    }

    /// The eight bytes from `index` on, which must be there.
    @inline(__always)
    func word(at index: Int) -> UInt64 {
        extracting(index..<(index &+ 8)).wordInside(at: 0)
    }

    /// As `word`; the span is one of at least eight bytes from `index` on, so that no check is left. Becomes one load.
    @inline(__always)
    fileprivate func wordInside(at index: Int) -> UInt64 {
        var word: UInt64 = 0
        for place in 0..<8 { word |= UInt64(self[index &+ place]) << UInt64(8 &* place) }
        return word
    }

    /// The bytes from `index` on, at most eight; where fewer are left, zeros follow them.
    @inline(__always)
    func wordOrRest(at index: Int) -> UInt64 {
        if index &+ 8 <= count { return word(at: index) }
        return rest(at: index)
    }

    @inline(never)
    private func rest(at index: Int) -> UInt64 {
        var word: UInt64 = 0
        var at = index
        while at < count {
            word |= UInt64(self[at]) << UInt64(8 &* (at &- index))
            at &+= 1
        }
        return word
    }

    /// The 32 bytes from `index` on, which must be there.
    @inline(__always)
    func block(at index: Int) -> TextBlock {
        let bytes = extracting(index..<(index &+ 32))
        return TextBlock(
            bytes.wordInside(at: 0), bytes.wordInside(at: 8), bytes.wordInside(at: 16), bytes.wordInside(at: 24))
    }

    /// The 16 bytes from `index` on, which must be there.
    @inline(__always)
    func halfBlock(at index: Int) -> SIMD2<UInt64> {
        let bytes = extracting(index..<(index &+ 16))
        return SIMD2(bytes.wordInside(at: 0), bytes.wordInside(at: 8))
    }
}

extension MutableRawSpan {
    /// Writes a whole block, or a word, at `index`.
    @inline(__always)
    mutating func store(_ block: TextBlock, at index: Int) {
        storeBytes(of: block, toByteOffset: index, as: TextBlock.self)
    }

    @inline(__always)
    mutating func store(_ half: SIMD2<UInt64>, at index: Int) {
        storeBytes(of: half, toByteOffset: index, as: SIMD2<UInt64>.self)
    }

    @inline(__always)
    mutating func store(_ word: UInt64, at index: Int) { storeBytes(of: word, toByteOffset: index, as: UInt64.self) }

    @inline(__always)
    mutating func put(_ byte: UInt8, at index: Int) { storeBytes(of: byte, toByteOffset: index, as: UInt8.self) }

    /// Writes four bytes, the most significant first.
    @inline(__always)
    mutating func putBigEndian(_ number: UInt32, at index: Int) {
        storeBytes(of: number.bigEndian, toByteOffset: index, as: UInt32.self)
    }

    /// Copies all of `bytes` to `index`; writes nothing beyond them.
    @inline(__always)
    mutating func copy(_ bytes: Span<UInt8>, to index: Int) {
        let count = bytes.count
        var at = 0
        while at &+ 32 <= count {
            store(bytes.block(at: at), at: index &+ at)
            at &+= 32
        }
        if at == count { return }
        if count >= 32 {
            // The last block overlaps the one before it.
            store(bytes.block(at: count &- 32), at: index &+ count &- 32)
        } else if count >= 16 {
            store(bytes.halfBlock(at: 0), at: index)
            store(bytes.halfBlock(at: count &- 16), at: index &+ count &- 16)
        } else if count >= 8 {
            store(bytes.word(at: 0), at: index)
            store(bytes.word(at: count &- 8), at: index &+ count &- 8)
        } else {
            for place in 0..<count { put(bytes[place], at: index &+ place) }
        }
    }
}

/// A short constant text that is written with one store of 32 bytes, of which only its own count.
struct Literal: Sendable {
    let block: TextBlock
    let count: Int

    /// At most 32 bytes of UTF-8; what is beyond them is lost.
    init(_ text: String) {
        assert(text.utf8.count <= 32, "a literal is too long: \(text)")
        var words = InlineArray<4, UInt64>(repeating: 0)
        for (place, byte) in text.utf8.prefix(32).enumerated() {
            words[place / 8] |= UInt64(byte) << UInt64(place % 8 * 8)
        }
        block = TextBlock(words[0], words[1], words[2], words[3])
        count = min(text.utf8.count, 32)
    }

    /// The first `count` bytes of a block.
    init(_ block: TextBlock, count: Int) {
        self.block = block
        self.count = count
    }
}

extension MutableRawSpan {
    /// Writes 32 bytes at `index` and answers where the literal ends among them.
    @inline(__always)
    mutating func write(_ literal: Literal, at index: Int) -> Int {
        store(literal.block, at: index)
        return index &+ literal.count
    }
}
