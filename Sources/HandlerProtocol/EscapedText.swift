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
        // Stored before it is known whether it counts: what does not is written over.
        while next &+ 64 <= count {
            target.store(bytes.block(at: next), at: start &+ next)
            target.store(bytes.block(at: next &+ 32), at: start &+ next &+ 32)
            if !bytes.isPlain(at: next, count: 64) { return next }
            next &+= 64
        }
        if next &+ 32 <= count {
            target.store(bytes.block(at: next), at: start &+ next)
            if !bytes.isPlain(at: next, count: 32) { return next }
            next &+= 32
        }
        if next == count { return count }
        return copyPlainEnd(bytes, into: &target, at: start) ? count : next
    }

    /// The same for less than a block at the end, which overlaps what was copied before it.
    @inline(__always)
    private static func copyPlainEnd(
        _ bytes: Span<UInt8>, into target: inout MutableRawSpan, at start: Int
    ) -> Bool {
        let count = bytes.count
        if count >= 32 {
            target.store(bytes.block(at: count &- 32), at: start &+ count &- 32)
            return bytes.isPlain(at: count &- 32, count: 32)
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

    /// How far a text was written.
    struct Progress {
        /// The byte of the text, and of the target, that is next.
        var next: Int
        var at: Int
        /// False where `next` is the first byte that is not UTF-8.
        var isValid = true
    }

    /// Writes the text from where `begin` says, up to `stop` or to the end of the sequence that begins before it. The room is
    /// `room(for:)`.
    @inline(never)
    static func write(
        _ bytes: Span<UInt8>, _ begin: Progress, to stop: Int, _ lineEnds: LineEnds,
        into target: inout MutableRawSpan
    ) -> Progress {
        var progress = begin
        // Runs are copied in halves of a block from where they begin, which may be behind the block's last byte.
        // Clean blocks come in rows: after one the next is tested as a whole, which is quicker than to find each place.
        var wasPlain = true
        while progress.next &+ 48 <= stop {
            var run = progress.next
            let blockEnd = run &+ 32
            if wasPlain, bytes.isPlain(at: run, count: 32) {
                target.store(bytes.block(at: run), at: progress.at)
                progress.next = blockEnd
                progress.at &+= 32
                continue
            }
            var marks = bytes.specials(at: run)
            wasPlain = marks == 0
            var isASCII = true
            while marks != 0 {
                let special = blockEnd &- 32 &+ marks.trailingZeroBitCount
                marks &= marks &- 1
                progress.at = copyRun(bytes, from: run, to: special, into: &target, at: progress.at)
                let byte = bytes[special]
                run = special
                if byte >= 0x80 {
                    isASCII = false
                    break
                }
                run &+= 1
                progress.at = writeEscape(of: byte, into: &target, at: progress.at)
            }
            if isASCII {
                progress.at = copyRun(bytes, from: run, to: blockEnd, into: &target, at: progress.at)
                progress.next = blockEnd
            } else {
                progress.next = run
                progress = writeSequences(bytes, progress, to: stop, lineEnds, into: &target)
                if !progress.isValid { return progress }
            }
        }
        return writeEnd(bytes, progress, to: stop, lineEnds, into: &target)
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
    @inline(__always)
    private static func writeEnd(
        _ bytes: Span<UInt8>, _ begin: Progress, to stop: Int, _ lineEnds: LineEnds,
        into target: inout MutableRawSpan
    ) -> Progress {
        var progress = begin
        while progress.next < stop {
            if progress.next &+ 8 <= stop {
                let word = bytes.word(at: progress.next)
                target.store(word, at: progress.at)
                let marks = TextWord.specials(word)
                let plain = marks == 0 ? 8 : marks.trailingZeroBitCount >> 3
                progress.next &+= plain
                progress.at &+= plain
                if plain == 8 { continue }
            }
            let byte = bytes[progress.next]
            if byte >= 0x80 {
                progress = writeSequences(bytes, progress, to: stop, lineEnds, into: &target)
                if !progress.isValid { return progress }
                continue
            }
            if byte < 0x20 || byte == 0x22 || byte == 0x5C {
                progress.at = writeEscape(of: byte, into: &target, at: progress.at)
            } else {
                target.put(byte, at: progress.at)
                progress.at &+= 1
            }
            progress.next &+= 1
        }
        return progress
    }

    /// The sequences that are not ASCII, and single letters between them: text that is not English has a space every few letters.
    @inline(__always)
    private static func writeSequences(
        _ bytes: Span<UInt8>, _ begin: Progress, to stop: Int, _ lineEnds: LineEnds, into target: inout MutableRawSpan
    ) -> Progress {
        var progress = begin
        while progress.next < stop {
            let first = bytes[progress.next]
            if first < 0x80 {
                guard first == 0x20 else { return progress }
                target.put(first, at: progress.at)
                progress.next &+= 1
                progress.at &+= 1
                continue
            }
            let length = UTF8Sequence.length(in: bytes, at: progress.next)
            if length == 0 {
                progress.isValid = false
                return progress
            }
            if lineEnds == .escaped, let lineEnd = UTF8Sequence.unicodeLineEnd(in: bytes, at: progress.next) {
                progress.at = writeUnicodeEscape(lineEnd, into: &target, at: progress.at)
            } else if length == 2 {
                target.put(first, at: progress.at)
                target.put(bytes[progress.next &+ 1], at: progress.at &+ 1)
                progress.at &+= 2
            } else {
                for offset in 0..<length {
                    target.put(bytes[progress.next &+ offset], at: progress.at &+ offset)
                }
                progress.at &+= length
            }
            progress.next &+= length
        }
        return progress
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
