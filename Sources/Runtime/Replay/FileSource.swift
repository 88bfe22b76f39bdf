import DeliveryCore
import Glibc
import HandlerProtocol
import Kafka

/// The records of a JSON-lines file in place of a Kafka consumer's (`RecordLine` says what a line holds).
///
/// The file is read as the records are wanted, a line at a time, so that it may be of any size, and may still be written. A
/// partition is assigned when its first record is met: what follows waits until that is answered. A line that is no record is
/// as the end of the file, but for `fault`. What is paused keeps all that follows it waiting, as a file has one order.
///
/// One thread, the service's.
final class FileSource: RecordSource {
    /// What is known of a partition of the file.
    private struct Progress {
        /// Of the record that comes first, or next; nil where no number is left.
        var next: Int64?
        var isAssigned = false
        var isPaused = false
    }

    /// A record that was read and is not handed on yet.
    private struct Waiting {
        var partition: PartitionIndex
        var offset: Int64
        var record: RecordLine
        /// It was asked for that its partition be assigned.
        var isAnnounced = false
    }

    /// Lines as long as that: a value of 64 MiB, each of its bytes escaped.
    private static let longestLine = 512 << 20
    /// Records of one take: reading a line costs far more than taking a record from Kafka, and the turn's other work waits.
    private static let recordsATake = 128

    let records = RecordStore()
    let partitions = PartitionTable()

    /// Lines that were records so far.
    private(set) var recordCount = 0
    /// Why the reading ended before the end of the file.
    private(set) var fault: LoadFault?
    /// The reading is over: at the end, at a fault or at the limit.
    private(set) var isAtEnd = false
    /// Nothing more is there now: the file's descriptor becomes readable when there is.
    private(set) var awaitsInput = false

    private let file: ReplayFile
    private let topic: String
    private let limit: Int?
    /// Eventfds: for what `pollEvents` and `takeResults` bring, and for records.
    private let wake: Int32
    private let recordWake: Int32
    private let keyHash: KeyHash?
    private var reader: LineReader
    private var progress: [Progress] = []
    private var waiting: Waiting?
    /// The line of the record that each slot holds, or held last.
    private var lines: [Int] = []
    private var hasBegun = false
    private var hasToldEnd = false
    private var results: [LookupResult] = []
    private(set) var isClosed = false

    /// Reads `file`; a record without a topic is one of `topic`. Stops after `limit` records. `wake` is written when there is
    /// something for `pollEvents` or `takeResults`, `recordWake` when there is for `takeRecords`: eventfds that must outlive the
    /// source. `hashesKeys` fills `Record.keyHash`.
    init(_ file: ReplayFile, topic: String, limit: Int?, wake: Int32, recordWake: Int32, hashesKeys: Bool) {
        self.file = file
        self.topic = topic
        self.limit = limit
        self.wake = wake
        self.recordWake = recordWake
        keyHash = hashesKeys ? KeyHash(seed: .random(in: .min ... .max)) : nil
        reader = LineReader(stream: file.descriptor, path: file.path, longest: FileSource.longestLine)
    }

    /// Bytes of the file that were read, as far as lines.
    var position: Int { reader.position }

    /// The line of the record that the slot holds, or held last; from 1.
    func line(of slot: RecordSlot) -> Int? {
        let place = Int(slot.value)
        return place < lines.count && lines[place] > 0 ? lines[place] : nil
    }

    // MARK: What there is

    var awaitsPartitions: Bool { !hasToldEnd }
    var isJoining: Bool { false }
    var assignmentLost: Bool { false }
    var hasReachedBroker: Bool { true }

    func subscribe(_ topics: [String]) {
        hasBegun = true
        signal(wake)
    }

    /// Tells of the partition whose turn it is, and at last of the end of all.
    func pollEvents(into events: inout [ConsumerEvent]) {
        if hasBegun {
            // Nobody waits for the first partition before there is one: an empty file has an end too.
            events.append(.assigned([]))
            hasBegun = false
        }
        // Later on it is `takeRecords` that reads, as far as records are wanted.
        if waiting == nil, progress.isEmpty { readNext() }
        if let next = waiting, !next.isAnnounced, !progress[Int(next.partition.value)].isAssigned {
            waiting?.isAnnounced = true
            events.append(.assigned([next.partition]))
        }
        guard isAtEnd, waiting == nil, !hasToldEnd else { return }
        hasToldEnd = true
        for index in progress.indices where progress[index].isAssigned {
            // The highest number there is: what was said of the end at the assignment.
            events.append(.endReached(PartitionIndex(Int32(index)), offset: .max))
        }
    }

    func takeRecords(upTo max: Int, bytes: Int, into arrivals: inout Arrivals) -> Bool {
        arrivals.removeAll()
        records.compact()
        var taken = 0
        while arrivals.records.count < min(max, FileSource.recordsATake), taken < bytes {
            if waiting == nil { readNext() }
            guard let next = waiting else { break }
            let state = progress[Int(next.partition.value)]
            if !state.isAssigned { signal(wake) }
            // The assignment, and the end of the pause, wake the service again.
            guard state.isAssigned, !state.isPaused, let record = hold(next) else { return false }
            arrivals.records.append(record)
            taken += Int(record.size)
            waiting = nil
        }
        return !isAtEnd && !awaitsInput
    }

