import Configuration
import Glibc
import Reactor

/// Reads a file line by line, however large it is: it holds one line at a time. One thread; blocks as a disk does.
struct LineReader {
    /// The longest line that is read, in bytes. The 5 MB that a partition keeps, each byte spelt `\u00XX`, are shorter.
    static let longestLine = 32 << 20

    /// The line that was read last, counted from 1.
    private(set) var number = 0
    /// Bytes of the file that the lines so far took, their ends included.
    private(set) var position = 0

    private let path: String
    private let descriptor: Int32
    private var buffer = [UInt8](repeating: 0, count: 256 << 10)
    /// What was read and not taken yet is `buffer[start..<end]`.
    private var start = 0
    private var end = 0
    private var offset = 0
    private var isAtEnd = false

    /// Reads from the beginning; `descriptor`, of a regular file, stays the caller's, and its own offset is not used.
    init(path: String, descriptor: Int32) {
        self.path = path
        self.descriptor = descriptor
    }

    /// Lends the next line, without its LF, to `body`, with its number; answers false at the end. The last line may
    /// lack its LF.
    mutating func next(_ body: (Span<UInt8>, Int) throws(LoadFault) -> Void) throws(LoadFault) -> Bool {
        var searched = start
        while true {
            if let newline = LineReader.newline(in: buffer.span, from: searched, to: end) {
                try take(upTo: newline, endLength: 1, body)
                return true
            }
            if isAtEnd {
                guard start < end else { return false }
                try take(upTo: end, endLength: 0, body)
                return true
            }
            // Reading moves what is left to the front.
            searched = end - start
            try read()
        }
    }

    private mutating func take(
        upTo stop: Int, endLength: Int, _ body: (Span<UInt8>, Int) throws(LoadFault) -> Void
    ) throws(LoadFault) {
        let line = start..<stop
        start = stop + endLength
        number += 1
        position += line.count + endLength
        try body(buffer.span.extracting(line), number)
    }

    /// Moves what is left to the front, makes room and reads once.
    private mutating func read() throws(LoadFault) {
        if start > 0 {
            buffer.replaceSubrange(0..<(end - start), with: buffer[start..<end])
            (start, end) = (0, end - start)
        }
        if end > LineReader.longestLine {
            throw LoadFault(
                file: path, line: number + 1, atByte: end,
                "the line is longer than \(LineReader.longestLine) bytes, and no record of the embedded broker is; "
                    + "write one record a line")
        }
        if end == buffer.count { buffer.append(contentsOf: repeatElement(0, count: buffer.count)) }
        while true {
            let (from, to, at) = (end, buffer.count, offset)
            let count = unsafe buffer.withUnsafeMutableBytes { block in
                unsafe pread(descriptor, block.baseAddress?.advanced(by: from), to - from, at)
            }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else {
                let reason = SystemError.text(errno)
                throw LoadFault(.operatingSystem, "\(path):\(number + 1):1: cannot be read further: \(reason)")
            }
            isAtEnd = count == 0
            end += count
            offset += count
            return
        }
    }

    private static func newline(in bytes: Span<UInt8>, from start: Int, to end: Int) -> Int? {
        var index = start
        while index < end {
            if bytes[index] == UInt8(ascii: "\n") { return index }
            index &+= 1
        }
        return nil
    }
}
