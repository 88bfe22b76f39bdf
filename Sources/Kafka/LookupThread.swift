internal import CRDKafka
package import DeliveryCore
internal import Glibc

/// A thread for the questions to brokers that block for a round trip. The service's thread asks, goes on, and is woken
/// by its eventfd when an answer lies here.
///
/// All methods run on the service's thread. Stop it before the consumer is finished.
@safe
package final class LookupThread {
    private let mailbox: LookupMailbox
    private let table: PartitionTable
    private var thread: pthread_t?

    /// Starts the thread. `wake` is an eventfd that must outlive it, written after each answer.
    ///
    /// Throws where the system refuses another thread.
    package init(consumer: Consumer, wake: Int32) throws(KafkaError) {
        guard let handle = unsafe consumer.handle else { throw KafkaError(code: RD_KAFKA_RESP_ERR__DESTROY.rawValue) }
        table = consumer.partitions
        mailbox = unsafe LookupMailbox(client: handle, wake: wake)
        var started = pthread_t()
        let passed = unsafe Unmanaged.passRetained(mailbox).toOpaque()
        let result = unsafe pthread_create(
            &started, nil,
            { argument in
                if let argument = unsafe argument {
                    unsafe Unmanaged<LookupMailbox>.fromOpaque(argument).takeRetainedValue().serve()
                }
                return nil
            }, passed)
        guard result == 0 else {
            unsafe Unmanaged<LookupMailbox>.fromOpaque(passed).release()
            throw KafkaError(
                code: RD_KAFKA_RESP_ERR__CRIT_SYS_RESOURCE.rawValue,
                message: "cannot start a thread: \(unsafe String(cString: strerror(result)))")
        }
        thread = started
    }

    deinit { stop() }

    /// Asks where these partitions begin, end, and are to be read from. With `useCommitted` the group's committed
    /// offset beats `policy`.
    ///
    /// A partition whose leader is away does not hold up the others: about 3 seconds later the answer tells those that
    /// were found, and the others as `failed`. Where none is found it gives up after `patience` milliseconds with an
    /// error, and at once for what time cannot heal (an unknown topic, say). Questions are answered one after the other.
    package func startPositions(
        _ partitions: [PartitionIndex], from policy: StartPolicy, useCommitted: Bool, within patience: Int64 = 10_000,
        token: UInt64
    ) {
        let named = partitions.map { index in
            let name = table.name(of: index)
            return LookupRequest.Partition(index: index, topic: name.topic, number: name.partition)
        }
        mailbox.ask(
            LookupRequest(
                token: token, partitions: named, policy: policy, useCommitted: useCommitted, patience: patience))
    }

    /// Appends the answers that are there.
    package func takeResults(into results: inout [LookupResult]) { results += mailbox.takeResults() }

    /// Ends the thread and waits for it: at most as long as one request to a broker may take, a second for a fresh
    /// question and 3 seconds for one that is asked again and again. Questions without an answer are dropped. Calling
    /// it again does nothing.
    package func stop() {
        guard let thread else { return }
        mailbox.stop()
        pthread_join(thread, nil)
        self.thread = nil
    }
}

/// A question for the lookup thread.
struct LookupRequest: Sendable {
    struct Partition: Sendable {
        let index: PartitionIndex
        let topic: String
        let number: Int32
    }

    let token: UInt64
    let partitions: [Partition]
    let policy: StartPolicy
    let useCommitted: Bool
    /// How long all attempts together may take while no partition is found, in milliseconds.
    let patience: Int64
}

/// What the service's thread and the lookup thread share. `@unchecked`: everything mutable is under the mutex.
@safe
private final class LookupMailbox: @unchecked Sendable {
    private let client: OpaquePointer
    private let wake: Int32
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var requests: [LookupRequest] = []
    private var results: [LookupResult] = []
    private var stopping = false

    init(client: OpaquePointer, wake: Int32) {
        unsafe self.client = unsafe client
        self.wake = wake
        unsafe pthread_mutex_init(mutex, nil)
        unsafe pthread_cond_init(condition, nil)
    }

    deinit {
        unsafe pthread_mutex_destroy(mutex)
        unsafe pthread_cond_destroy(condition)
        unsafe mutex.deallocate()
        unsafe condition.deallocate()
    }

    func ask(_ request: LookupRequest) {
        locked { requests.append(request) }
        unsafe pthread_cond_signal(condition)
    }

    func stop() {
        locked { stopping = true }
        unsafe pthread_cond_signal(condition)
    }

    func takeResults() -> [LookupResult] {
        locked {
            defer { results.removeAll() }
            return results
        }
    }

    /// The thread's life.
    func serve() {
        while let request = nextRequest() {
            let lookup = unsafe Lookup(client: client, isCancelled: { [self] in locked { stopping } })
            let result = lookup.answer(request)
            locked { results.append(result) }
            var one: UInt64 = 1
            // The only possible failure, a full counter, means that a wake-up is pending anyway.
            unsafe _ = write(wake, &one, MemoryLayout<UInt64>.size)
        }
    }

    private func nextRequest() -> LookupRequest? {
        locked {
            while requests.isEmpty && !stopping { unsafe pthread_cond_wait(condition, mutex) }
            return stopping ? nil : requests.removeFirst()
        }
    }

    private func locked<R>(_ body: () -> R) -> R {
        unsafe pthread_mutex_lock(mutex)
        defer { unsafe pthread_mutex_unlock(mutex) }
        return body()
    }
}
