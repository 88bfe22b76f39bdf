/// The constant parts of record frames, each ready for one store.
struct FrameWords: Sendable {
    /// Room for the frame's length, which is known at its end.
    let length = Literal("\0\0\0\0")
    let message = Literal("{\"type\":\"message\",\"id\":")
    let attempt = Literal(",\"attempt\":")
    let redelivered = Literal(",\"redelivered\":true")
    let topic = Literal(",\"topic\":")
    let partition = Literal(",\"partition\":")
    let offset = Literal(",\"offset\":")
    let noTimestamp = Literal(",\"timestamp\":null")
    let timestamp = TimestampText.name
    private let noType = Literal(",\"timestamp_type\":\"none\"")
    private let createType = Literal(",\"timestamp_type\":\"create\"")
    private let appendType = Literal(",\"timestamp_type\":\"append\"")

    private let key = PayloadNames(
        name: "key", text: ",\"key\":\"", base64: ",\"key_base64\":\"", json: ",\"key_json\":", null: ",\"key\":null")
    private let value = PayloadNames(
        name: "value", text: ",\"value\":\"", base64: ",\"value_base64\":\"", json: ",\"value_json\":",
        null: ",\"value\":null")
    /// The first member of a header: it has neither a JSON form nor null.
    private let headerName = PayloadNames(
        name: "header", text: "{\"key\":\"", base64: "{\"key_base64\":\"", json: "", null: "")

    let firstHeader = Literal(",\"headers\":[")
    let noHeaders = Literal(",\"headers\":[]")

    // What stands between the parts of a record without headers in one piece.
    let firstRecord = Literal("{\"offset\":")
    let nextRecord = Literal(",{\"offset\":")
    let nullKeyTextValue = Literal(",\"key\":null,\"value\":\"")
    let endOfText = Literal("\",\"headers\":[]}")
    let endOfOther = Literal(",\"headers\":[]}")

    /// How the member begins.
    subscript(member: PayloadMember) -> PayloadNames {
        @inline(__always)
        get {
            switch member {
            case .key: key
            case .value: value
            case .headerName: headerName
            }
        }
    }

    /// The member `timestamp_type`.
    subscript(type: TimestampType) -> Literal {
        @inline(__always)
        get {
            switch type {
            case .none: noType
            case .create: createType
            case .append: appendType
            }
        }
    }
}

/// Which of a record's bytes are written.
enum PayloadMember { case key, value, headerName }

/// How a key, a value or a header's name begins in each form.
struct PayloadNames: Sendable {
    /// For messages of errors.
    let name: StaticString
    let text: Literal
    let base64: Literal
    let json: Literal
    let null: Literal

    init(name: StaticString, text: String, base64: String, json: String, null: String) {
        self.name = name
        self.text = Literal(text)
        self.base64 = Literal(base64)
        self.json = Literal(json)
        self.null = Literal(null)
    }
}

/// The member `timestamp` with its number, as it was written last.
struct TimestampText: Sendable {
    static let name = Literal(",\"timestamp\":")

    let milliseconds: Int64
    let text: Literal

    /// `milliseconds` is 0 or more: 19 digits at most, which fit beside the name.
    init(_ milliseconds: Int64) {
        self.milliseconds = milliseconds
        // More than a literal, since digits are stored eight at a time.
        var words = InlineArray<8, UInt64>(repeating: 0)
        var bytes = words.mutableSpan
        var target = MutableRawSpan(_elements: &bytes)
        let start = target.write(Self.name, at: 0)
        let end = Decimal.write(milliseconds, into: &target, at: start)
        text = Literal(TextBlock(words[0], words[1], words[2], words[3]), count: end)
    }
}

extension FrameEncoder {
    /// Writes the member `timestamp`.
    @inline(__always)
    mutating func writeTimestamp(_ milliseconds: Int64?, into target: inout MutableRawSpan, at start: Int) -> Int {
        guard let milliseconds else { return target.write(words.noTimestamp, at: start) }
        if milliseconds != lastTimestamp.milliseconds {
            if milliseconds < 0 {
                return Decimal.write(milliseconds, into: &target, at: target.write(words.timestamp, at: start))
            }
            lastTimestamp = TimestampText(milliseconds)
        }
        return target.write(lastTimestamp.text, at: start)
    }
}
