import Foundation

/// One execution of a record by a handler.
struct Execution: Equatable, Sendable {
    /// The daemon's name and life, such as `one.3`.
    var instance: String
    var pid: Int
    var partition: Int
    var offset: Int64
    var attempt: Int
    var redelivered: Bool
    /// Nanoseconds of the machine's monotonic clock; no end where the handler was killed, or is at it.
    var began: Int64
    var ended: Int64?
}

/// Follows what `trial.py` writes down, in the order of the writes, and checks it on the way. Reads only what is new.
final class ExecutionLog {
    let path: String
    /// In the order in which they began.
    private(set) var executions: [Execution] = []
    /// The offsets of each partition that were handled to the end.
    private(set) var finished: [Int: Set<Int64>] = [:]
    private(set) var finishedCount = 0
    /// How many executions each instance began.
    private(set) var begun: [String: Int] = [:]
    /// Records that were begun although the one before had never been finished: order broken, or a record left out.
    private(set) var leaps: [String] = []
    private(set) var duplicates = 0

    private var started: [Int: Set<Int64>] = [:]
    /// A handler is at one record at a time.
    private var current: [Int: Int] = [:]
    private var position: UInt64 = 0
    private var rest: [UInt8] = []

    init(path: String) { self.path = path }

    /// Reads what was written since.
    func read() {
        guard let file = FileHandle(forReadingAtPath: path) else { return }
        defer { try? file.close() }
        guard (try? file.seek(toOffset: position)) != nil, let data = try? file.readToEnd() else { return }
        position += UInt64(data.count)
        var lines = (rest + data).split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        rest = lines.popLast().map(Array.init) ?? []
        for line in lines { take(line.split(separator: UInt8(ascii: " "))) }
    }

    private func take(_ words: [ArraySlice<UInt8>]) {
        let numbers = words.dropFirst(2).compactMap { Int64(String(decoding: $0, as: UTF8.self)) }
        guard words.count == 8, numbers.count == 6 else { return }
        let (pid, partition, offset) = (Int(numbers[0]), Int(numbers[1]), numbers[2])
        if words[0].first == UInt8(ascii: "e") {
            guard let index = current.removeValue(forKey: pid) else { return }
            executions[index].ended = numbers[5]
            if finished[partition, default: []].insert(offset).inserted { finishedCount += 1 }
            return
        }
        let instance = String(decoding: words[1], as: UTF8.self)
        if offset > 0, finished[partition]?.contains(offset - 1) != true {
            leaps.append("\(instance) began \(partition)/\(offset) before \(offset - 1) was ever finished")
        }
        if !started[partition, default: []].insert(offset).inserted { duplicates += 1 }
        begun[instance, default: 0] += 1
        current[pid] = executions.count
        executions.append(
            Execution(
                instance: instance, pid: pid, partition: partition, offset: offset, attempt: Int(numbers[3]),
                redelivered: numbers[4] == 1, began: numbers[5], ended: nil))
    }

    /// Records whose last execution began after the last one of a later record in their partition: the final order is not
    /// the log's.
    func finalDisorder() -> [String] {
        var last: [Int: [Int64: Int]] = [:]
        for (index, execution) in executions.enumerated() {
            last[execution.partition, default: [:]][execution.offset] = index
        }
        return last.flatMap { partition, places in
            let order = places.sorted { $0.key < $1.key }
            return zip(order, order.dropFirst()).filter { $0.value > $1.value }
                .map { "\(partition)/\($0.key) was handled for the last time after \($1.key)" }
        }
    }

    /// Executions of a partition that began while another instance (or, `within` one, another worker) was at one.
    func overlaps(withinOne: Bool = false) -> [String] {
        Dictionary(grouping: executions.filter { $0.ended != nil }, by: \.partition).flatMap { _, all in
            let ordered = all.sorted { $0.began < $1.began }
            return zip(ordered, ordered.dropFirst()).filter { earlier, later in
                (earlier.instance == later.instance) == withinOne && later.began < (earlier.ended ?? 0)
            }.map {
                "\($0.instance) was at \($0.partition)/\($0.offset) while \($1.instance) began \($1.offset)"
            }
        }
    }
}
