import DeliveryCore

extension Daemon {
    /// The machine hands a delivery over: it is judged, and what the handler will make of it is decided.
    func send(_ key: DeliveryKey, to worker: Int) {
        var delivery = machine.delivery(key)
        guard machine.record(0, of: delivery) != nil else {
            broken("hands over delivery \(delivery.id), which is of no assignment")
            return
        }
        checkSend(delivery, to: worker)
        checkMessage(key, delivery, to: worker)
        if let place = firstWithoutEncoding(delivery) {
            if place == 0 {
                refuse(key, delivery, at: worker)
                return
            }
            shorten(key, delivery, to: place)
            delivery = machine.delivery(key)
            if delivery.count != place { broken("shortened to \(place), and holds \(delivery.count)") }
        }
        guard let execution = handOver(delivery, to: worker) else { return }
        planWrite(execution, at: worker)
        planAnswer(execution, at: worker)
    }

    /// What the service is told of a message is what the machine knows of the delivery.
    private func checkMessage(_ key: DeliveryKey, _ delivery: Delivery, to worker: Int) {
        guard delivery.count == 1 else { return }
        let index = WorkerIndex(worker)
        _ = machine.collectMessages([.send(key, index)], from: 0, to: index, into: &messages)
        let told = messages.first
        if told?.id != delivery.id || told?.partition != delivery.partition
            || told?.record != machine.record(0, of: delivery)
        {
            broken("says of delivery \(delivery.id): \(String(describing: told))")
        }
    }

    private func logged(_ offset: Int64, _ partition: Int) -> LoggedRecord? {
        world.logs[partition].record(at: offset)
    }

    private func firstWithoutEncoding(_ delivery: Delivery) -> Int? {
        guard world.hasFaults else { return nil }
        return (0..<delivery.count).first { place in
            let offset = machine.record(place, of: delivery)?.offset ?? -1
            return logged(offset, Int(delivery.partition.value))?.nature == .notEncodable
        }
    }

    /// The frame goes into the pipe, soon or in parts.
    private func planWrite(_ execution: Execution, at worker: Int) {
        let id = execution.id
        if processes[worker].isDeaf {
            plan(.wrote(through: processes[worker].writtenThrough, pendingBytes: 100), at: worker, in: 0...2)
        } else if world.hasFaults, world.random.chance(10) {
            plan(.wrote(through: id - 1, pendingBytes: world.random.among(1...500)), at: worker, in: 0...1)
            plan(.wrote(through: id, pendingBytes: 0), at: worker, in: 2...30)
        } else {
            plan(.wrote(through: id, pendingBytes: 0), at: worker, in: 0...3)
        }
    }

    // MARK: What the handler makes of it

    private func planAnswer(_ execution: Execution, at worker: Int) {
        let id = execution.id
        guard !processes[worker].isDeaf else { return }
        guard world.hasFaults else {
            plan(.verdict(world.random.chance(90) ? .ack([id]) : .ackThrough(id)), at: worker, in: 31...60)
            return
        }
        if let bad = badRecord(execution), world.random.chance(90) {
            answerBad(bad.nature, at: bad.place, of: execution, worker)
        } else if world.random.chance(world.scenario.badAnswers) {
            misbehave(execution, at: worker)
        } else {
            plan(.verdict(.ack([id])), at: worker, in: 31...90)
        }
    }

    private func badRecord(_ execution: Execution) -> (nature: LoggedRecord.Nature, place: Int)? {
        guard let ledger = ledgers[execution.partition] else { return nil }
        for (place, record) in execution.places.enumerated() {
            let nature = logged(ledger.records[record].offset, execution.partition)?.nature ?? .ordinary
            if nature != .ordinary { return (nature, place) }
        }
        return nil
    }

    private func answerBad(_ nature: LoggedRecord.Nature, at place: Int, of execution: Execution, _ worker: Int) {
        let action: FailureAction
        switch nature {
        case .poison:
            exit(worker, in: 31...60)
            return
        case .rejected: action = .reject
        default: action = .retry
        }
        if policy.isBatch, world.random.chance(70) {
            let failed = [FailedRecord(index: place, failure(action))]
            plan(.verdict(.result(execution.id, failed)), at: worker, in: 31...90)
        } else {
            plan(.verdict(.nack(execution.id, failure(action))), at: worker, in: 31...90)
        }
    }

    private func misbehave(_ execution: Execution, at worker: Int) {
        let id = execution.id
        func verdict(_ answer: Answer, _ milliseconds: ClosedRange<Int> = 31...90) {
            plan(.verdict(answer), at: worker, in: milliseconds)
        }
        switch world.random.among(0...99) {
        case 0..<8: verdict(.ackThrough(id))
        case 8..<12: verdict(.ack(processes[worker].live.map(\.id)))
        case 12..<24: verdict(.nack(id, failure(.retry)))
        case 24..<31: verdict(.nack(id, failure(.release)))
        case 31..<36: verdict(.nack(id, failure(.skip)))
        case 36..<38: verdict(.nack(id, failure(.reject)))
        case 38..<58: verdict(policy.isBatch ? .result(id, failedRecords(execution.count)) : .ack([id]))
        case 58..<64: exit(worker, in: 0...90)
        case 64..<67: processes[worker].isFrozen = true
        case 67..<69: processes[worker].isDeaf = true
        case 69..<72: verdict(world.random.chance(50) ? .unknownID : wrongResult(execution))
        case 72..<78:
            plan(.extend(id: id, .milliseconds(500)), at: worker, in: 50...300)
            verdict(.ack([id]), 300...900)
        case 78..<82:
            verdict(.ack([id]))
            verdict(.nack(id, failure(.retry)))
        case 82..<86:
            plan(.pause(.milliseconds(Int64(world.random.among(0...300)))), at: worker, in: 0...20)
            verdict(.ack([id]))
        case 86..<89:
            plan(.pause(nil), at: worker, in: 0...20)
            plan(.resume, at: worker, in: 20...500)
            verdict(.ack([id]))
        case 89..<96: verdict(.ack([id]), 350...700)
        default: break
        }
    }

    private func failure(_ action: FailureAction) -> Failure {
        let delay = world.random.chance(40) ? Interval.milliseconds(Int64(world.random.among(0...250))) : nil
        return Failure(action, delay: action == .skip ? nil : delay)
    }

    /// Some of the batch, in an order of the handler's own.
    private func failedRecords(_ count: Int) -> [FailedRecord] {
        var failed: [FailedRecord] = []
        for index in 0..<count where world.random.chance(30) {
            let action: FailureAction =
                switch world.random.among(0...99) {
                case 0..<55: .retry
                case 55..<78: .release
                case 78..<95: .skip
                default: .reject
                }
            failed.insert(FailedRecord(index: index, failure(action)), at: world.random.among(0...failed.count))
        }
        return failed
    }

    private func wrongResult(_ execution: Execution) -> Answer {
        if world.random.chance(50) {
            return .wrongResult(execution.id, [FailedRecord(index: execution.count, failure(.retry))])
        }
        let index = world.random.among(0...(execution.count - 1))
        return .wrongResult(
            execution.id, [FailedRecord(index: index, failure(.retry)), FailedRecord(index: index, failure(.skip))])
    }
}
