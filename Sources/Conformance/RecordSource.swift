package import HandlerProtocol

/// Where sessions take their records from.
package struct RecordSource: Sendable {
    /// Stands in every made-up record, so that record data is known where it should not be.
    package static let mark = "ackpipe-check-record"
    /// Stands in values that look like verdicts; no verdict has it.
    package static let forgedMember = "\"x_ackpipe_check\":\"forged\""

    /// The user's, or none.
    package var given: [RecordLine]
    /// The forms of keys and values.
    package var forms: PayloadForms

    /// Records of a user's file, in these forms.
    package init(given: [RecordLine] = [], forms: PayloadForms = PayloadForms()) {
        self.given = given
        self.forms = forms
    }

    /// The record with this number: one of the user's, or a made-up one. `later` moves its offset, and changes nothing else.
    func plain(_ number: Int, later: Int64 = 0) -> SampleRecord {
        let offset = 1_000 + Int64(number) * 3 + later
        if !given.isEmpty { return SampleRecord(given[number % given.count], offset: offset) }
        var record = SampleRecord(
            offset: offset, key: Array("\(RecordSource.mark)-\(number % 5)".utf8),
            value: Array("{\"mark\":\"\(RecordSource.mark)\",\"number\":\(number)}".utf8))
        record.headers = [.init("trace", "a"), .init("trace", "b"), .init("content-type", "application/json")]
        return record
    }

    func plain(_ numbers: Range<Int>, later: Int64 = 0) -> [SampleRecord] { numbers.map { plain($0, later: later) } }

    func message(_ number: Int, later: Int64 = 0) -> Delivery { .message(plain(number, later: later), forms) }

    func messages(_ numbers: Range<Int>) -> [Delivery] { numbers.map { message($0) } }

    func batch(_ numbers: Range<Int>, later: Int64 = 0) -> Delivery { .batch(plain(numbers, later: later), forms) }

    /// Plain, strange, plain: only the form can be why the one in the middle fares otherwise.
    func sandwich(rule: String, _ what: String, of number: Int = 0, _ strange: (Delivery) -> Delivery) -> [Delivery] {
        [
            message(number).compared(.plain),
            strange(message(number, later: 10_000)).compared(.strange(rule: rule, what: what)),
            message(number, later: 20_000).compared(.plain),
        ]
    }

    /// The same around a batch, which should be of the records 0 to 2 or of some of them.
    func batchSandwich(rule: String, _ what: String, _ strange: Delivery) -> [Delivery] {
        [
            batch(0..<3).compared(.plain), strange.compared(.strange(rule: rule, what: what)),
            batch(0..<3, later: 20_000).compared(.plain),
        ]
    }
}
