package import CRecords
package import DeliveryCore

/// The records that the service holds: each slot is a record copied into memory of our own (`CRecords`), so that nothing
/// of librdkafka's is kept.
///
/// Belongs to the service's thread. A slot is taken when the record arrives and freed by `giveBack`.
@safe
package final class RecordStore {
    // A constant, because each access to a variable of a class pays for a check at run time that no other overlaps.
    @usableFromInline let store: UnsafeMutablePointer<crecords_store> = unsafe crecords_create()

    /// How many records are held.
    package var heldCount: Int { unsafe Int(crecords_held_count(store)) }

    /// Bytes that records take from the system, be they used or kept for the next ones; those copied out not counted.
    package var mappedBytes: Int { unsafe store.pointee.blocks.mapped_bytes }

    /// A store without records.
    package init() {}

    deinit { unsafe crecords_destroy(store) }

    /// Calls `body` with the record's bytes where they lie; nothing may be taken or given back meanwhile.
    ///
    /// A slot that holds nothing gives empty fields: no key, no value, no headers.
    @inlinable
    package func withFields<R, E: Error>(
        _ slot: RecordSlot, _ body: (RecordFields) throws(E) -> R
    ) throws(E) -> R {
        try unsafe body(RecordFields(crecords_at(store, slot.value)))
    }

    /// The record's bytes where they lie: valid until anything is taken or given back.
    @inlinable @inline(__always)
    package func fields(_ slot: RecordSlot) -> RecordFields { unsafe RecordFields(crecords_at(store, slot.value)) }

    /// Frees the slot and what it holds. A slot that holds nothing stays as it is.
    package func giveBack(_ slot: RecordSlot) {
        var number = slot.value
        unsafe crecords_give_back(store, &number, 1)
    }

    /// Frees many slots at once, each as `giveBack(_:)` does; cheaper for each of them.
    package func giveBack(_ slots: Span<RecordSlot>) {
        unsafe slots.withUnsafeBufferPointer { buffer in
            // A slot is its number and nothing else.
            let numbers = unsafe UnsafeRawPointer(buffer.baseAddress)?.assumingMemoryBound(to: Int32.self)
            unsafe crecords_give_back(store, numbers, buffer.count)
        }
    }

    /// Moves the record into an allocation of its own, because one that waits for long keeps the block that it came in.
    /// Does nothing where that was done before.
    package func copyOut(_ slot: RecordSlot) { unsafe crecords_copy_out(store, slot.value) }

    /// Gives everything back that is still held.
    func giveBackAll() { unsafe crecords_give_back_all(store) }
}
