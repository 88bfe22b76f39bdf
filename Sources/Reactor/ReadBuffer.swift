/// A block of memory that reads go into, made once and used for every descriptor of a thread.
///
/// It holds the bytes of the latest read only: take them before the next one.
package struct ReadBuffer: ~Copyable {
    private var storage: [UInt8]
    /// How many bytes the latest read brought.
    package private(set) var count = 0

    /// A buffer for reads of up to `capacity` bytes, at least 1. Owns that much memory for as long as it lives.
    package init(capacity: Int) { storage = [UInt8](repeating: 0, count: max(1, capacity)) }

    /// The most that one read can bring, in bytes.
    package var capacity: Int { storage.count }

    /// Lends the bytes of the latest read.
    package func withBytes<Result, Failure: Error>(
        _ body: (RawSpan) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        // Unsafe for types with padding, which a byte has not.
        try unsafe body(storage.span.bytes.extracting(first: count))
    }

    /// Runs `read` on the block; it answers how many bytes it put there, or anything below 0.
    mutating func fill(_ read: (UnsafeMutableRawBufferPointer) -> Int) -> Int {
        let result = unsafe storage.withUnsafeMutableBytes { block in unsafe read(block) }
        count = min(max(0, result), storage.count)
        return result
    }
}
