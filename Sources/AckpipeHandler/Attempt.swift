import DeliveryCore
import HandlerProtocol

/// One delivery, one verdict: runs a handler's code on it and says what came of that.
enum Attempt {
    /// Hands over each record. In a batch the first failure ends the work, and what is behind it is released untried: order
    /// is kept, and nothing is done twice. `Reject` and `Skip` settle their record, so the work goes on.
    static func records(_ delivery: Delivery, _ handle: (Record, Delivery) throws -> Void) {
        guard delivery.begin() else { return }
        var failed: [RecordFailure] = []
        for (index, record) in delivery.records.enumerated() {
            do {
                if index > 0, delivery.isCancelled { throw CancellationError() }
                try handle(record, delivery)
            } catch {
                if note(error, at: index, of: delivery, &failed) { break }
            }
        }
        _ = delivery.answer(failed)
    }

    /// The same for code that waits.
    static func records(
        _ delivery: Delivery, _ handle: @Sendable (Record, Delivery) async throws -> Void
    ) async {
        guard delivery.begin() else { return }
        var failed: [RecordFailure] = []
        for (index, record) in delivery.records.enumerated() {
            do {
                if index > 0, delivery.isCancelled { throw CancellationError() }
                try await handle(record, delivery)
            } catch {
                if note(error, at: index, of: delivery, &failed) { break }
            }
        }
        _ = delivery.answer(failed)
    }

    /// Hands over the whole batch.
    static func batch(_ delivery: Delivery, _ handle: (Batch) throws -> BatchOutcome) {
        guard delivery.begin() else { return }
        do {
            delivery.answer(try handle(delivery.batch))
        } catch {
            delivery.nack(error)
        }
    }

    /// The same for code that waits.
    static func batch(_ delivery: Delivery, _ handle: @Sendable (Batch) async throws -> BatchOutcome) async {
        guard delivery.begin() else { return }
        do {
            delivery.answer(try await handle(delivery.batch))
        } catch {
            delivery.nack(error)
        }
    }

    /// Notes a failure; answers whether the work ends there.
    private static func note(
        _ error: any Error, at index: Int, of delivery: Delivery, _ failed: inout [RecordFailure]
    ) -> Bool {
        let detail = FailureDetail(error)
        failed.append(RecordFailure(index: index, detail: detail))
        if detail.action == .reject || detail.action == .skip { return false }
        for later in delivery.records.indices.dropFirst(index + 1) {
            failed.append(RecordFailure(index: later, detail: FailureDetail(action: .release)))
        }
        return true
    }
}
