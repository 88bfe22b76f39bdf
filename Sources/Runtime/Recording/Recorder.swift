import Configuration
import DeliveryCore
import HandlerProtocol
import Kafka

/// Writes the records that are handed over to a file as well (`--record`): a line each, as `RecordLine` reads it.
///
/// One thread, the service's. What fails ends the recording, never the service.
final class Recorder {
    /// Why a recording ended before the service did.
    enum End: Error, Equatable, CustomStringConvertible {
        /// --record-max-bytes is reached.
        case full(bytes: Int)
        case failed(String)

        var isFault: Bool { if case .failed = self { true } else { false } }

        var description: String {
            switch self {
            case .full(let bytes): "the file has reached --record-max-bytes (\(bytes) bytes so far)"
            case .failed(let reason): reason
            }
        }
    }

    /// What waits is written so long after it came, at the latest.
    static let flushInterval = Interval.seconds(1)

    /// Lines that were put into the file, or into its buffer.
    private(set) var recordCount = 0
    /// When what waits is to be written; nil where nothing waits.
    private(set) var flushDue: Instant?
    let file: RecordingFile
    private let sample: RecordSample
    private let maxBytes: Int
    private var encoder = FrameEncoder(
        framing: .lines, maxFrameBytes: Framing.largestFrameLimit, keyForm: .auto, valueForm: .auto)
    /// `RecordSample.seed` of each partition.
    private var seeds: [UInt64?] = []

    /// Records into a file that is open; what is in it already counts against `maxBytes`.
    init(_ file: RecordingFile, sample: Double, maxBytes: Int) {
        self.file = file
        self.sample = RecordSample(fraction: sample)
        self.maxBytes = maxBytes
    }

    /// The recorder that a service's settings ask for; nil where none is. Throws where the file cannot be opened.
    static func open(_ settings: RunSettings) throws -> Recorder? {
        guard let path = settings.record else { return nil }
        return Recorder(
            try RecordingFile(path: path), sample: settings.recordSample, maxBytes: settings.recordMaxBytes)
    }

    /// Whether the sample takes the record in.
    func wants(_ record: Record, in partitions: PartitionTable) -> Bool {
        let place = Int(record.partition.value)
        while place >= seeds.count { seeds.append(nil) }
        let seed: UInt64
        if let known = seeds[place] {
            seed = known
        } else {
            let name = partitions.name(of: record.partition)
            seed = RecordSample.seed(topic: name.topic, partition: name.partition)
            seeds[place] = seed
        }
        return sample.takes(seed, offset: record.offset)
    }

    /// Appends the record's line; `fields` are its bytes, where they lie. One that has no line (its headers cannot be read)
    /// is left out, as no handler sees it either.
    func write(_ fields: RecordFields, at position: RecordPosition, of partition: QuotedPartition, now: Instant)
        throws(End)
    {
        if unsafe fields.headersAreDamaged { return }
        let before = file.buffer.pendingCount
        do throws(EncodingFailure) {
            try unsafe encode(fields, RecordPlace(partition, at: position))
        } catch {
            encoder.abandon(into: &file.buffer)
            return
        }
        guard file.sizeWithPending <= maxBytes else {
            // The line that is over it goes again.
            file.buffer.truncate(toPending: before)
            try flush()
            throw .full(bytes: file.size)
        }
        recordCount += 1
        if flushDue == nil { flushDue = now + Recorder.flushInterval }
        if file.buffer.pendingCount >= RecordingFile.blockSize { try flush() }
    }

    private func encode(_ fields: RecordFields, _ place: RecordPlace) throws(EncodingFailure) {
        encoder.beginRecordLine(place: place, into: &file.buffer)
        if let key = unsafe fields.key {
            try encoder.key(unsafe Span(_unsafeBytes: key), into: &file.buffer)
        } else {
            try encoder.key(nil, into: &file.buffer)
        }
        if let value = unsafe fields.value {
            try encoder.value(unsafe Span(_unsafeBytes: value), into: &file.buffer)
        } else {
            try encoder.value(nil, into: &file.buffer)
        }
        for index in unsafe 0..<fields.headerCount {
            let header = unsafe fields.header(at: index)
            let name = unsafe Span<UInt8>(_unsafeBytes: header.name)
            if let value = unsafe header.value {
                try encoder.header(name: name, value: unsafe Span(_unsafeBytes: value), into: &file.buffer)
            } else {
                try encoder.header(name: name, value: nil, into: &file.buffer)
            }
        }
        try encoder.endMessage(into: &file.buffer)
    }

    /// Writes what waits, where that is due.
    func flushIfDue(now: Instant) throws(End) {
        if let flushDue, flushDue <= now { try flush() }
    }

    /// Writes what waits.
    func flush() throws(End) {
        flushDue = nil
        do throws(RecordingFile.Fault) { try file.flush() } catch { throw .failed(error.description) }
    }
}
