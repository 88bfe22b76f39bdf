import Foundation

/// The seed of this run: from the environment where it is given, else the clock's. It is printed, so that a failure can be
/// run again.
func testSeed(for test: String) -> UInt64 {
    let given = ProcessInfo.processInfo.environment["ACKPIPE_TEST_SEED"].flatMap { UInt64($0) }
    let seed = given ?? UInt64.random(in: 0 ... .max)
    print("\(test): ACKPIPE_TEST_SEED=\(seed)")
    return seed
}
