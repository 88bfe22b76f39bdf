/// What a filter sees of a record. The record's value is no part of it.
///
/// All of it belongs to the service's thread and is asked for on each record's path: nothing here should allocate.
package protocol FilterableRecord {
    /// The topic's name.
    var topic: String { get }
    /// The partition's number, from 0.
    var partition: Int32 { get }
    /// The record's offset, from 0.
    var offset: Int64 { get }
    /// The headers are there and cannot be parsed.
    var headersAreDamaged: Bool { get }

    /// What `test` says of the key's bytes, which are valid only within it; nil stands for a record without a key.
    func withKey(_ test: (Span<UInt8>?) -> Bool) -> Bool

    /// What `test` says of the value of the last header with this name, which is valid only within it; nil stands for a
    /// null value. Answers nil where no header has the name.
    func withHeader(named name: Span<UInt8>, _ test: (Span<UInt8>?) -> Bool) -> Bool?
}
