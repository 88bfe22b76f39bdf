package import Logging

/// How a log line looks.
package enum LogFormat: String, CaseIterable, Sendable {
    /// For people: `2026-11-21T13:00:00.123Z info  message  key=value`.
    case text
    /// For machines: one JSON object a line, with `time`, `level`, `message`, then the metadata's keys.
    case json
}

/// Turns an event into the text of one line. Pure.
package enum LogLine {
    /// The longest message or metadata value, in bytes; what is longer is cut and marked.
    package static let maximumBytes = 16 << 10

    /// One line with its line break. `milliseconds` count from 1970-01-01T00:00:00Z. Metadata keys are sorted; a key that JSON lines
    /// use themselves (`time`, `level`, `message`) is written with `_` behind it.
    package static func make(
        _ format: LogFormat, milliseconds: Int64, level: Logger.Level, message: String, metadata: Logger.Metadata
    ) -> String {
        let time = TimeText.utc(milliseconds: milliseconds)
        let pairs = metadata.sorted { $0.key < $1.key }
        switch format {
        case .text:
            let padding = String(repeating: " ", count: max(0, 5 - level.rawValue.count))
            var line = "\(time) \(level.rawValue)\(padding) \(Escaping.text(message, limit: maximumBytes))"
            for (index, pair) in pairs.enumerated() {
                line += index == 0 ? "  " : " "
                line += "\(Escaping.text(pair.key, limit: 256))=\(textValue(pair.value))"
            }
            return line + "\n"
        case .json:
            var line = "{\"time\":\"\(time)\",\"level\":\"\(level.rawValue)\",\"message\":"
            JSONText.append(cut(message), to: &line)
            for (key, value) in pairs {
                line += ","
                JSONText.append(["time", "level", "message"].contains(key) ? key + "_" : key, to: &line)
                line += ":"
                JSONText.append(value, to: &line)
            }
            return line + "}\n"
        }
    }

    /// A metadata value as it stands behind `key=`: quoted where it would not be one word.
    private static func textValue(_ value: Logger.Metadata.Value) -> String {
        let escaped = Escaping.text("\(value)", limit: maximumBytes)
        let isWord = !escaped.isEmpty && !escaped.contains { " \"=".contains($0) }
        guard !isWord else { return escaped }
        return "\"" + escaped.map { $0 == "\"" ? "\\\"" : String($0) }.joined() + "\""
    }

    /// `text` cut at a character's boundary, for JSON, which has escapes of its own.
    static func cut(_ text: String) -> String {
        guard text.utf8.count > maximumBytes else { return text }
        var end = text.utf8.index(text.startIndex, offsetBy: maximumBytes - 3)
        while end.samePosition(in: text.unicodeScalars) == nil { end = text.utf8.index(before: end) }
        return text[..<end] + "..."
    }
}

/// Writes JSON text (RFC 8259).
package enum JSONText {
    static func append(_ value: Logger.Metadata.Value, to line: inout String) {
        switch value {
        case .string(let text): append(LogLine.cut(text), to: &line)
        case .stringConvertible(let number as any BinaryInteger & CustomStringConvertible): line += number.description
        case .stringConvertible(let flag as Bool): line += flag ? "true" : "false"
        case .stringConvertible(let other): append(LogLine.cut(other.description), to: &line)
        case .array(let values):
            line += "["
            for (index, value) in values.enumerated() {
                if index > 0 { line += "," }
                append(value, to: &line)
            }
            line += "]"
        case .dictionary(let pairs):
            line += "{"
            for (index, pair) in pairs.sorted(by: { $0.key < $1.key }).enumerated() {
                if index > 0 { line += "," }
                append(pair.key, to: &line)
                line += ":"
                append(pair.value, to: &line)
            }
            line += "}"
        @unknown default: append("\(value)", to: &line)
        }
    }

    /// Appends a JSON string, quotes included, without anything that breaks lines.
    package static func append(_ text: String, to line: inout String) {
        line += "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": line += "\\\""
            case "\\": line += "\\\\"
            case "\n": line += "\\n"
            case "\r": line += "\\r"
            case "\t": line += "\\t"
            default:
                // Line separators are legal in JSON, and break lines for some readers of logs.
                if scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value) || scalar.value == 0x2028
                    || scalar.value == 0x2029
                {
                    let digits = String(scalar.value, radix: 16)
                    line += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
                } else {
                    line.unicodeScalars.append(scalar)
                }
            }
        }
        line += "\""
    }
}
