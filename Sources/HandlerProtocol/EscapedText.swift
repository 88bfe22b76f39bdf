/// Writes the inside of JSON strings: 32 plain bytes at a time, and from escape to escape where there are some.
enum EscapedText {
    /// Bytes of room that `count` bytes of text can need: each can become six, the last sequence can reach three bytes beyond
    /// what was asked for, and whole blocks are stored.
    @inline(__always)
    static func room(for count: Int) -> Int { (count &+ 3) &* 6 &+ TextBlock.byteCount }

    /// Copies the plain bytes with which `bytes` begins and answers how many they are, if they are all; else the copied ones
    /// are a multiple of 32.
    @inline(__always)
    static func copyPlain(_ bytes: Span<UInt8>, into target: inout MutableRawSpan, at start: Int) -> Int {
        let count = bytes.count
        var next = 0
        while next &+ 32 <= count {
            let block = bytes.block(at: next)
            // Stored before it is known whether it counts: what does not is written over.
            target.store(block, at: start &+ next)
            if block.specials.isNotZero { return next }
            next &+= 32
        }
        if next == count { return count }
        return copyPlainEnd(bytes, from: next, into: &target, at: start) ? count : next
    }

    /// The same for less than a block at the end, which overlaps what was copied before it.
    @inline(__always)
    private static func copyPlainEnd(
        _ bytes: Span<UInt8>, from next: Int, into target: inout MutableRawSpan, at start: Int
    ) -> Bool {
        let count = bytes.count
        if count >= 32 {
            let block = bytes.block(at: count &- 32)
            target.store(block, at: start &+ count &- 32)
            return !block.specials.isNotZero
        }
        if count >= 8 {
            // One word, or two, three or four of which some overlap.
            var marks: UInt64 = 0
            var at = 0
            while at &+ 8 <= count {
                let word = bytes.word(at: at)
                target.store(word, at: start &+ at)
                marks |= TextWord.specials(word)
                at &+= 8
            }
            let word = bytes.word(at: count &- 8)
            target.store(word, at: start &+ count &- 8)
            return (marks | TextWord.specials(word)) == 0
        }
        var marks: UInt64 = 0
        for place in 0..<count {
            target.put(bytes[place], at: start &+ place)
            marks |= TextWord.specials(UInt64(bytes[place]) | 0x2020_2020_2020_2000)
        }
        return marks == 0
    }

    /// Writes the text from `next` on, up to `stop` or to the end of the sequence that begins before it, and moves `next` and
    /// `at` on. Answers false, standing at the first wrong byte, where it is not UTF-8. The room is `room(for:)`.
    @inline(never)
    static func write(
        _ bytes: Span<UInt8>, from next: inout Int, to stop: Int, _ lineEnds: LineEnds,
        into target: inout MutableRawSpan, at: inout Int
    ) -> Bool {
        var read = next
        var written = at
        var isValid = true
        // Runs are copied in halves of a block from where they begin, which may be the block's last byte.
        while read &+ 48 <= stop {
            let block = bytes.block(at: read)
            var marks = block.specials.bits
            if marks == 0 {
                target.store(block, at: written)
                read &+= 32
                written &+= 32
                continue
            }
            let blockEnd = read &+ 32
            var run = read
            var isASCII = true
            while marks != 0 {
                let special = blockEnd &- 32 &+ marks.trailingZeroBitCount
                marks &= marks &- 1
                written = copyRun(bytes, from: run, to: special, into: &target, at: written)
                let byte = bytes[special]
                run = special
                if byte >= 0x80 {
                    isASCII = false
                    break
                }
                run &+= 1
                written = writeEscape(of: byte, into: &target, at: written)
            }
            if isASCII {
                written = copyRun(bytes, from: run, to: blockEnd, into: &target, at: written)
                read = blockEnd
            } else {
                read = run
                isValid = writeSequences(bytes, from: &read, to: stop, lineEnds, into: &target, at: &written)
                if !isValid { break }
            }
        }
        if isValid { isValid = writeEnd(bytes, from: &read, to: stop, lineEnds, into: &target, at: &written) }
        next = read
        at = written
        return isValid
    }

