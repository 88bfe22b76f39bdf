import HandlerProtocol

/// What stands in the value of a record that is encoded.
enum SampleValue {
    /// ASCII letters, of that length.
    case text(Int)
    /// A JSON document that is handed over as text: its quotes are escaped.
    case jsonAsText
    /// The same, passed through as JSON.
    case json
    /// Bytes that are no text, of that length, which is a multiple of three.
    case binary(Int)

    private static let document = """
        {"order":4711,"customer":"c-1029","items":[{"sku":"A-17","count":2},{"sku":"B-4","count":1}],"total":39.90}
        """

    var bytes: [UInt8] {
        switch self {
        case .text(let count): (0..<count).map { UInt8(ascii: "a") + UInt8($0 % 26) }
        case .jsonAsText, .json: Array(Self.document.utf8)
        case .binary(let count): [UInt8](repeating: 0xFF, count: count)
        }
    }

    var form: PayloadForm {
        switch self {
        case .text, .jsonAsText, .binary: .auto
        case .json: .json
        }
    }

    /// The member as the frame has to show it.
    var member: String {
        switch self {
        case .text: "\"value\":\"\(String(decoding: bytes, as: UTF8.self))\""
        case .jsonAsText: "\"value\":\"\(Self.document.split(separator: "\"").joined(separator: "\\\""))\""
        case .json: "\"value_json\":\(Self.document)"
        case .binary(let count): "\"value_base64\":\"\(String(repeating: "/", count: count / 3 * 4))\""
        }
    }
}

/// Records into frames in a worker's buffer, which is emptied after each frame as if it was written.
struct Encoding: Scenario {
    private let batchSize: Int?
    private let sample: SampleValue
    private let value: [UInt8]
    private let key = Array("customer-1029".utf8)
    private let partition = QuotedPartition(topic: QuotedTopic("orders"), partition: 3)
    private let shared: SharedMembers
    private var encoder: FrameEncoder
    private var buffer = OutboundBuffer()
    private var id: UInt64 = 1_000_000
    private var offset: Int64 = 4_000_000_000
    private var records = 0
    private var failures = 0
    private var bytes = 0
    /// The frame that was written last.
    private var last: [UInt8] = []

    /// Batches of that many records, or messages.
    init(batchOf batchSize: Int?, _ sample: SampleValue) {
        self.batchSize = batchSize
        self.sample = sample
        value = sample.bytes
        shared = SharedMembers(topic: partition.topic, partition: 3, attempt: 1, timestampType: .create)
        encoder = FrameEncoder(
            framing: .length, maxFrameBytes: 64 << 20, keyForm: .auto, valueForm: sample.form)
    }

    mutating func run(_ records: Int) {
        let end = self.records + records
        // A span of a field would hold on to all of them.
        let key = key
        let value = value
        while self.records < end {
            do throws(EncodingFailure) {
                if let batchSize { try writeBatch(of: batchSize, key, value) } else { try writeMessage(key, value) }
            } catch { failures += 1 }
            self.records += batchSize ?? 1
            bytes += buffer.pendingCount
            if self.records >= end, last.isEmpty { keepFrame() }
            buffer.consume(buffer.pendingCount)
            id += 1
        }
    }

    private var position: RecordPosition {
        RecordPosition(offset: offset, timestamp: 1_760_000_000_000, timestampType: .create)
    }

    private mutating func writeBatch(of size: Int, _ key: [UInt8], _ value: [UInt8]) throws(EncodingFailure) {
        encoder.beginBatch(id: id, shared: shared, into: &buffer)
        for _ in 0..<size {
            try encoder.record(
                attempt: 1, redelivered: false, partition: partition, position: position, key: key.span,
                value: value.span, into: &buffer)
            offset += 1
        }
        try encoder.endBatch(into: &buffer)
    }

    private mutating func writeMessage(_ key: [UInt8], _ value: [UInt8]) throws(EncodingFailure) {
        try encoder.message(
            id: id, attempt: 1, redelivered: false, partition: partition, position: position, key: key.span,
            value: value.span, into: &buffer)
        offset += 1
    }

    /// Keeps the last frame of the warm-up: all have the same length.
    private mutating func keepFrame() {
        last = buffer.withPending { pending in pending.indices.map { pending[$0] } }
    }

    mutating func fault(after records: Int) -> String? {
        let frames = records / (batchSize ?? 1)
        if failures > 0 { return "\(failures) records had no encoding" }
        if self.records != records { return "\(self.records) records were encoded, not \(records)" }
        if bytes != frames * last.count { return "\(bytes) bytes, not \(frames) frames of \(last.count)" }
        let shown = String(decoding: last.dropFirst(4), as: UTF8.self)
        return shown.hasPrefix(expectedStart) && shown.contains(expectedRecord)
            ? nil : "the frame is \(shown.prefix(400)), not \(expectedStart)...\(expectedRecord)"
    }

    private var expectedStart: String { "{\"type\":\"\(batchSize == nil ? "message" : "batch")\",\"id\":10" }

    private var expectedRecord: String {
        let type = batchSize == nil ? ",\"timestamp_type\":\"create\"" : ""
        return ",\"timestamp\":1760000000000\(type),\"key\":\"customer-1029\",\(sample.member),\"headers\":[]}"
    }
}
