import Foundation

/// What a test waited for in vain, with what was seen instead.
struct Timeout: Error, CustomStringConvertible {
    let description: String
}

/// Waits until `look` answers something, looking every 20 ms; fails after `seconds` with what `seen` tells. The bound is there
/// for what hangs, so that it is far above what a busy machine needs.
func eventually<T>(
    _ what: String, within seconds: Double = 60, seen: () -> String = { "" }, _ look: () throws -> T?
) async throws -> T {
    let deadline = ContinuousClock.now + .milliseconds(Int(seconds * 1000))
    while true {
        if let found = try look() { return found }
        guard ContinuousClock.now < deadline else {
            throw Timeout(description: "not within \(seconds) s: \(what). Seen: \(seen())")
        }
        try await Task.sleep(for: .milliseconds(20))
    }
}
