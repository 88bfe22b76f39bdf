/// One piece of the way that a record takes, driven without I/O.
protocol Scenario {
    /// Takes this many further records through the code, as a busy service would. Is called a second time for the records
    /// that are counted.
    mutating func run(_ records: Int)
    /// Why the work was not done as it should be, now that `records` records went through; nil where it was.
    mutating func fault(after records: Int) -> String?
}

/// A scenario by its name in the budget.
struct Entry: Sendable {
    var name: String
    /// Records that go through before those that are counted.
    var warmUp: Int
    var make: @Sendable () -> any Scenario
}

/// Everything that has a budget.
let scenarios: [Entry] = encoding + decoding + core

private let encoding: [Entry] = [
    Entry(name: "encode-batch", warmUp: 2_000) { Encoding(batchOf: 100, .text(100)) },
    Entry(name: "encode-batch-1k", warmUp: 2_000) { Encoding(batchOf: 100, .text(1024)) },
    Entry(name: "encode-batch-quotes", warmUp: 2_000) { Encoding(batchOf: 100, .jsonAsText) },
    Entry(name: "encode-batch-json", warmUp: 2_000) { Encoding(batchOf: 100, .json) },
    Entry(name: "encode-batch-base64", warmUp: 2_000) { Encoding(batchOf: 100, .binary(102)) },
    Entry(name: "encode-message", warmUp: 2_000) { Encoding(batchOf: nil, .text(100)) },
]

private let decoding: [Entry] = [
    Entry(name: "decode-ack", warmUp: 2_000) { Decoding(.ack) },
    Entry(name: "decode-ack-many", warmUp: 2_000) { Decoding(.ackMany) },
    Entry(name: "decode-result", warmUp: 2_000) { Decoding(.result) },
]

private let core: [Entry] = [
    Entry(name: "core-batch", warmUp: 30_000) { CoreLoop(.batch) },
    Entry(name: "core-message", warmUp: 30_000) { CoreLoop(.message) },
    Entry(name: "core-lanes", warmUp: 30_000) { CoreLoop(.lanes) },
    Entry(name: "core-window", warmUp: 30_000) { CoreLoop(.window) },
    Entry(name: "core-pool-8", warmUp: 30_000) { CoreLoop(.pool(8)) },
    Entry(name: "core-pool-64", warmUp: 30_000) { CoreLoop(.pool(64)) },
    Entry(name: "core-key", warmUp: 30_000) { CoreLoop(.key) },
]
