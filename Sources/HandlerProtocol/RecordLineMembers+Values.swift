/// The second pass: what the members say.
extension RecordLineMembers {
    func checkType(_ line: Span<UInt8>) throws(RecordLineFault) {
        guard let start = start(of: .type, line) else { return }
        if line[start] == UInt8(ascii: "\""), JSONString.equals("message", in: line, from: start + 1) { return }
        throw RecordLineFault(
            atByte: start,
            "\"type\" is \(MemberValue.rawText(line, start)); of the protocol's frames only a \"message\" is a record")
    }

    func topic(_ line: Span<UInt8>) throws(RecordLineFault) -> String? {
        guard let start = start(of: .topic, line) else { return nil }
        return try text(line, start, "topic", "a string is needed")
    }

    func partition(_ line: Span<UInt8>) throws(RecordLineFault) -> Int32? {
        guard let start = start(of: .partition, line) else { return nil }
        return Int32(try integer(line, start, "partition", 0...Int64(Int32.max)))
    }

    /// kcat prints -1 where there is no time.
    func timestamp(_ line: Span<UInt8>) throws(RecordLineFault) -> Int64? {
        guard let (name, start) = try only(of: [.timestamp, .ts]), line[start] != UInt8(ascii: "n") else { return nil }
        let lowest: Int64 = name == .ts ? -1 : 0
        let value = try integer(line, start, name.rawValue, lowest...Int64.max)
        return value < 0 ? nil : value
    }

    /// The last number has none after it.
    func offset(_ line: Span<UInt8>) throws(RecordLineFault) -> Int64? {
        guard let start = start(of: .offset, line) else { return nil }
        return try integer(line, start, "offset", 0...Int64.max - 1)
    }

    /// The protocol's words and kcat's; what is said of a time that is not there counts for nothing. kcat prints some number
    /// beside `unknown`.
    func timestampType(_ line: Span<UInt8>, hasTimestamp: Bool) throws(RecordLineFault) -> TimestampType {
        guard let (name, start) = try only(of: [.timestampType, .tstype]), line[start] != UInt8(ascii: "n") else {
            return hasTimestamp ? .create : .none
        }
        let needed = "one of \"create\", \"append\" and \"none\" is needed"
        let type: TimestampType
        switch try text(line, start, name.rawValue, needed) {
        case "create": type = .create
        case "append", "logappend": type = .append
        case "unknown": return .none
        case "none": type = .none
        case let other:
            throw RecordLineFault(atByte: start, "\"\(name.rawValue)\" is \(quotedForMessage(other)); \(needed)")
        }
        guard hasTimestamp else { return .none }
        guard type != .none else {
            throw RecordLineFault(
                atByte: start,
                "\"\(name.rawValue)\" says that there is no timestamp, and there is one; keep one of them")
        }
        return type
    }

    func key(_ line: Span<UInt8>) throws(RecordLineFault) -> [UInt8]? {
        guard let (name, start) = try only(of: [.key, .keyBase64, .keyJSON]) else { return nil }
        return try bytes(line, start, name)
    }

    func value(_ line: Span<UInt8>) throws(RecordLineFault) -> [UInt8]? {
        guard let (name, start) = try only(of: [.value, .valueBase64, .valueJSON, .payload]) else {
            throw missing("there is no \"value\"; \"value\":null says that the record has none (a tombstone)")
        }
        return try bytes(line, start, name)
    }

    func headers(_ line: Span<UInt8>) throws(RecordLineFault) -> [RecordLine.Header] {
        guard let start = start(of: .headers, line) else { return [] }
        guard line[start] == UInt8(ascii: "[") else {
            throw wrongKind(line, start, "headers", "a list is needed, since names may repeat")
        }
        var headers: [RecordLine.Header] = []
        var scanner = JSONScanner(at: start)
        guard scanner.open(line, close: UInt8(ascii: "]")) else { return [] }
        var hasMore = true
        while hasMore {
            let element = scanner.at
            try step(&scanner, past: line)
            if line[element] == UInt8(ascii: "{") {
                headers.append(try header(line, element))
            } else {
                // kcat's list: a name, its value, a name, its value.
                let name = try text(
                    line, element, "headers", "an object with \"key\" and \"value\", or a name, is needed")
                guard try more(&scanner, line, close: UInt8(ascii: "]")) else {
                    throw RecordLineFault(
                        atByte: element, "header \(quotedForMessage(name)) has no value; add one, or null, after it")
                }
                let place = scanner.at
                try step(&scanner, past: line)
                headers.append(RecordLine.Header(name: Array(name.utf8), value: try textOrNull(line, place, "headers")))
            }
            hasMore = try more(&scanner, line, close: UInt8(ascii: "]"))
        }
        return headers
    }

