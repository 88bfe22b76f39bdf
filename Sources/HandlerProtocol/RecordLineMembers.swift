/// The names that a line may use.
enum RecordLineName: String, CaseIterable {
    case topic, partition, key, value, headers, timestamp
    case keyBase64 = "key_base64"
    case keyJSON = "key_json"
    case valueBase64 = "value_base64"
    case valueJSON = "value_json"
    /// kcat's names for value and timestamp.
    case payload, ts
    case offset
    case timestampType = "timestamp_type"
    /// kcat's name for the timestamp's type.
    case tstype
    /// What a `message` frame says beside the record; read past.
    case type, id, attempt, redelivered, meta
    /// What kcat says beside the record; read past.
    case broker
}

/// Where the members of a line stand: the first of two passes, which checks every byte of it.
struct RecordLineMembers {
    private var starts: [RecordLineName: Int] = [:]
    /// Where the object begins: the place of faults about what is not there.
    private let object: Int

    init(_ line: Span<UInt8>) throws(RecordLineFault) {
        // A lone surrogate stands for no character: it would be written as U+FFFD, which is not what the line says.
        var scanner = JSONScanner(refusesLoneSurrogates: true)
        scanner.skipSpace(line)
        object = scanner.at
        guard object < line.count, line[object] == UInt8(ascii: "{") else {
            throw RecordLineFault(atByte: object, RecordLineMembers.diagnosis(ofWhatIsNoObject: line, from: object))
        }
        guard scanner.open(line, close: UInt8(ascii: "}")) else { return }
        do throws(JSONFault) {
            repeat {
                let range = try scanner.name(line)
                guard let name = RecordLineMembers.find(line, range.lowerBound) else {
                    throw RecordLineMembers.unknown(
                        line, range, among: RecordLineName.allCases.map(\.rawValue), within: "a record")
                }
                if starts.updateValue(scanner.at, forKey: name) != nil {
                    throw JSONScanner.repeated(name.rawValue, at: range.lowerBound)
                }
                // A document within the line may be nested as deep as the protocol lets it be on its own.
                let isDocument = name == .keyJSON || name == .valueJSON
                try scanner.skipValue(line, openAlready: isDocument ? 0 : 1)
            } while try scanner.next(line, close: UInt8(ascii: "}"))
            try scanner.expectEnd(line)
        } catch {
            throw RecordLineFault(error, in: line)
        }
    }

    /// Where the value of `name` begins; nil where the member is absent or null, which means the same.
    func start(of name: RecordLineName, _ line: Span<UInt8>) -> Int? {
        guard let start = starts[name], line[start] != UInt8(ascii: "n") else { return nil }
        return start
    }

    /// The one of `names` that is there, null or not; nil where none is.
    func only(of names: [RecordLineName]) throws(RecordLineFault) -> (name: RecordLineName, start: Int)? {
        var found: (name: RecordLineName, start: Int)?
        for name in names {
            guard let start = starts[name] else { continue }
            if let found {
                throw RecordLineFault(
                    atByte: start,
                    "both \"\(found.name.rawValue)\" and \"\(name.rawValue)\" are there; keep one of them")
            }
            found = (name, start)
        }
        return found
    }

    /// A fault about something that the line lacks.
    func missing(_ description: String) -> RecordLineFault { RecordLineFault(atByte: object, description) }

    private static func find(_ line: Span<UInt8>, _ start: Int) -> RecordLineName? {
        for name in RecordLineName.allCases where JSONString.equals(name.rawValue, in: line, from: start) {
            return name
        }
        return nil
    }

    /// The fault of a name that is none of `names`.
    static func unknown(
        _ line: Span<UInt8>, _ range: Range<Int>, among names: [String], within place: String
    ) -> JSONFault {
        let name = JSONString.text(in: line, from: range.lowerBound, limit: 256)
        let hint =
            Suggestion.nearest(to: name, among: names).map { "the nearest valid one is \"\($0)\"" }
            ?? "valid are \(names.joined(separator: ", "))"
        return JSONFault(
            atByte: range.lowerBound, reason: "unknown member \(quotedForMessage(name)) in \(place); \(hint)",
            kind: .unknownMember)
    }

    private static func diagnosis(ofWhatIsNoObject line: Span<UInt8>, from start: Int) -> String {
        let needed = "a record is one JSON object on a line of its own, as kcat -J prints it"
        guard start < line.count else { return "the line is empty; \(needed)" }
        if line.count >= 3, line[0] == 0xEF, line[1] == 0xBB, line[2] == 0xBF {
            return "the line begins with a byte order mark; save the file as UTF-8 without one"
        }
        var scanner = JSONScanner(at: start)
        guard (try? scanner.skipValue(line, openAlready: 0)) != nil else { return "this is not JSON; \(needed)" }
        return "this is \(MemberValue.kind(line, start)); \(needed)"
    }
}

extension RecordLineFault {
    /// A fault of the JSON itself, with what is likely behind it.
    init(_ fault: JSONFault, in line: Span<UInt8>) {
        var text = fault.reason
        if fault.kind == .syntax {
            text = "not valid JSON: \(fault.reason)"
            if fault.atByte >= line.count {
                text += "; a record stands on one line (jq -c . puts it there)"
            } else if UTF8Sequence.length(in: line, at: fault.atByte) == 0 {
                text += "; bytes that are not text go into \"key_base64\", \"value_base64\" (kcat -J prints them raw)"
            }
        }
        self.init(atByte: min(fault.atByte, line.count), text)
    }
}
