import Configuration
import Glibc
import Reactor

/// Reads a file line by line, however large it is: it holds one line at a time. One thread; blocks as a disk does, and not at
/// all where the file is a pipe or a terminal.
struct LineReader {
    /// Lines of up to so many bytes are read, much longer ones are refused. The 5 MB that a partition keeps, each byte spelt `\u00XX`, are shorter.
    static let longestLine = 32 << 20

    /// The line that was read last, counted from 1.
    private(set) var number = 0
    /// Bytes of the file that the lines so far took, their ends included.
    private(set) var position = 0

    /// Nothing more is there now, and more may come: poll(2) tells when.
    private(set) var isWaiting = false

    private let path: String
    private let descriptor: Int32
    private let longest: Int
    /// Why nothing is longer, for people.
    private let reason: String
    private let isStream: Bool
    private var buffer: [UInt8]
    /// What was read and not taken yet is `buffer[start..<end]`.
    private var start = 0
    private var end = 0
    private var offset = 0
    private var isAtEnd = false

    /// Reads from the beginning; `descriptor`, of a regular file, stays the caller's, and its own offset is not used.
    /// Reads `block` bytes at a time, at least 1, and more where a line is longer.
    init(path: String, descriptor: Int32, block: Int = 256 << 10, longest: Int = LineReader.longestLine) {
        self.init(
            path: path, descriptor: descriptor, block: block, longest: longest,
            reason: "and no record of the embedded broker is", isStream: false)
    }

    /// Reads on from where the descriptor, of a file of any kind, is; what is not there yet is not waited for (`isWaiting`).
    /// Lines may be as long as `longest` bytes.
    init(stream descriptor: Int32, path: String, block: Int = 256 << 10, longest: Int) {
        self.init(
            path: path, descriptor: descriptor, block: block, longest: longest, reason: "more than a record can have",
            isStream: true)
    }

    private init(path: String, descriptor: Int32, block: Int, longest: Int, reason: String, isStream: Bool) {
        self.path = path
        self.descriptor = descriptor
        self.longest = longest
        self.reason = reason
        self.isStream = isStream
        buffer = [UInt8](repeating: 0, count: max(1, block))
    }

    /// Lends the next line, without its LF, to `body`, with its number; answers false at the end, and where `isWaiting`. The
    /// last line may lack its LF.
    mutating func next(_ body: (Span<UInt8>, Int) throws(LoadFault) -> Void) throws(LoadFault) -> Bool {
        var searched = start
        isWaiting = false
        while true {
            if let newline = newline(from: searched) {
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
            if isWaiting { return false }
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
        if end > longest {
            throw LoadFault(
                file: path, line: number + 1, atByte: end,
                "the line is longer than \(longest) bytes, \(reason); write one record a line")
        }
        if end == buffer.count { buffer.append(contentsOf: repeatElement(0, count: buffer.count)) }
        while true {
            if isStream, !hasInput() {
                isWaiting = true
                return
            }
            let (from, to, at) = (end, buffer.count, offset)
            let count = unsafe buffer.withUnsafeMutableBytes { block in
                isStream
                    ? unsafe Glibc.read(descriptor, block.baseAddress?.advanced(by: from), to - from)
                    : unsafe pread(descriptor, block.baseAddress?.advanced(by: from), to - from, at)
            }
            if count < 0, errno == EINTR { continue }
            // Another reader of the same pipe was quicker.
            if count < 0, errno == EAGAIN {
                isWaiting = true
                return
            }
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

    /// Whether a read would not wait; an error is an answer too.
    private func hasInput() -> Bool {
        var state = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return unsafe poll(&state, 1, 0) != 0
    }

    /// Where the next LF stands. `memchr(3)` is much faster than a loop here.
    private func newline(from searched: Int) -> Int? {
        unsafe buffer.withUnsafeBytes { block in
            guard searched < end, let base = block.baseAddress else { return nil }
            let found = unsafe memchr(base + searched, Int32(UInt8(ascii: "\n")), end - searched)
            return unsafe found.map { unsafe UnsafeRawPointer($0) - base }
        }
    }
}
