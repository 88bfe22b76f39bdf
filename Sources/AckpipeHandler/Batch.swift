import DeliveryCore
import HandlerProtocol

/// Records that are settled together or one by one: what `serveBatches` hands over. In message mode it holds one record.
public struct Batch: Sendable, RandomAccessCollection {
    /// In the order of delivery, never empty.
    public let records: [Record]
    /// What this is an attempt of: deadline, cancelling, and the bridge.
    public let delivery: Delivery

    /// 0.
    public var startIndex: Int { 0 }
    /// How many records there are.
    public var endIndex: Int { records.count }
    /// The record number `index`.
    public subscript(index: Int) -> Record { records[index] }
}

/// What became of the records of a batch. What is not named succeeded.
public struct BatchOutcome: Sendable {
    /// By index; each index once.
    private(set) var failures: [Int: FailureDetail] = [:]
    /// The records from here on were not tried.
    private(set) var releasedFrom: Int?

    /// Everything succeeded so far.
    public init() {}

    /// All records succeeded.
    public static var success: BatchOutcome { BatchOutcome() }

    /// The record number `index` failed, and those behind it were not tried: they are released. This is what a loop that
    /// stops at the first failure returns. The ones before it succeeded.
    public static func failed(from index: Int, _ error: any Error) -> BatchOutcome {
        var outcome = BatchOutcome()
        outcome.fail(index, error)
        outcome.release(from: index + 1)
        return outcome
    }

    /// The record number `index` failed. In an ordered mode the later ones of its lane are delivered again too, whatever is
    /// said of them.
    public mutating func fail(_ index: Int, _ error: any Error) { failures[index] = FailureDetail(error) }

    /// The records from `index` on were not tried.
    public mutating func release(from index: Int) { releasedFrom = min(releasedFrom ?? .max, index) }

    /// The entries of `failed` for a batch of `count` records. An index that the batch does not have is a mistake of the
    /// handler's which the bridge would answer by replacing the process: it is thrown instead.
    func failed(of count: Int) throws(OutcomeMistake) -> [RecordFailure] {
        for index in failures.keys where index < 0 || index >= count {
            throw OutcomeMistake(description: "the outcome names record \(index) of a batch of \(count)")
        }
        var all = failures
        for index in max(0, min(releasedFrom ?? count, count))..<count where all[index] == nil {
            all[index] = FailureDetail(action: .release)
        }
        return all.sorted { $0.key < $1.key }.map { RecordFailure(index: $0.key, detail: $0.value) }
    }
}

/// An outcome that does not fit its batch.
struct OutcomeMistake: Error, CustomStringConvertible { let description: String }
