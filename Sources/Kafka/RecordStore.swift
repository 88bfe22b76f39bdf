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

    private var slots: [Owned] = []
    private var firstFree = RecordStore.endOfFreeList

    /// How many records are held.
    package private(set) var heldCount = 0

    init() {}

    /// Calls `body` with the record's bytes. Costs nothing for a record without headers; headers are parsed once.
    ///
    /// A slot that holds nothing gives empty fields: no key, no value, no headers.
    package func withFields<R, E: Error>(
        _ slot: RecordSlot, _ body: (RecordFields) throws(E) -> R
    ) throws(E) -> R {
        switch slots[Int(slot.value)] {
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
        switch slots[index] {
        case .nothing: return
        case .message(let message): unsafe rd_kafka_message_destroy(message)
        case .event(let event, _): unsafe rd_kafka_event_destroy(event)
        case .copy: break
        }
        slots[index] = .nothing(nextFree: firstFree)
        firstFree = slot.value
        heldCount -= 1
    }

    /// Replaces librdkafka's message by a copy of our own, because a held message pins its whole fetch response. Does
    /// nothing where that was done before.
    package func copyOut(_ slot: RecordSlot) {
        let index = Int(slot.value)
        switch slots[index] {
        case .nothing, .copy: return
        case .message(let message):
            let copy = unsafe RecordCopy(of: RecordFields(message: message))
            unsafe rd_kafka_message_destroy(message)
            slots[index] = .copy(copy)
        case .event(let event, let message):
            let copy = unsafe RecordCopy(of: RecordFields(message: message))
            unsafe rd_kafka_event_destroy(event)
            slots[index] = .copy(copy)
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
        for index in slots.indices { giveBack(RecordSlot(Int32(index))) }
    }

    private func take(_ owned: Owned) -> RecordSlot {
        heldCount += 1
        guard firstFree != RecordStore.endOfFreeList else {
            slots.append(owned)
            return RecordSlot(Int32(slots.count - 1))
        }
        let index = firstFree
        if case .nothing(let next) = slots[Int(index)] { firstFree = next }
        slots[Int(index)] = owned
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
