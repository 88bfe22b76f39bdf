/// Bytes from a worker in, frame bodies out, however the pipe splits and coalesces them.
///
/// A length is checked before anything is kept for its body, and the block grows only with bytes that have arrived. After
/// an error every further `next` throws the same error: what follows a broken frame means nothing. Used on the service's
/// thread alone.
package struct FrameReader {
    private static let largestIdleCapacity = 1024 * 1024

    private let framing: Framing
    private let maxFrameBytes: Int
    private var block: [UInt8] = []
    /// The first byte of `block` that belongs to no frame yet.
    private var start = 0
    /// Bytes after `start` in which no line's end was found: they are not looked at again.
    private var searched = 0
    private var failure: ProtocolError?

    /// A reader that accepts bodies of up to `maxFrameBytes` bytes.
    package init(framing: Framing, maxFrameBytes: Int) {
        self.framing = framing
        self.maxFrameBytes = maxFrameBytes
    }

    /// Takes a copy of bytes that were read.
    package mutating func append(_ bytes: Span<UInt8>) {
        fill(atLeast: bytes.count) { free in
            // Zeros and then whole blocks: an OutputSpan has no way to append many bytes but one by one.
            free.append(repeating: 0, count: bytes.count)
            var room = free.mutableSpan
            var target = MutableRawSpan(_elements: &room)
            target.copy(bytes, to: 0)
        }
    }

    /// Lets `body` put bytes that it reads straight into the reader: it gets room for at least `count` bytes and appends
    /// as many as it has (`OutputSpan.withUnsafeMutableBufferPointer` is the door to `read(2)`). What `body` throws is
    /// passed on.
    package mutating func fill<E: Error>(
        atLeast count: Int, _ body: (inout OutputSpan<UInt8>) throws(E) -> Void
    ) throws(E) {
        reclaim()
        try block.append(addingCapacity: count, initializingWith: body)
    }

    /// Whether a frame has begun and is not complete: for the frame time-out, and at end of file. What `next` has not been
    /// asked for yet counts too.
    package var isInsideFrame: Bool { start < block.count }

    /// Hands the next complete frame's body to `body`, and answers nil where there is none yet. The bytes are valid within
    /// `body` alone, and the frame counts as read even if `body` throws.
    package mutating func next<R>(
        _ body: (Span<UInt8>) throws(ProtocolError) -> R
    ) throws(ProtocolError) -> R? {
        if let failure { throw failure }
        do throws(ProtocolError) {
            switch try framing == .length ? nextByLength() : nextLine() {
            case .nothing(let frameStart, let bytesSearched):
                start = frameStart
                searched = bytesSearched
                return nil
            case .frame(let frame, let rest):
                start = rest
                searched = 0
                return try body(block.span.extracting(frame))
            }
        } catch {
            failure = error
            throw error
        }
    }

    /// Takes the next frame where it is an `ack` without outputs in one of the spellings that handlers use: most frames are,
    /// and this is the way that decodes them without a `HandlerFrame` and without any allocation. Nil for everything else,
    /// nothing and errors among it, of which nothing is taken: ask `next` then. Only while the conversation
    /// `acceptsPlainAcknowledgements`.
    ///
    /// The ids of `.ids` are put in place of what `ids` holds, whose memory is used again; after other answers its content
    /// has no meaning.
    package mutating func nextAcknowledgement(ids: inout [UInt64]) -> PlainAcknowledgement? {
        guard failure == nil, let (found, rest) = acknowledgement(ids: &ids) else { return nil }
        start = rest
        searched = 0
        return found
    }

    /// The acknowledgement that is the next frame, and where the frame after it begins.
    @inline(__always)
    private func acknowledgement(ids: inout [UInt64]) -> (PlainAcknowledgement, rest: Int)? {
        let bytes = block.span
        switch framing {
        case .length:
            guard bytes.count &- start > 4 else { return nil }
            let length = Self.bigEndian(bytes.extracting(start..<(start &+ 4)))
            let end = start &+ 4 &+ length
            guard length <= maxFrameBytes, end <= bytes.count else { return nil }
            var parser = AcknowledgementParser(at: start &+ 4)
            guard let found = parser.parse(bytes, ids: &ids), parser.at == end else { return nil }
            return (found, end)
        case .lines:
            var parser = AcknowledgementParser(at: start)
            guard let found = parser.parse(bytes, ids: &ids), parser.at &- start <= maxFrameBytes else { return nil }
            var end = parser.at
            if end < bytes.count, bytes[end] == UInt8(ascii: "\r") { end &+= 1 }
            guard end < bytes.count, bytes[end] == UInt8(ascii: "\n") else { return nil }
            return (found, end &+ 1)
        }
    }

    /// What has arrived of the unfinished frame, and the likely cause: for the error after the frame time-out and the log
    /// at end of file.
    package func describePartial() -> String {
        let bytes = block.span.extracting(start..<block.count)
        if bytes.isEmpty { return "nothing of a frame has arrived" }
        let shown = "\"\(Excerpt.of(bytes))\""
        switch framing {
        case .lines: return "\(bytes.count) bytes without a line's end: \(shown); write LF after each frame, and flush"
        case .length where bytes.count < 4:
            return "\(bytes.count) of a length's 4 bytes: \(shown); flush after each frame"
        case .length:
            let length = Self.bigEndian(bytes)
            let swapped = Int(UInt32(length).byteSwapped)
            let hint =
                swapped > 0 && swapped < length
                ? "; read as little-endian the length would be \(swapped), it must be big-endian"
                : "; write the whole body, and flush after each frame"
            return "\(bytes.count - 4) of \(length) bytes of a frame's body: \(shown)\(hint)"
        }
    }

    /// The error for a frame that was begun and not completed within `milliseconds`.
    package func unfinishedError(afterMilliseconds milliseconds: Int64) -> ProtocolError {
        ProtocolError(
            rule: .unfinishedFrame,
            message: "a frame was begun and not completed within \(milliseconds) ms: \(describePartial())", excerpt: "")
    }

    /// Bytes that the block holds now: for tests of memory.
    var capacity: Int { block.capacity }

    private mutating func reclaim() {
        if start == block.count {
            if block.capacity > Self.largestIdleCapacity {
                block = []
            } else {
                block.removeAll(keepingCapacity: true)
            }
            start = 0
        } else if start > 0 {
            // What stays is a part of one frame, which is moved once for each time the block is filled.
            block.removeSubrange(0..<start)
            start = 0
        }
    }

    private enum Search {
        /// Where the body stands in the block, and where the next frame begins.
        case frame(Range<Int>, rest: Int)
        /// No frame is complete; where the next one begins, and in how many bytes after that there is no line's end.
        case nothing(from: Int, searched: Int)
    }

    private func nextByLength() throws(ProtocolError) -> Search {
        let bytes = block.span.extracting(start..<block.count)
        guard !bytes.isEmpty else { return .nothing(from: start, searched: 0) }
        if bytes[0] > 7 { throw LengthDiagnosis.error(bytes, maxFrameBytes: maxFrameBytes) }
        guard bytes.count >= 4 else { return .nothing(from: start, searched: 0) }
        let length = Self.bigEndian(bytes)
        if length == 0 || length > maxFrameBytes {
            throw LengthDiagnosis.error(bytes, maxFrameBytes: maxFrameBytes)
        }
        guard bytes.count >= length &+ 4 else { return .nothing(from: start, searched: 0) }
        let body = start &+ 4
        return .frame(body..<(body &+ length), rest: body &+ length)
    }

    private func nextLine() throws(ProtocolError) -> Search {
        let bytes = block.span
        var lineStart = start
        var end = start &+ searched
        while true {
            while end < bytes.count, bytes[end] != UInt8(ascii: "\n") { end &+= 1 }
            let length = end &- lineStart
            // The CR before LF does not count, and of an unfinished line it cannot be told whether it is one.
            let hasReturn = length > 0 && bytes[end &- 1] == UInt8(ascii: "\r")
            let bodyLength = length &- (hasReturn ? 1 : 0)
            if bodyLength > maxFrameBytes {
                throw ProtocolError(
                    rule: .lineTooLong,
                    message: "a line is longer than \(maxFrameBytes) bytes; the limit is max_frame_bytes of \"hello\" "
                        + "(--max-frame-bytes)",
                    frame: bytes.extracting(lineStart..<end))
            }
            if end == bytes.count { return .nothing(from: lineStart, searched: length) }
            if bodyLength > 0 { return .frame(lineStart..<(lineStart &+ bodyLength), rest: end &+ 1) }
            end &+= 1
            lineStart = end
        }
    }

    private static func bigEndian(_ bytes: Span<UInt8>) -> Int {
        Int(bytes[0]) << 24 | Int(bytes[1]) << 16 | Int(bytes[2]) << 8 | Int(bytes[3])
    }
}
