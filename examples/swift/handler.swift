// A handler for ackpipe: ackpipe run -b BROKERS -t TOPIC -g GROUP -- .build/release/handler
import AckpipeHandler
import Foundation

struct Unusable: Error, CustomStringConvertible {
    let description: String
}

/// Your code here: return when the record is done; throw, and it is delivered again. A nil value is a tombstone.
func handle(_ record: Record) throws {
    if record.value == [] { throw Unusable(description: "empty value") }
    print("\(record.place): \(try shown(record))")
}

func shown(_ record: Record) throws -> String {
    guard let value = record.value else { return "null" }
    guard let text = record.valueText else { return "\(value.count) bytes" }
    return String(decoding: try JSONEncoder().encode(text), as: UTF8.self)
}

/// The same for a whole batch, where work on many records at once is cheaper. Here each is handled for itself, up to the
/// first failure: what is behind it is given back untried.
func handle(_ batch: Batch) -> BatchOutcome {
    for (index, record) in batch.enumerated() {
        do { try handle(record) } catch { return .failed(from: index, error) }
    }
    return .success
}

@main struct Program {
    static func main() {
        // Serves until ackpipe closes the pipe. Without --batches too, a batch is handled: record by record.
        if CommandLine.arguments.contains("--batches") {
            Handler.serveBatches { batch in handle(batch) }
        } else {
            Handler.serve { record in try handle(record) }
        }
    }
}
