/// A 64-bit hash of a record's key, for lanes by key: fast, well mixed, and stable within one process only.
///
/// Folded 64 to 128 bit products, as in wyhash and its kin. Whoever knew the constants could choose keys that cancel the
/// state, so both are made from a seed that nobody outside knows: keys are the producers', and must not be able to crowd
/// all records into one lane. A value; any thread.
package struct KeyHash: Sendable {
    private let first: UInt64
    private let second: UInt64

    /// The hash function of this seed.
    package init(seed: UInt64) {
        var state = seed
        first = KeyHash.next(&state)
        second = KeyHash.next(&state)
    }

    /// The hash of these bytes; an empty key has one too. 16 bytes a step, read where they lie.
    package func value(of bytes: UnsafeRawBufferPointer) -> UInt64 {
        var hash = first
        var place = 0
        while bytes.count - place >= 16 {
            let low = unsafe bytes.loadUnaligned(fromByteOffset: place, as: UInt64.self)
            let high = unsafe bytes.loadUnaligned(fromByteOffset: place + 8, as: UInt64.self)
            hash = KeyHash.fold(low ^ second, high ^ hash)
            place += 16
        }
        let low = unsafe KeyHash.partial(bytes, from: place)
        let high = unsafe KeyHash.partial(bytes, from: place + 8)
        hash = KeyHash.fold(low ^ second, high ^ hash)
        // The length tells a key from the same key with zero bytes behind it.
        return KeyHash.fold(hash ^ first, UInt64(truncatingIfNeeded: bytes.count) ^ second)
    }

    /// Up to eight bytes from `start` on, the missing ones zero.
    private static func partial(_ bytes: UnsafeRawBufferPointer, from start: Int) -> UInt64 {
        guard start < bytes.count else { return 0 }
        if bytes.count - start >= 8 { return unsafe bytes.loadUnaligned(fromByteOffset: start, as: UInt64.self) }
        var value: UInt64 = 0
        for place in stride(from: bytes.count - 1, through: start, by: -1) {
            value = unsafe value << 8 | UInt64(bytes[place])
        }
        return value
    }

    /// Both halves of the product.
    @inline(__always)
    private static func fold(_ left: UInt64, _ right: UInt64) -> UInt64 {
        let product = left.multipliedFullWidth(by: right)
        return product.high ^ product.low
    }

    /// The next number of the SplitMix64 generator (Steele, Lea and Flood, 2014).
    private static func next(_ state: inout UInt64) -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}