    /// `{"key":...,"value":...}`, either of them perhaps as `..._base64`.
    private func header(_ line: Span<UInt8>, _ start: Int) throws(RecordLineFault) -> RecordLine.Header {
        let valid: [RecordLineName] = [.key, .keyBase64, .value, .valueBase64]
        var name: [UInt8]?
        var value: [UInt8]?
        var hasValue = false
        var scanner = JSONScanner(at: start)
        var hasMore = scanner.open(line, close: UInt8(ascii: "}"))
        while hasMore {
            let range: Range<Int>
            do throws(JSONFault) { range = try scanner.name(line) } catch { throw RecordLineFault(error, in: line) }
            var found: RecordLineName?
            for candidate in valid where JSONString.equals(candidate.rawValue, in: line, from: range.lowerBound) {
                found = candidate
            }
            guard let found else {
                let fault = RecordLineMembers.unknown(line, range, among: valid.map(\.rawValue), within: "a header")
                throw RecordLineFault(fault, in: line)
            }
            let isName = found == .key || found == .keyBase64
            if isName ? name != nil : hasValue {
                throw RecordLineFault(
                    atByte: range.lowerBound,
                    "a second \(isName ? "name" : "value") in one header; keep one of them")
            }
            if isName {
                guard let bytes = try bytes(line, scanner.at, found) else {
                    throw wrongKind(line, scanner.at, found.rawValue, "a header's name is a string")
                }
                name = bytes
            } else {
                value = try bytes(line, scanner.at, found)
                hasValue = true
            }
            try step(&scanner, past: line)
            hasMore = try more(&scanner, line, close: UInt8(ascii: "}"))
        }
        guard let name else { throw RecordLineFault(atByte: start, "a header without \"key\"; add its name") }
        guard hasValue else {
            throw RecordLineFault(
                atByte: start,
                "header \(quotedForMessage(String(decoding: name, as: UTF8.self))) has no \"value\"; "
                    + "\"value\":null says that it has none")
        }
        return RecordLine.Header(name: name, value: value)
    }

    /// The bytes that a key or value stands for; nil for null, except as JSON, where null is a document.
    private func bytes(_ line: Span<UInt8>, _ start: Int, _ name: RecordLineName) throws(RecordLineFault) -> [UInt8]? {
        switch name {
        case .keyJSON, .valueJSON:
            var scanner = JSONScanner(at: start)
            try step(&scanner, past: line)
            var document: [UInt8] = []
            document.reserveCapacity(scanner.at - start)
            for index in start..<scanner.at { document.append(line[index]) }
            return document
        case .keyBase64, .valueBase64:
            if line[start] == UInt8(ascii: "n") { return nil }
            let text = try text(line, start, name.rawValue, "Base64 in a string is needed")
            do throws(Base64Fault) {
                return try Base64Text.decode(text)
            } catch {
                throw RecordLineFault(atByte: start, "\"\(name.rawValue)\" is not Base64: \(error.reason)")
            }
        default:
            return try textOrNull(line, start, name.rawValue)
        }
    }

    private func textOrNull(
        _ line: Span<UInt8>, _ start: Int, _ name: String
    ) throws(RecordLineFault) -> [UInt8]? {
        if line[start] == UInt8(ascii: "n") { return nil }
        var needed = "a string or null is needed"
        if name == "key" || name == "value" || name == "payload" {
            needed += "; a JSON document goes into \"\(name == "key" ? "key_json" : "value_json")\""
        }
        return Array(try text(line, start, name, needed).utf8)
    }

    private func text(
        _ line: Span<UInt8>, _ start: Int, _ name: String, _ needed: String
    ) throws(RecordLineFault) -> String {
        guard line[start] == UInt8(ascii: "\"") else { throw wrongKind(line, start, name, needed) }
        return JSONString.text(in: line, from: start + 1)
    }

    private func integer(
        _ line: Span<UInt8>, _ start: Int, _ name: String, _ range: ClosedRange<Int64>
    ) throws(RecordLineFault) -> Int64 {
        do throws(FrameFault) {
            return try MemberValue.integer(line, start, name, range)
        } catch {
            throw RecordLineFault(atByte: start, error.message)
        }
    }

    private func wrongKind(_ line: Span<UInt8>, _ start: Int, _ name: String, _ needed: String) -> RecordLineFault {
        RecordLineFault(atByte: start, "\"\(name)\" is \(MemberValue.kind(line, start)); \(needed)")
    }

    private func step(_ scanner: inout JSONScanner, past line: Span<UInt8>) throws(RecordLineFault) {
        do throws(JSONFault) {
            try scanner.skipValue(line, openAlready: 0)
        } catch {
            throw RecordLineFault(error, in: line)
        }
    }

    private func more(
        _ scanner: inout JSONScanner, _ line: Span<UInt8>, close: UInt8
    ) throws(RecordLineFault) -> Bool {
        do throws(JSONFault) {
            return try scanner.next(line, close: close)
        } catch {
            throw RecordLineFault(error, in: line)
        }
    }
}
