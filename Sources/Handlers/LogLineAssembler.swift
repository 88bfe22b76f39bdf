/// One line that a handler logged.
package struct LogLine: Equatable, Sendable {
    /// The line without its end. Bytes that are not UTF-8 are U+FFFD; control characters are as the handler sent them.
    package let text: String
    /// It was longer than `LogLineAssembler.lineLimit`, and its rest was dropped.
    package let isCut: Bool

    /// A line, cut or not.
    package init(text: String, isCut: Bool) {
        self.text = text
        self.isCut = isCut
    }

    /// The text, and the mark of a cut line after it.
    package var marked: String { isCut ? text + " [cut at 16 KiB]" : text }
}

/// Makes lines of what a handler writes to its stderr, and keeps the last ones for the report of its death.
///
/// Memory: one unfinished line, at most 16 KiB, and a tail of at most 8 KiB, whatever the handler writes.
package struct LogLineAssembler {
    /// The most of a line that is kept, in bytes.
    package static let lineLimit = 16 * 1024
    /// The most lines in the tail.
    package static let tailLines = 20
    /// The most bytes in the tail.
    package static let tailBytes = 8 * 1024

    private var partial: [UInt8] = []
    /// The line went over the limit: what follows up to its end is dropped.
    private var isCut = false
    private var tailSize = 0

    /// The last complete lines, oldest first, cut ones marked; at most 20 lines and 8 KiB.
    package private(set) var tail: [String] = []

    /// An assembler that has seen nothing.
    package init() {}

    /// Takes the next bytes, in pieces of any size, and hands over each line that they complete.
    package mutating func append(_ bytes: RawSpan, line: (LogLine) -> Void) {
        var start = 0
        while start < bytes.byteCount {
            var end = start
            while end < bytes.byteCount, unsafe bytes.unsafeLoad(fromByteOffset: end, as: UInt8.self) != 0x0A {
                end += 1
            }
            take(bytes.extracting(start..<end))
            if end < bytes.byteCount { complete(line) }
            start = end + 1
        }
    }

    /// The stream has ended: hands over a last line that has no end.
    package mutating func finish(line: (LogLine) -> Void) {
        if !partial.isEmpty || isCut { complete(line) }
    }

    private mutating func take(_ piece: RawSpan) {
        let room = LogLineAssembler.lineLimit - partial.count
        unsafe piece.extracting(first: room).withUnsafeBytes { block in unsafe partial.append(contentsOf: block) }
        if piece.byteCount > room { isCut = true }
    }

    private mutating func complete(_ line: (LogLine) -> Void) {
        if !isCut, partial.last == 0x0D { partial.removeLast() }
        let kept = isCut ? LogLineAssembler.wholeCharacters(partial[...]) : partial[...]
        let made = LogLine(text: String(decoding: kept, as: UTF8.self), isCut: isCut)
        partial.removeAll(keepingCapacity: true)
        isCut = false
        remember(made.marked)
        line(made)
    }

    private mutating func remember(_ text: String) {
        var entry = text
        if entry.utf8.count > LogLineAssembler.tailBytes {
            let start = Array(entry.utf8.prefix(LogLineAssembler.tailBytes - 3))
            entry = String(decoding: LogLineAssembler.wholeCharacters(start[...]), as: UTF8.self) + "..."
        }
        tail.append(entry)
        tailSize += entry.utf8.count
        while tail.count > LogLineAssembler.tailLines || tailSize > LogLineAssembler.tailBytes {
            tailSize -= tail.removeFirst().utf8.count
        }
    }

    /// Without the first bytes of a UTF-8 character whose rest was cut off.
    private static func wholeCharacters(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        guard let start = bytes.lastIndex(where: { $0 & 0xC0 != 0x80 }) else { return bytes }
        let length =
            switch bytes[start] {
            case 0xF0...: 4
            case 0xE0...: 3
            case 0xC0...: 2
            default: 1
            }
        return bytes.endIndex - start < length ? bytes[..<start] : bytes
    }
}