    private func hold(_ next: Waiting) -> Record? {
        let line = next.record
        let own = OwnRecord(
            key: line.key, value: line.value, headers: line.headers.map { ($0.name, $0.value) },
            timestamp: line.timestamp, timestampType: FileSource.type(line.timestampType))
        guard let held = records.put(own) else {
            end(LoadFault(file: file.path, line: reader.number, "the record is larger than a record can be"))
            return nil
        }
        let place = Int(held.slot.value)
        while place >= lines.count { lines.append(0) }
        lines[place] = reader.number
        let hash = keyHash.flatMap { hash in
            line.key.map { key in unsafe key.withUnsafeBytes { unsafe hash.value(of: $0) } }
        }
        return Record(
            partition: next.partition, offset: next.offset, size: held.size, slot: held.slot, keyHash: hash)
    }

    private static func type(_ type: HandlerProtocol.TimestampType) -> Kafka.TimestampType {
        switch type {
        case .none: .none
        case .create: .create
        case .append: .append
        }
    }

    // MARK: Reading

    /// The file's descriptor became readable: there is no need to listen to it before it was read.
    func inputCame() { awaitsInput = false }

    /// Reads up to the next record, as far as there is one.
    private func readNext() {
        guard !isAtEnd else { return }
        if let limit, recordCount >= limit { return end(nil) }
        awaitsInput = false
        do {
            var next: Waiting?
            repeat {
                let hasLine = try reader.next { (line, number) throws(LoadFault) in next = try self.read(line, number) }
                guard hasLine else {
                    if reader.isWaiting { awaitsInput = true } else { end(nil) }
                    return
                }
            } while next == nil
            waiting = next
            recordCount += 1
        } catch { end(error) }
    }

    private func end(_ fault: LoadFault?) {
        self.fault = fault
        isAtEnd = true
        waiting = nil
        awaitsInput = false
        signal(wake)
    }

    /// The record of a line; nil for a blank one.
    private func read(_ line: Span<UInt8>, _ number: Int) throws(LoadFault) -> Waiting? {
        if LoadFile.isBlank(line) { return nil }
        let record: RecordLine
        do throws(RecordLineFault) {
            record = try RecordLine.parse(line)
        } catch {
            throw LoadFault(file: file.path, line: number, atByte: error.atByte, error.description)
        }
        let name = record.topic ?? topic
        let partition = partitions.index(topic: name, partition: record.partition ?? 0)
        let place = Int(partition.value)
        while place >= progress.count { progress.append(Progress(next: 0)) }
        let last = progress[place].next
        guard let offset = record.offset ?? last, offset < .max, last.map({ offset >= $0 }) ?? false else {
            let found = record.offset.map { "the offset \($0)" } ?? "the record without an offset"
            let shown = LoadFault.printable(name)
            throw LoadFault(
                file: file.path, line: number,
                "\(found) of \(shown)/\(record.partition ?? 0) comes after \((last ?? .max) - 1): offsets grow within a "
                    + "partition; put the lines in order, or leave \"offset\" out")
        }
        progress[place].next = offset + 1
        return Waiting(partition: partition, offset: offset, record: record)
    }

    private func signal(_ descriptor: Int32) {
        var one: UInt64 = 1
        // Fails only where the counter is full, and then a wake-up is pending anyway.
        unsafe _ = write(descriptor, &one, 8)
    }
}

// MARK: What is asked of it

extension FileSource {
    func assign(_ positions: [(PartitionIndex, offset: Int64)]) {
        for (partition, _) in positions { progress[Int(partition.value)].isAssigned = true }
        signal(recordWake)
    }

    func assignDirectly(_ positions: [(PartitionIndex, offset: Int64)]) { assign(positions) }

    func add(_ positions: [(PartitionIndex, offset: Int64)]) { assign(positions) }

    func restart(_ partition: PartitionIndex, at offset: Int64) {}

    func unassign(_ revoked: [PartitionIndex]) {}

    func pause(_ partition: PartitionIndex) { progress[Int(partition.value)].isPaused = true }

    func resume(_ partition: PartitionIndex) {
        progress[Int(partition.value)].isPaused = false
        signal(recordWake)
    }

    /// Nobody keeps the offsets of a replay, and nobody asks for it: there is no group.
    func commit(_ offsets: [Kafka.CommitEntry], token: UInt64) {}

    func beginClose() { isClosed = true }

    func finish() { isClosed = true }
}

extension FileSource: PositionLookup {
    /// A partition begins at its first record, and is without an end until the file's is reached.
    func startPositions(
        _ partitions: [PartitionIndex], from policy: StartPolicy, useCommitted: Bool, within patience: Int64,
        token: UInt64
    ) {
        let positions = partitions.map { partition in
            let start = waiting.flatMap { $0.partition == partition ? $0.offset : nil } ?? 0
            return Kafka.StartPosition(
                partition: partition, committed: nil, metadata: nil, low: start, high: .max, start: start)
        }
        results.append(LookupResult(token: token, positions: positions, failed: [], error: nil))
        signal(wake)
    }

    func takeResults(into found: inout [LookupResult]) {
        found += results
        results = []
    }

    func stop() { results = [] }
}
