import HandlerProtocol

/// Lines for people about frames.
package enum FrameText {
    /// Characters of a key, a value or a body that a short line shows at most.
    private static let shortLength = 60
    private static let bodyLength = 110
    /// Records of a batch that a short listing shows.
    private static let shortBatch = 5

    /// The line of a frame, and those of a batch's records, each with its LF; `isFull` shows bodies whole.
    package static func lines(_ frame: CapturedFrame, isFull: Bool) -> String {
        let head = pad("\(frame.offset)", 10, right: true) + pad("+\(frame.size)", 8, right: true) + "  "
        let indent = String(repeating: " ", count: 20)
        var text = head
        switch frame.content {
        case .bridge(.message(let id, let record)): text += word("message", id) + describe(record)
        case .bridge(.batch(let id, let records)):
            text += word("batch", id) + "\(records.count) \(records.count == 1 ? "record" : "records")"
            if !isFull {
                for record in records.prefix(shortBatch) { text += "\n\(indent)  " + describe(record) }
                if records.count > shortBatch { text += "\n\(indent)  and \(records.count - shortBatch) more" }
            }
        case .bridge(let said): text += other(type(said), frame, isFull)
        case .handler(let said): text += other(type(said), frame, isFull)
        }
        if isFull { text += "\n\(indent)" + FramePlaces.printable(frame.body.span, limit: .max) }
        return text + "\n"
    }

    /// One JSON object about a frame, with its LF; the body is in it as it is.
    package static func json(_ frame: CapturedFrame, _ side: StreamSide) -> String {
        // A body has no raw line end within a string, and one between its members would break the line.
        let body = String(decoding: frame.body.map { $0 == 0x0A || $0 == 0x0D ? 0x20 : $0 }, as: UTF8.self)
        return "{\"offset\":\(frame.offset),\"bytes\":\(frame.size),\"from\":\"\(side.rawValue)\",\"frame\":\(body)}\n"
    }

    private static func other(_ type: String, _ frame: CapturedFrame, _ isFull: Bool) -> String {
        isFull
            ? pad(type, 11)
            : pad(type, 11) + FramePlaces.printable(frame.body.span, limit: bodyLength)
    }

    private static func word(_ type: String, _ id: UInt64) -> String { pad(type, 11) + pad("id \(id)", 8) + " " }

    private static func type(_ frame: BridgeFrame) -> String {
        switch frame {
        case .hello: "hello"
        case .message: "message"
        case .batch: "batch"
        case .cancel: "cancel"
        case .ping: "ping"
        case .shutdown: "shutdown"
        case .assigned: "assigned"
        case .revoked: "revoked"
        case .committed: "committed"
        case .unknown(let type): FramePlaces.printable(type.utf8.span, limit: 32)
        }
    }

    private static func type(_ frame: HandlerFrame) -> String {
        switch frame {
        case .ready: "ready"
        case .initError: "init_error"
        case .ack: "ack"
        case .nack: "nack"
        case .result: "result"
        case .extend: "extend"
        case .pause: "pause"
        case .resume: "resume"
        case .log: "log"
        case .metric: "metric"
        case .pong: "pong"
        }
    }

    private static func describe(_ record: BridgeRecord) -> String {
        let topic = FramePlaces.printable(record.topic.utf8.span, limit: shortLength)
        var text =
            "\(topic)[\(record.partition)]@\(record.offset) key \(payload(record.key)) value \(payload(record.value))"
        if !record.headers.isEmpty { text += " headers \(record.headers.count)" }
        if record.attempt > 1 { text += " attempt \(record.attempt)" }
        if record.isRedelivered { text += " redelivered" }
        return text
    }

    private static func payload(_ payload: BridgePayload) -> String {
        guard let bytes = payload.bytes else { return "null" }
        let shown = FramePlaces.printable(bytes.span, limit: shortLength)
        switch payload.form {
        case .text: return "\"\(shown)\"" + (bytes.count > shortLength ? " (\(bytes.count) bytes)" : "")
        case .json: return shown + (bytes.count > shortLength ? " (\(bytes.count) bytes)" : "")
        case .base64:
            let digits = bytes.prefix(12).map { HexText.digits(Int($0), 2) }.joined()
            return "\(digits)\(bytes.count > 12 ? "..." : "") (\(bytes.count) \(bytes.count == 1 ? "byte" : "bytes"))"
        }
    }

    static func pad(_ text: String, _ width: Int, right: Bool = false) -> String {
        let space = String(repeating: " ", count: max(0, width - text.count))
        return right ? space + text : text + space
    }
}

/// Bytes in hexadecimal, with the one that is meant marked.
package enum HexText {
    private static let perLine = 16

    /// The lines around the byte `at`: `bytes` begin at `base` of the stream. The last line but those behind marks it.
    package static func lines(_ bytes: [UInt8], base: Int, at: Int) -> String {
        let first = max(base, (at - perLine) / perLine * perLine)
        let last = min(base + bytes.count, (at / perLine + 2) * perLine)
        var text = ""
        // One line more than there are bytes, where the stream ends at a line's end.
        for line in stride(from: first / perLine * perLine, to: max(last, at + 1), by: perLine) {
            let places = line..<(line + perLine)
            text += "  " + digits(line, 8) + " "
            for place in places {
                text += place >= first && place < last ? " " + digits(Int(bytes[place - base]), 2) : "   "
            }
            let shown = places.map { place -> Character in
                guard place >= first, place < last else { return " " }
                let byte = bytes[place - base]
                return byte >= 0x20 && byte < 0x7F ? Character(Unicode.Scalar(byte)) : "."
            }
            text += "  |" + String(shown) + "|\n"
            if places.contains(at) { text += String(repeating: " ", count: 12 + 3 * (at - line)) + "^^\n" }
        }
        return text
    }

    /// A number in so many hexadecimal digits at least.
    package static func digits(_ number: Int, _ count: Int) -> String {
        let text = String(number, radix: 16)
        return String(repeating: "0", count: max(0, count - text.utf8.count)) + text
    }
}
