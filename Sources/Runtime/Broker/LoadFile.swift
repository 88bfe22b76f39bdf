package import Configuration
import Glibc
import HandlerProtocol
import Kafka
import Reactor

/// A JSON-lines file of records for the embedded broker (`RecordLine` says what a line holds).
///
/// It is read twice, a line at a time, so that it may be of any size: `check` reads all of it before `write` writes the
/// first record. One thread; both block.
package final class LoadFile {
    /// What a file holds.
    package struct Summary: Equatable, Sendable {
        /// Lines that are not blank.
        package var records = 0
        /// Of the file.
        package var bytes = 0
        /// Records of each partition that gets any, by its place.
        package var partitions: [Place: Int] = [:]

        /// Nothing.
        package init() {}
    }

    /// A partition of a topic.
    package struct Place: Hashable, Sendable {
        /// The topic's name.
        package var topic: String
        /// From 0.
        package var partition: Int32

        /// A partition, counted from 0.
        package init(topic: String, partition: Int32) {
            self.topic = topic
            self.partition = partition
        }
    }

    /// As it was given.
    package let path: String
    private let descriptor: Int32
    private let topics: [NewTopic]
    /// In bytes, as it was when the file was opened.
    package let size: Int
    private var progress: LoadProgress

    /// Opens the file for a broker that has these topics, all empty.
    ///
    /// `report` is called every 2 seconds while a pass lasts; `stopSignal` is asked ten times a second whether a signal
    /// came, which ends the load. `now` is a clock in nanoseconds.
    package init(
        path: String, topics: [NewTopic], now: @escaping () -> Int64 = MonotonicClock.nanoseconds,
        report: @escaping (LoadReport) -> Void = { _ in },
        stopSignal: @escaping () throws(LoadFault) -> Int32? = { () throws(LoadFault) in nil }
    ) throws(LoadFault) {
        self.path = path
        self.topics = topics
        progress = LoadProgress(now: now, report: report, stopSignal: stopSignal)
        guard !path.utf8.contains(0) else {
            throw LoadFault(file: "--load", "the path holds a NUL character; correct it")
        }
        // Without O_NONBLOCK the opening of a FIFO that nobody writes to would wait for ever.
        descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else {
            throw LoadFault(file: path, "cannot be opened: \(SystemError.text(errno)); correct the path of --load")
        }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            throw LoadFault(
                file: path, "not a regular file; it is read twice, so write what comes from elsewhere to a file first")
        }
        size = Int(status.st_size)
    }

    deinit { close(descriptor) }

    /// Reads the whole file and throws its first fault: a line that is no record, a topic or a partition that the
    /// broker does not have, a partition that would get more than the broker keeps.
    package func check() throws(LoadFault) -> Summary {
        try forEachRecord(.checking) { (_, _) throws(LoadFault) in }
    }

    /// Writes the records to the broker and waits until it has confirmed each; `checked` is what `check` answered.
    /// Throws where a record was not written or is not kept.
    package func write(_ checked: Summary, to brokers: String) throws(LoadFault) {
        let producer = try translating(nil) { () throws(KafkaError) in try LoadProducer(bootstrapServers: brokers) }
        defer { producer.close() }
        var lines: [Int] = []
        lines.reserveCapacity(checked.records)
        let written = try forEachRecord(.writing) { (record, line) throws(LoadFault) in
            try self.translating(line) { () throws(KafkaError) in try producer.produce(record) }
            lines.append(line)
        }
        guard written == checked else {
            throw LoadFault(file: path, "it changed while it was loaded; load it again")
        }
        try awaitConfirmations(producer, lines)
        try verify(checked, producer)
    }

    /// One pass over the file: calls `body` with each record, which has its partition, and the number of its line.
    private func forEachRecord(
        _ phase: LoadReport.Phase, _ body: (LoadRecord, Int) throws(LoadFault) -> Void
    ) throws(LoadFault) -> Summary {
        var reader = LineReader(path: path, descriptor: descriptor)
        var budget = LoadBudget(topics: topics.map { ($0.name, Int($0.partitions)) })
        var summary = Summary()
        var next: LoadRecord?
        while try reader.next({ (line, number) throws(LoadFault) in next = try self.record(line, number) }) {
            try progress.tick(phase, records: summary.records, bytes: reader.position)
            guard var record = next else { continue }
            do throws(LoadBudget.Refusal) {
                try budget.add(&record)
            } catch {
                throw LoadFault(
                    file: path, line: reader.number,
                    "\(error) (this is record \(summary.records + 1), \(reader.position) bytes into a file of \(size))")
            }
            try body(record, reader.number)
            summary.records += 1
            // The budget has given every record its partition.
            summary.partitions[Place(topic: record.topic, partition: record.partition ?? 0), default: 0] += 1
        }
        summary.bytes = reader.position
        return summary
    }

    /// The record of a line, nil for a blank one.
    private func record(_ line: Span<UInt8>, _ number: Int) throws(LoadFault) -> LoadRecord? {
        if LoadFile.isBlank(line) { return nil }
        let parsed: RecordLine
        do throws(RecordLineFault) {
            parsed = try RecordLine.parse(line)
        } catch {
            throw LoadFault(file: path, line: number, atByte: error.atByte, error.description)
        }
        let topic = try topic(of: parsed, number)
        if let partition = parsed.partition, partition >= topic.partitions {
            throw LoadFault(
                file: path, line: number,
                "topic \"\(topic.name)\" has no partition \(partition), only 0 to \(topic.partitions - 1); "
                    + "give --topic \(topic.name):\(Int(partition) + 1), or take \"partition\" out of the line")
        }
        if parsed.timestamp == 0 {
            throw LoadFault(
                file: path, line: number,
                "the timestamp 0 cannot be written, librdkafka takes it for now; leave it out, or use 1")
        }
        var headers: [(name: String, value: [UInt8]?)] = []
        for header in parsed.headers {
            guard let name = String(validating: header.name, as: UTF8.self) else {
                throw LoadFault(
                    file: path, line: number,
                    "header \(headers.count + 1) has a name that is not UTF-8, which cannot be loaded; rename it")
            }
            headers.append((name, header.value))
        }
        return LoadRecord(
            topic: topic.name, partition: parsed.partition, key: parsed.key, value: parsed.value, headers: headers,
            timestamp: parsed.timestamp)
    }

    private func topic(of parsed: RecordLine, _ number: Int) throws(LoadFault) -> NewTopic {
        let given = topics.isEmpty ? "none was" : topics.map(\.name).joined(separator: ", ")
        guard let name = parsed.topic else {
            if let only = topics.first, topics.count == 1 { return only }
            throw LoadFault(
                file: path, line: number,
                "there is no \"topic\", and --topic does not name just one (given: \(given)); add \"topic\" to the line"
            )
        }
        if let topic = topics.first(where: { $0.name == name }) { return topic }
        let shown = LoadFault.printable(name)
        throw LoadFault(
            file: path, line: number,
            "topic \"\(shown)\" was not given with --topic (given: \(given)); add --topic \(shown):1, or correct the line"
        )
    }

    private func awaitConfirmations(_ producer: LoadProducer, _ lines: [Int]) throws(LoadFault) {
        let patience: Int64 = 60_000_000_000
        var lastSeen = -1
        var deadline: Int64 = 0
        while true {
            let isDone = producer.flush(timeoutMilliseconds: 100)
            if let failure = producer.failures.first {
                try translating(lines[failure.index]) { () throws(KafkaError) in throw failure.error }
            }
            if isDone { return }
            let now = MonotonicClock.nanoseconds()
            if producer.confirmedCount != lastSeen { (lastSeen, deadline) = (producer.confirmedCount, now + patience) }
            if now > deadline {
                throw LoadFault(
                    .software,
                    "\(path): the embedded broker confirmed \(lastSeen) of \(lines.count) records, and none for 60 s")
            }
            try progress.tick(.confirming, records: lastSeen, bytes: size)
        }
    }

    /// Looks whether every partition holds what was written: a broker that keeps too little drops the oldest in silence.
    private func verify(_ checked: Summary, _ producer: LoadProducer) throws(LoadFault) {
        for (place, count) in checked.partitions {
            let kept = try translating(nil) { () throws(KafkaError) in
                try producer.watermarks(topic: place.topic, partition: place.partition)
            }
            guard kept.low == 0, kept.high == Int64(count) else {
                throw LoadFault(
                    .software,
                    "\(path): of \(count) records for \(place.topic) [\(place.partition)] the embedded broker has the offsets "
                        + "\(kept.low) to \(kept.high); give the topic more partitions")
            }
        }
    }

    /// What librdkafka reported, as the fault of a line where there is one.
    @discardableResult
    private func translating<Result>(
        _ line: Int?, _ body: () throws(KafkaError) -> Result
    ) throws(LoadFault) -> Result {
        do throws(KafkaError) {
            return try body()
        } catch {
            let place = line.map { "\(path):\($0):1: this record" } ?? "\(path): the load"
            throw LoadFault(.software, "\(place) was not written: \(error.message) (\(error.name))")
        }
    }

    /// Whether nothing but spaces, tabs and a CR stands in the line.
    static func isBlank(_ line: Span<UInt8>) -> Bool {
        for index in line.indices where line[index] != 0x20 && line[index] != 0x09 && line[index] != 0x0D {
            return false
        }
        return true
    }
}
