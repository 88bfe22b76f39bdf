/// Bytes that wait to be written to one worker: one block that is used again and again.
///
/// Frames are appended at the end by `FrameEncoder`, what `write(2)` took is given back at the front by `consume`. The
/// block grows by doubling; it goes back to its first size when it is empty and larger than 1 MiB. A value type that
/// owns its memory; used on the service's thread alone.
package struct OutboundBuffer {
    private static let firstCapacity = 16 * 1024
    private static let largestIdleCapacity = 1024 * 1024

    /// Bytes consumed since the buffer was made. `totalAppended - totalConsumed` is `pendingCount`.
    package private(set) var totalConsumed: UInt64 = 0
    private var block: [UInt8] = []
    private var start = 0
    private var end = 0

    /// An empty buffer; it takes memory with the first byte.
    package init() {}

    /// Bytes that wait to be written.
    package var pendingCount: Int { end &- start }

    /// Bytes appended since the buffer was made. Once `totalConsumed` reaches the value that this had after a frame, the
    /// last byte of that frame has been handed to the kernel.
    package var totalAppended: UInt64 { totalConsumed &+ UInt64(end &- start) }

    /// Hands the pending bytes, oldest first, to `body`; they are valid within `body` alone.
    package func withPending<R, E: Error>(_ body: (Span<UInt8>) throws(E) -> R) throws(E) -> R {
        try body(block.span.extracting(start..<end))
    }

    /// Drops the first `count` pending bytes, which have been written; more than there are counts as all of them.
    package mutating func consume(_ count: Int) {
        let taken = min(max(count, 0), pendingCount)
        start &+= taken
        totalConsumed &+= UInt64(taken)
        guard start == end else { return }
        start = 0
        end = 0
        if block.count > Self.largestIdleCapacity { block = [] }
    }

    /// Bytes that the block can hold now: for tests of growing and shrinking.
    var capacity: Int { block.count }

    /// Takes back everything after the first `count` pending bytes: an unfinished frame.
    package mutating func truncate(toPending count: Int) {
        assert(count >= 0 && count <= pendingCount)
        end = start &+ count
    }

    /// Makes room for `count` more bytes.
    @inline(__always)
    mutating func reserve(_ count: Int) {
        if block.count &- end < count { makeRoom(count) }
    }

    @inline(never)
    private mutating func makeRoom(_ count: Int) {
        let pending = pendingCount
        let from = start
        // Moving is worth it only when at least half of the block is free at the front: else each byte moves too often.
        if start >= block.count / 2, block.count - pending >= count {
            var bytes = block.mutableSpan
            for index in 0..<pending { bytes[index] = bytes[from &+ index] }
        } else {
            var larger = max(Self.firstCapacity, block.count * 2)
            while larger - pending < count { larger *= 2 }
            var grown = [UInt8](repeating: 0, count: larger)
            var bytes = grown.mutableSpan
            var target = MutableRawSpan(_elements: &bytes)
            target.copy(block.span.extracting(from..<(from &+ pending)), to: 0)
            block = grown
        }
        start = 0
        end = pending
    }

    /// Appends one byte.
    @inline(__always)
    mutating func append(_ byte: UInt8) {
        reserve(1)
        block[end] = byte
        end &+= 1
    }

    /// Appends all of `bytes` as they are.
    mutating func append(_ bytes: Span<UInt8>) {
        write(room: bytes.count) { target, start in
            target.copy(bytes, to: start)
            return start &+ bytes.count
        }
    }

    /// Appends a constant.
    @inline(__always)
    mutating func append(_ literal: Literal) {
        write(room: TextBlock.byteCount) { target, start in target.write(literal, at: start) }
    }

    /// Appends the UTF-8 of a text that needs no escaping.
    @inline(__always)
    mutating func append(_ text: String) { append(text.utf8.span) }

    /// Overwrites four bytes, the first of them the pending byte number `position`, with a big-endian number.
    mutating func patch(_ number: UInt32, at position: Int) {
        assert(position >= 0 && position + 4 <= pendingCount)
        for index in 0..<4 { block[start &+ position &+ index] = UInt8(truncatingIfNeeded: number >> (24 - 8 * index)) }
    }

    /// Lets `body` write up to `room` bytes at the end of the block: it gets the block, where to write first, and answers
    /// where it stopped. What it wrote beyond that, within the room, does not count.
    @inline(__always)
    mutating func write(room: Int, _ body: (inout MutableRawSpan, Int) -> Int) {
        reserve(room)
        let from = end
        var bytes = block.mutableSpan
        var target = MutableRawSpan(_elements: &bytes)
        let stop = body(&target, from)
        assert(stop >= from && stop <= from &+ room)
        end = stop
    }

    /// The same, for writers that go byte by byte.
    @inline(__always)
    mutating func writeBytes(room: Int, _ body: (inout MutableSpan<UInt8>, Int) -> Int) {
        reserve(room)
        let from = end
        var target = block.mutableSpan
        let stop = body(&target, from)
        assert(stop >= from && stop <= from &+ room)
        end = stop
    }
}
