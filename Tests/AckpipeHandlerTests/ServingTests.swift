import AckpipeHandler
import Glibc
import Synchronization
import Testing

private struct Problem: Error, CustomStringConvertible { let description: String }

@Suite struct ServingTests {
    private let bridge = FakeBridge(timeLimit: .seconds(60))

    private func batches(_ size: Int) -> FakeBridge { FakeBridge(batchSize: size) }

    /// Fails for "bad", and asks for what the other words say.
    private static func handle(_ record: Record) throws {
        switch record.valueText {
        case "bad": throw Problem(description: "bad value")
        case "retry": throw Retry("later", after: .milliseconds(1500))
        case "reject": throw Reject("never")
        case "skip": throw Skip("not mine")
        case "release": throw Release()
        default: break
        }
    }

    private let words = ["good", "bad", "retry", "reject", "skip", "release", "good"]
    private let verdicts: [FakeBridge.Verdict] = [
        .ack, .retry("bad value"), .retry("later", after: .milliseconds(1500)), .reject("never"), .skip("not mine"),
        .release, .ack,
    ]

    @Test("Returning acknowledges, and what is thrown says what becomes of the record", arguments: [false, true])
    func verdictsOfMessages(readsWhileWorking: Bool) async throws {
        var bridge = bridge
        bridge.options.readsWhileWorking = readsWhileWorking
        for usesLines in [false, true] {
            bridge.usesLines = usesLines
            var seen: [String] = []
            let found = try bridge.run(words.map { .test($0) }) { record in
                seen.append(record.valueText ?? "")
                try Self.handle(record)
            }
            #expect(found == verdicts)
            #expect(seen == words)
        }
        let records = words.map { Record.test($0) }
        #expect(try bridge.run(concurrency: 3, records) { record, _ in try Self.handle(record) } == verdicts)
        let waited = try await bridge.run(concurrency: 3, records) { record, _ in
            try await Task.sleep(for: .milliseconds(1))
            try Self.handle(record)
        }
        #expect(waited == verdicts)
    }

    @Test("In a batch the first failure ends the work, and what is behind it is released")
    func stopsAtTheFirstFailure() throws {
        var seen = 0
        let found = try batches(4).run(["a", "bad", "b", "c", "d"].map { .test($0) }) { record in
            seen += 1
            try Self.handle(record)
        }
        #expect(found == [.ack, .retry("bad value"), .release, .release, .ack])
        #expect(seen == 3)
        let settled = try batches(3).run(["reject", "skip", "good"].map { .test($0) }) { try Self.handle($0) }
        #expect(settled == [.reject("never"), .skip("not mine"), .ack])
    }

