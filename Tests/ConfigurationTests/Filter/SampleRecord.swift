import Foundation

@testable import Configuration

/// A record as the tests of filters describe it.
struct SampleRecord: FilterableRecord {
    var topic = "orders"
    var partition: Int32 = 3
    var offset: Int64 = 4711
    var key: [UInt8]?
    var headers: [(name: [UInt8], value: [UInt8]?)] = []
    var headersAreDamaged = false

    init(_ headers: (String, String?)..., key: String? = nil) {
        self.headers = headers.map { (Array($0.utf8), $1.map { Array($0.utf8) }) }
        self.key = key.map { Array($0.utf8) }
    }

    func withKey(_ test: (Span<UInt8>?) -> Bool) -> Bool {
        guard let key else { return test(nil) }
        return test(key.span)
    }

    func withHeader(named name: Span<UInt8>, _ test: (Span<UInt8>?) -> Bool) -> Bool? {
        let wanted = name.indices.map { name[$0] }
        guard let header = headers.last(where: { $0.name == wanted }) else { return nil }
        guard let value = header.value else { return test(nil) }
        return test(value.span)
    }
}

/// Whether the record fulfils the filter that the text says.
func matches(_ text: String, _ record: SampleRecord = SampleRecord()) throws -> Bool {
    try RecordFilter.parse(text).matches(record)
}

/// Why the text is no filter; nil where it is one.
func filterProblem(_ text: String) -> FilterProblem? {
    do throws(FilterProblem) {
        _ = try RecordFilter.parse(text)
        return nil
    } catch {
        return error
    }
}

/// A small generator with a seed (SplitMix64), so that a failure can be run again.
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// The seed of this run: from the environment where it is given, else the clock's.
    static func seed(for test: String) -> UInt64 {
        let given = ProcessInfo.processInfo.environment["ACKPIPE_TEST_SEED"].flatMap { UInt64($0) }
        let seed = given ?? UInt64.random(in: 0 ... .max)
        print("\(test): ACKPIPE_TEST_SEED=\(seed)")
        return seed
    }
}
