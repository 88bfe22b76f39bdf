internal import CRDKafka
package import DeliveryCore

/// The records that the service holds: each slot owns a message of librdkafka's, or a copy of our own.
///
/// Belongs to the service's thread. A slot is taken when the record arrives and freed by `giveBack`; everything has to
/// be given back before the consumer is closed, since librdkafka waits for its messages.
@safe
package final class RecordStore {
    /// What a slot owns.
    @safe
    private enum Owned {
        case nothing(nextFree: Int32)
        case message(UnsafeMutablePointer<rd_kafka_message_t>)
        /// The message belongs to an event of the consumer queue, and dies with it.
        case event(OpaquePointer, UnsafeMutablePointer<rd_kafka_message_t>)
        case copy(RecordCopy)
    }

    private static let endOfFreeList: Int32 = -1

    @safe
    private struct Table {
        var slots: [Owned] = []
        var firstFree = RecordStore.endOfFreeList
        var heldCount = 0
    }

    /// Behind a pointer, because each access to a variable of a class pays for a check at run time that no other access
    /// overlaps: several times a record, it would be a good part of what a record costs here.
    private let table = UnsafeMutablePointer<Table>.allocate(capacity: 1)

    /// How many records are held.
    package var heldCount: Int { unsafe table.pointee.heldCount }

    init() { unsafe table.initialize(to: Table()) }

    deinit {
        giveBackAll()
        unsafe table.deinitialize(count: 1)
        unsafe table.deallocate()
    }

    /// Calls `body` with the record's bytes. Costs nothing for a record without headers; headers are parsed once.
    ///
    /// A slot that holds nothing gives empty fields: no key, no value, no headers.
    package func withFields<R, E: Error>(
        _ slot: RecordSlot, _ body: (RecordFields) throws(E) -> R
    ) throws(E) -> R {
        switch unsafe table.pointee.slots[Int(slot.value)] {
        case .message(let message), .event(_, let message):
            return try unsafe body(RecordFields(message: message))
        case .copy(let copy):
            return try unsafe RecordStore.withCopy(copy, body)
        case .nothing:
            var empty = unsafe rd_kafka_message_t()
            return try unsafe RecordStore.withCopy(RecordCopy(of: RecordFields(message: &empty)), body)
        }
    }

    /// Frees the slot and what it owns. A slot that holds nothing stays as it is.
    package func giveBack(_ slot: RecordSlot) {
        let index = Int(slot.value)
        switch unsafe table.pointee.slots[index] {
        case .nothing: return
        case .message(let message): unsafe rd_kafka_message_destroy(message)
        case .event(let event, _): unsafe rd_kafka_event_destroy(event)
        case .copy: break
        }
        unsafe table.pointee.slots[index] = unsafe .nothing(nextFree: table.pointee.firstFree)
        unsafe table.pointee.firstFree = slot.value
        unsafe table.pointee.heldCount -= 1
    }

    /// Replaces librdkafka's message by a copy of our own, because a held message pins its whole fetch response. Does
    /// nothing where that was done before.
    package func copyOut(_ slot: RecordSlot) {
        let index = Int(slot.value)
        switch unsafe table.pointee.slots[index] {
        case .nothing, .copy: return
        case .message(let message):
            let copy = unsafe RecordCopy(of: RecordFields(message: message))
            unsafe rd_kafka_message_destroy(message)
            unsafe table.pointee.slots[index] = .copy(copy)
        case .event(let event, let message):
            let copy = unsafe RecordCopy(of: RecordFields(message: message))
            unsafe rd_kafka_event_destroy(event)
            unsafe table.pointee.slots[index] = .copy(copy)
        }
    }

    /// Takes ownership of a message from a batch.
    func hold(_ message: UnsafeMutablePointer<rd_kafka_message_t>) -> RecordSlot { unsafe take(.message(message)) }

    /// Takes ownership of a fetch event of the consumer queue together with its one message.
    func hold(_ event: OpaquePointer, _ message: UnsafeMutablePointer<rd_kafka_message_t>) -> RecordSlot {
        unsafe take(.event(event, message))
    }

    /// Gives everything back that is still held: the last thing before the client is destroyed, which would otherwise
    /// wait for ever.
    func giveBackAll() {
        for index in unsafe table.pointee.slots.indices { giveBack(RecordSlot(Int32(index))) }
    }

    private func take(_ owned: Owned) -> RecordSlot {
        unsafe table.pointee.heldCount += 1
        let index = unsafe table.pointee.firstFree
        guard index != RecordStore.endOfFreeList else {
            unsafe table.pointee.slots.append(owned)
            return unsafe RecordSlot(Int32(table.pointee.slots.count - 1))
        }
        if case .nothing(let next) = unsafe table.pointee.slots[Int(index)] {
            unsafe table.pointee.firstFree = next
        }
        unsafe table.pointee.slots[Int(index)] = owned
        return RecordSlot(index)
    }

    private static func withCopy<R, E: Error>(
        _ copy: RecordCopy, _ body: (RecordFields) throws(E) -> R
    ) throws(E) -> R {
        // `withUnsafeBytes` passes typed errors on only as `any Error`; the result carries them out instead.
        let result: Result<R, E> = unsafe copy.bytes.withUnsafeBytes { bytes in
            do throws(E) {
                return .success(try unsafe body(RecordFields(copy: copy, bytes: bytes)))
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }
}