    @Test("A handler of batches names the records that failed, fails all, or none")
    func outcomes() throws {
        let records = (0..<4).map { Record.test("\($0)") }
        #expect(try batches(4).runBatches(records) { _ in .success } == [.ack, .ack, .ack, .ack])
        #expect(
            try batches(4).runBatches(records) { _ in .failed(from: 1, Problem(description: "x")) }
                == [.ack, .retry("x"), .release, .release])
        let one = try batches(4).runBatches(records) { batch in
            var outcome = BatchOutcome()
            for (index, record) in batch.enumerated() where record.valueText == "2" {
                outcome.fail(index, Reject("two"))
            }
            return outcome
        }
        #expect(one == [.ack, .ack, .reject("two"), .ack])
        #expect(
            try batches(2).runBatches(records) { _ in throw Problem(description: "all") }
                == Array(repeating: .retry("all"), count: 4))
        // In message mode a batch of one.
        #expect(
            try bridge.runBatches(records) { batch in batch[0].valueText == "1" ? .failed(from: 0, Skip("s")) : .success
            }
                == [.ack, .skip("s"), .ack, .ack])
    }

    @Test("An outcome that names a record which is not there is a failed attempt, and no protocol error")
    func wrongIndex() throws {
        let found = try batches(2).runBatches([.test("a"), .test("b")]) { _ in .failed(from: 2, Skip("s")) }
        #expect(found == Array(repeating: .retry("the outcome names record 2 of a batch of 2"), count: 2))
    }

    @Test("A loop over deliveries answers in any order, and the first verdict is final")
    func deliveries() async throws {
        let found = try await bridge.run(concurrency: 8, (0..<20).map { .test("\($0)") }) { deliveries in
            var kept: [Delivery] = []
            for await delivery in deliveries {
                kept.append(delivery)
                guard kept.count == 10 else { continue }
                for (place, delivery) in kept.enumerated().reversed() {
                    #expect(place % 2 == 0 ? delivery.ack() : delivery.nack("odd"))
                    #expect(!delivery.ack(), "a second verdict")
                }
                kept = []
            }
        }
        #expect(found == (0..<20).map { $0 % 2 == 0 ? .ack : .retry("odd") })
    }

    @Test("A delivery that is dropped without a verdict is a failed attempt")
    func dropped() async throws {
        let found = try await bridge.run([.test("a"), .test("b")]) { deliveries in
            for await delivery in deliveries where delivery.record.valueText == "b" { delivery.ack() }
        }
        #expect(found == [.retry("the handler dropped this delivery without a verdict"), .ack])
    }

    @Test("A loop that is left gives back what it has not taken")
    func leftLoop() async throws {
        let found = try await bridge.run((0..<5).map { .test("\($0)") }) { deliveries in
            for await delivery in deliveries {
                delivery.ack()
                break
            }
        }
        #expect(found == [.ack, .release, .release, .release, .release])
    }

    @Test("So many records are worked on at a time as the concurrency says, and no more")
    func concurrency() throws {
        let running = Mutex((now: 0, most: 0))
        let bridge = bridge
        let found = try bridge.run(concurrency: 4, (0..<40).map { .test("\($0)") }) { _, _ in
            running.withLock { state in
                state.now += 1
                state.most = max(state.most, state.now)
            }
            // Until the others are there, too.
            for _ in 0..<20_000 where running.withLock({ $0.most < 4 }) { yield() }
            running.withLock { $0.now -= 1 }
        }
        #expect(found == Array(repeating: .ack, count: 40))
        #expect(running.withLock { $0.most } == 4)
    }

    @Test("A cancelled delivery is released where it has not begun, and says so where it has")
    func cancelled() async throws {
        var bridge = bridge
        bridge.cancelled = [0, 1]
        let seen = Mutex<[String]>([])
        let found = try bridge.run(concurrency: 1, [.test("a"), .test("b"), .test("c")]) { record, delivery in
            seen.withLock { $0.append(record.valueText ?? "") }
            while record.valueText == "a", !delivery.isCancelled { yield() }
            try delivery.checkCancellation()
        }
        // The first may be cancelled before it begins.
        #expect(found == [.release, .release, .ack])
        #expect(seen.withLock { $0.last } == "c" && !seen.withLock { $0.contains("b") })

        bridge.cancelled = [0]
        let waited = try await bridge.run([.test("a")]) { _, _ in try await Task.sleep(for: .seconds(600)) }
        #expect(waited == [.release])
    }

    @Test("Setting up runs before the first record, and failing there refuses to start")
    func setup() async throws {
        let isReady = Mutex(false)
        let found = try bridge.run([.test("a")]) { (bridge: Bridge) in
            #expect(bridge.service == "test" && bridge.ackTimeout == .seconds(300))
            isReady.withLock { $0 = true }
        } _: { (_: Record) in
            #expect(isReady.withLock { $0 })
        }
        #expect(found == [.ack])
        let refusal = #expect(throws: FakeBridge.Breach.self) {
            _ = try bridge.run([.test("a")]) { (_: Bridge) in
                throw Problem(description: "no database")
            } _: { (_: Record) in
                Issue.record("a record after a refusal")
            }
        }
        #expect(refusal?.description == "it refused to start: no database")
        await #expect(throws: FakeBridge.Breach.self) {
            _ = try await bridge.run([.test("a")]) { (_: Bridge) async throws in
                try await Task.sleep(for: .milliseconds(1))
                throw Problem(description: "no database")
            } _: { (_: Record, _: Delivery) async in
            }
        }
    }

    @Test("Whatever else is said is well-formed")
    func reports() throws {
        var bridge = bridge
        bridge.options.usesSession = true
        let found = try bridge.run([.test("a")]) { _, delivery in
            delivery.extend(by: .seconds(60))
            #expect(delivery.remaining > .seconds(290))
            delivery.bridge.log(.warn, "slow \"query\"\n", ["ms": "812", "ms": "813", "": "x"])
            delivery.bridge.metric("orders_total", 2, .counter, ["country": "de"])
            delivery.bridge.metric("Not a name", -1)
            delivery.bridge.metric("nan", .nan, .gauge)
            delivery.bridge.metric("small", 1e-300, .histogram)
            delivery.bridge.pause(for: .seconds(1))
            delivery.bridge.resume()
        }
        #expect(found == [.ack])
    }

    @Test("An error's text is cut at a character, and a verdict arrives whatever its size")
    func longErrors() throws {
        let text = String(repeating: "ü", count: 10_000)
        let found = try batches(3).run((0..<3).map { .test("\($0)") }) { _ in throw Reject(text) }
        #expect(found == Array(repeating: .reject(String(repeating: "ü", count: 2048)), count: 3))
    }

    @Test("A record tells everything that it has")
    func recordMembers() throws {
        let strange = Record.test(
            bytes: [0xFF, 0], key: nil, topic: "größe", partition: 7, offset: 1 << 40,
            headers: [.init("a", "1"), .init("a", nil), .init(name: [0xFE], value: [0xFF])], attempt: 3,
            isRedelivered: true)
        let found = try bridge.run([strange, .test(nil), .test("")]) { record in
            if record.isTombstone {
                #expect(record.value == nil && record.valueText == nil && record.valueForm == .null)
            } else if record.value == [] {
                #expect(record.valueText == "" && record.valueForm == .text)
            } else {
                #expect(record.value == [0xFF, 0] && record.valueText == nil && record.valueForm == .base64)
                #expect(record.key == nil && record.keyForm == .null)
                #expect(record.place == "größe[7]@1099511627776")
                #expect(record.headers == strange.headers && record.header("a") == nil)
                #expect(record.headers[2].nameText == "\u{FFFD}" && record.headers[0].valueText == "1")
                #expect(record.attempt == 3 && record.isRedelivered && record.timestamp == 1_760_000_000_000)
                #expect(record.timestampType == .create && record.meta == nil)
            }
        }
        #expect(found == [.ack, .ack, .ack])
    }

    @Test("A verdict that does not come is named")
    func missingVerdict() async throws {
        let bridge = FakeBridge(timeLimit: .milliseconds(200))
        let kept = Mutex<[Delivery]>([])
        let breach = await #expect(throws: FakeBridge.Breach.self) {
            _ = try await bridge.run([.test("a"), .test("b")]) { deliveries in
                for await delivery in deliveries {
                    if kept.withLock({ $0.isEmpty }) { kept.withLock { $0.append(delivery) } } else { delivery.ack() }
                }
            }
        }
        // Of the second too, where the loop did not come to it in time.
        #expect(
            breach?.description.hasPrefix("no verdict within the time for [") == true, "\(String(describing: breach))")
        #expect(kept.withLock { $0.count } <= 1)
    }
}

/// A millisecond for other threads.
private func yield() { usleep(1_000) }
