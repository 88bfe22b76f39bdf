import DeliveryCore
import Foundation
import HandlerProtocol
import Kafka
import Testing

@testable import Runtime

@Suite struct RecorderTests {
    private let path = FileManager.default.temporaryDirectory.appending(path: "recorder-\(UUID().uuidString)").path
    private let store = RecordStore()
    private let partition = QuotedPartition(topic: QuotedTopic("t"), partition: 4)

    private func lines() -> [String] {
        ((try? String(contentsOfFile: path, encoding: .utf8)) ?? "").split(separator: "\n").map(String.init)
    }

    private func write(_ value: [UInt8], _ offset: Int64, to recorder: Recorder, now: Int64 = 0) throws {
        let slot = try #require(store.put(OwnRecord(key: nil, value: value, timestamp: 5))).slot
        try recorder.write(
            store.fields(slot), at: RecordPosition(offset: offset, timestamp: 5, timestampType: .create), of: partition,
            now: Instant(nanoseconds: now))
        store.giveBack(slot)
    }

    @Test("lines are written a second after they came, or when there is much of them")
    func flushes() throws {
        defer { try? FileManager.default.removeItem(atPath: path) }
        let recorder = Recorder(try RecordingFile(path: path), sample: 1, maxBytes: 1 << 30)
        #expect(recorder.flushDue == nil)
        try write([0x61], 7, to: recorder, now: 100)
        try write([0xFF], 8, to: recorder, now: 200)
        #expect(recorder.flushDue == Instant(nanoseconds: 1_000_000_100))
        try recorder.flushIfDue(now: Instant(nanoseconds: 1_000_000_099))
        #expect(lines().isEmpty)
        try recorder.flushIfDue(now: Instant(nanoseconds: 1_000_000_100))
        #expect(
            lines() == [
                #"{"topic":"t","partition":4,"offset":7,"timestamp":5,"timestamp_type":"create","key":null,"value":"a","headers":[]}"#,
                #"{"topic":"t","partition":4,"offset":8,"timestamp":5,"timestamp_type":"create","key":null,"value_base64":"/w==","headers":[]}"#,
            ])
        #expect(recorder.flushDue == nil && recorder.recordCount == 2)
        try write([UInt8](repeating: 0x62, count: RecordingFile.blockSize), 9, to: recorder)
        #expect(lines().count == 3 && recorder.flushDue == nil)
    }

    @Test("at the bound the recording ends with whole lines, and what was in the file before counts")
    func bound() throws {
        defer { try? FileManager.default.removeItem(atPath: path) }
        try String(repeating: "x", count: 599).appending("\n").write(toFile: path, atomically: false, encoding: .utf8)
        let recorder = Recorder(try RecordingFile(path: path), sample: 1, maxBytes: 1_000)
        var count = 0
        #expect {
            while count < 100 {
                try write([0x61], Int64(count), to: recorder)
                count += 1
            }
        } throws: { error in
            guard case .full(let bytes)? = error as? Recorder.End else { return false }
            return bytes <= 1_000 && bytes > 800
        }
        #expect(count == 3 && recorder.recordCount == 3)
        #expect(lines().count == 4 && lines().last?.hasSuffix("}") == true)
    }
}
