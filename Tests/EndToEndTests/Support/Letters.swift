/// A record as a test compares it.
struct FoundRecord: Equatable {
    var partition: Int32
    var offset: Int64
    var timestamp: Int64?
    var key: String?
    var value: String?
    /// `name=value`, in order; `name` alone for a null value.
    var headers: [String]

    /// The value of the last header with this name.
    func header(_ name: String) -> String? {
        headers.last { $0.hasPrefix(name + "=") }.map { String($0.dropFirst(name.count + 1)) }
    }
}

extension Cluster {
    /// All records of the topic, by partition and offset.
    func records(_ topic: String) async throws -> [FoundRecord] { try await read(topic).map(FoundRecord.init) }
}

extension FoundRecord {
    fileprivate init(_ record: ReadRecord) {
        func text(_ bytes: [UInt8]?) -> String? { bytes.map { String(decoding: $0, as: UTF8.self) } }
        self.init(
            partition: record.partition, offset: record.offset, timestamp: record.timestamp, key: text(record.key),
            value: text(record.value),
            headers: record.headers.map { header in text(header.value).map { "\(header.name)=\($0)" } ?? header.name })
    }
}
