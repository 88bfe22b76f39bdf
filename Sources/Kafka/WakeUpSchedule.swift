/// Decides when librdkafka's broker threads are told to look at the local queue again, before 2.2.0.
///
/// They stop fetching over `queued.min.messages` records or `queued.max.messages.kbytes` in the queue, and a stopped
/// one adds nothing. Waking them after every half of a limit that was taken therefore meets each stop while at least
/// half of the limit still waits, without a look at the queue's length or a guess about who has stopped. Who is idle,
/// paused or cut off from its brokers takes nothing, and wakes nobody; a wake-up too many costs a few microseconds in
/// ten thousands of records.
struct WakeUpSchedule: Equatable {
    private let recordsBetween: Int
    private let bytesBetween: Int
    private var records = 0
    private var bytes = 0
    private var hasDropped = false

    /// For a queue with these limits.
    init(queuedRecords: Int, queuedBytes: Int) {
        recordsBetween = max(1, queuedRecords / 2)
        bytesBetween = max(1, queuedBytes / 2)
    }

    /// Notes a take of so many records, whose values have so many bytes in all; `isLast` where it left the queue empty.
    /// Answers whether it is time to wake the fetchers.
    mutating func take(records taken: Int, bytes takenBytes: Int, isLast: Bool) -> Bool {
        records += taken
        bytes += takenBytes
        guard records >= recordsBetween || bytes >= bytesBetween || (isLast && hasDropped) else { return false }
        (records, bytes) = (0, 0)
        if isLast { hasDropped = false }
        return true
    }

    /// Notes that librdkafka throws queued records away (a pause, a seek, partitions given up): the queue then gets empty
    /// without their being taken.
    mutating func drop() { hasDropped = true }
}
