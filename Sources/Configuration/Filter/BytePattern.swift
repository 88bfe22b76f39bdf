/// Bytes to be searched for in linear time (Knuth, Morris, Pratt), because a producer chooses the bytes that are searched:
/// a plain search would take their number times the pattern's.
struct BytePattern: Equatable, Sendable {
    private let bytes: [UInt8]
    /// For each length of a matched beginning, but the empty one: the longest proper beginning of the pattern that ends it.
    private let fallbacks: [Int]

    init(_ bytes: [UInt8]) {
        var fallbacks = Array(repeating: 0, count: bytes.count)
        var matched = 0
        for index in bytes.indices.dropFirst() {
            while matched > 0, bytes[matched] != bytes[index] { matched = fallbacks[matched - 1] }
            if bytes[matched] == bytes[index] { matched += 1 }
            fallbacks[index] = matched
        }
        self.bytes = bytes
        self.fallbacks = fallbacks
    }

    func occurs(in text: Span<UInt8>) -> Bool {
        if bytes.isEmpty { return true }
        var matched = 0
        for index in text.indices {
            while matched > 0, bytes[matched] != text[index] { matched = fallbacks[matched - 1] }
            if bytes[matched] == text[index] { matched += 1 }
            if matched == bytes.count { return true }
        }
        return false
    }
}
