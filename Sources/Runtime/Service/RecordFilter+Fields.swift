import Configuration
import Kafka

extension RecordFilter {
    /// Whether a record that the service holds is to be delivered; `name` is its partition's. Allocates nothing.
    func matches(_ fields: RecordFields, of name: (topic: String, partition: Int32), offset: Int64) -> Bool {
        unsafe matches(FilterableFields(topic: name.topic, partition: name.partition, offset: offset, fields: fields))
    }
}

/// A record's bytes where they lie, as a filter asks for them. Valid as long as `fields` is.
@unsafe
private struct FilterableFields: @unsafe FilterableRecord {
    let topic: String
    let partition: Int32
    let offset: Int64
    let fields: RecordFields

    var headersAreDamaged: Bool { unsafe fields.headersAreDamaged }

    func withKey(_ test: (Span<UInt8>?) -> Bool) -> Bool {
        guard let key = unsafe fields.key else { return test(nil) }
        return test(unsafe Span(_unsafeBytes: key))
    }

    func withHeader(named name: Span<UInt8>, _ test: (Span<UInt8>?) -> Bool) -> Bool? {
        // From the end: of headers with the same name the last one counts.
        for position in unsafe stride(from: fields.headerCount - 1, through: 0, by: -1) {
            let header = unsafe fields.header(at: position)
            guard unsafe isEqual(header.name, name) else { continue }
            guard let value = unsafe header.value else { return test(nil) }
            return test(unsafe Span(_unsafeBytes: value))
        }
        return nil
    }

    private func isEqual(_ bytes: UnsafeRawBufferPointer, _ name: Span<UInt8>) -> Bool {
        guard bytes.count == name.count else { return false }
        for index in name.indices where unsafe bytes[index] != name[index] { return false }
        return true
    }
}