    /// Copies a run of at most 32 bytes and answers where it ends; more is stored than counts. Most are shorter than 16.
    @inline(__always)
    private static func copyRun(
        _ bytes: Span<UInt8>, from run: Int, to end: Int, into target: inout MutableRawSpan, at written: Int
    ) -> Int {
        target.store(bytes.halfBlock(at: run), at: written)
        if end &- run > 16 { target.store(bytes.halfBlock(at: run &+ 16), at: written &+ 16) }
        return written &+ end &- run
    }

    /// The last bytes, word by word and then one by one.
    private static func writeEnd(
        _ bytes: Span<UInt8>, from next: inout Int, to stop: Int, _ lineEnds: LineEnds,
        into target: inout MutableRawSpan, at: inout Int
    ) -> Bool {
        while next < stop {
            if next &+ 8 <= stop {
                let word = bytes.word(at: next)
                target.store(word, at: at)
                let marks = TextWord.specials(word)
                let plain = marks == 0 ? 8 : marks.trailingZeroBitCount >> 3
                next &+= plain
                at &+= plain
                if plain == 8 { continue }
            }
            let byte = bytes[next]
            if byte >= 0x80 {
                if !writeSequences(bytes, from: &next, to: stop, lineEnds, into: &target, at: &at) { return false }
            } else if byte < 0x20 || byte == 0x22 || byte == 0x5C {
                at = writeEscape(of: byte, into: &target, at: at)
                next &+= 1
            } else {
                target.put(byte, at: at)
                at &+= 1
                next &+= 1
            }
        }
        return true
    }

    /// The sequences that are not ASCII from `next` on.
    @inline(__always)
    private static func writeSequences(
        _ bytes: Span<UInt8>, from next: inout Int, to stop: Int, _ lineEnds: LineEnds,
        into target: inout MutableRawSpan, at: inout Int
    ) -> Bool {
        while next < stop, bytes[next] >= 0x80 {
            let length = UTF8Sequence.length(in: bytes, at: next)
            if length == 0 { return false }
            if lineEnds == .escaped, let lineEnd = UTF8Sequence.unicodeLineEnd(in: bytes, at: next) {
                at = writeUnicodeEscape(lineEnd, into: &target, at: at)
            } else {
                for offset in 0..<length { target.put(bytes[next &+ offset], at: at &+ offset) }
                at &+= length
            }
            next &+= length
        }
        return true
    }

    @inline(__always)
    private static func writeEscape(of byte: UInt8, into target: inout MutableRawSpan, at start: Int) -> Int {
        if byte >= 0x20 {
            target.put(0x5C, at: start)
            target.put(byte, at: start &+ 1)
            return start &+ 2
        }
        return writeEscape(ofControl: byte, into: &target, at: start)
    }

    @inline(never)
    private static func writeEscape(ofControl byte: UInt8, into target: inout MutableRawSpan, at start: Int) -> Int {
        let letter: UInt8
        switch byte {
        case 0x08: letter = UInt8(ascii: "b")
        case 0x09: letter = UInt8(ascii: "t")
        case 0x0A: letter = UInt8(ascii: "n")
        case 0x0C: letter = UInt8(ascii: "f")
        case 0x0D: letter = UInt8(ascii: "r")
        default: return writeUnicodeEscape(UInt16(byte), into: &target, at: start)
        }
        target.put(0x5C, at: start)
        target.put(letter, at: start &+ 1)
        return start &+ 2
    }
}

/// Writes `\u` and four lower-case hexadecimal digits.
func writeUnicodeEscape(_ unit: UInt16, into target: inout MutableRawSpan, at start: Int) -> Int {
    target.put(0x5C, at: start)
    target.put(UInt8(ascii: "u"), at: start &+ 1)
    for index in 0..<4 {
        let digit = UInt8(truncatingIfNeeded: unit >> (12 - 4 * UInt16(index))) & 15
        target.put(
            digit < 10 ? UInt8(ascii: "0") &+ digit : UInt8(ascii: "a") &+ digit &- 10, at: start &+ 2 &+ index)
    }
    return start &+ 6
}
