/// Which records a sample takes in: a hash of topic, partition and offset chooses, so that every instance, and each one after a
/// restart, takes the same records.
struct RecordSample: Equatable, Sendable {
    /// The largest hash that is taken in.
    private let threshold: UInt64

    /// A sample of this part of the records, above 0; 1 takes them all in.
    init(fraction: Double) {
        let scaled = (fraction * 0x1p64).rounded()
        threshold = scaled >= 0x1p64 ? .max : scaled < 1 ? 0 : UInt64(scaled) - 1
    }

    /// What is the same for all records of a partition: FNV-1a over the topic's name, and the partition.
    static func seed(topic: String, partition: Int32) -> UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in topic.utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
        return mixed(hash ^ UInt64(UInt32(bitPattern: partition)))
    }

    /// Whether the record at this offset of the partition with this seed is taken in.
    func takes(_ seed: UInt64, offset: Int64) -> Bool {
        threshold == .max || RecordSample.mixed(seed &+ UInt64(bitPattern: offset)) <= threshold
    }

    /// The end of the SplitMix64 generator (Steele, Lea and Flood, 2014).
    private static func mixed(_ number: UInt64) -> UInt64 {
        var value = number &+ 0x9E37_79B9_7F4A_7C15
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}
