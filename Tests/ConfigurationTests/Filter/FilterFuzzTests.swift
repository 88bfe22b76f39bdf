import Testing

@testable import Configuration

/// A filter that is printed and read again must mean what it was printed from; other text is a filter or a problem.
@Suite struct FilterFuzzTests {
    private static let tokens = [
        "topic", "partition", "offset", "key", "header.a", "header", "[", "]", "(", ")", ",", "==", "!=", "in", "not",
        "and", "or", "&&", "||", "!", "exists", "null", "starts_with", "ends_with", "contains", "\"a\"", "\"", "\\",
        "3", "-1", "99999999999999999999", "value", "=", "é", "😀", "\n", "\u{0}", "\"\\ud83d", ".", "-",
    ]

    @Test("Any text is a filter or a problem at a place within it")
    func neverCrashes() {
        let seed = SeededGenerator.seed(for: "filter soup")
        var generator = SeededGenerator(state: seed)
        var parsed = 0
        let record = SampleRecord(("a", "a"), key: "a")
        for round in 0..<8_000 {
            var text = ""
            if round.isMultiple(of: 2) {
                text = Expression.random(depth: 2, &generator).text(&generator)
                for _ in 0..<Int.random(in: 0...2, using: &generator) {
                    var characters = Array(text)
                    let at = Int.random(in: 0...characters.count, using: &generator)
                    if Bool.random(using: &generator), at < characters.count { characters.remove(at: at) }
                    characters.insert(
                        contentsOf: Self.tokens.randomElement(using: &generator) ?? "", at: min(at, characters.count))
                    text = String(characters)
                }
            } else {
                for _ in 0..<Int.random(in: 0...12, using: &generator) {
                    text +=
                        (Self.tokens.randomElement(using: &generator) ?? "")
                        + (Bool.random(using: &generator) ? " " : "")
                }
            }
            do throws(FilterProblem) {
                _ = try RecordFilter.parse(text).matches(record)
                parsed += 1
            } catch {
                if !(1...(text.count + 1)).contains(error.column) || error.expected.isEmpty {
                    Issue.record("seed \(seed), round \(round): \(text) gives \(error)")
                }
            }
        }
        #expect((500..<7_500).contains(parsed), "\(parsed) of the texts are filters")
    }

    @Test("A filter means what the expression means that it was printed from")
    func agreesWithItsExpression() throws {
        let seed = SeededGenerator.seed(for: "filter meaning")
        var generator = SeededGenerator(state: seed)
        var held = 0
        for round in 0..<1_500 {
            let expression = Expression.random(depth: 4, &generator)
            let text = expression.text(&generator)
            let filter: RecordFilter
            do throws(FilterProblem) {
                filter = try RecordFilter.parse(text)
            } catch {
                Issue.record("seed \(seed), round \(round): \(text) gives \(error)")
                return
            }
            for _ in 0..<5 {
                let record = Expression.randomRecord(&generator)
                let answer = filter.matches(record)
                if answer { held += 1 }
                if answer != expression.holds(for: record) {
                    Issue.record("seed \(seed), round \(round): \(text) is \(answer) for \(record)")
                }
            }
        }
        #expect((1_000..<6_500).contains(held), "\(held) answers of 7,500 are yes")
    }
}

/// A filter as a tree, evaluated in the plainest way.
private indirect enum Expression {
    case not(Expression)
    case and([Expression])
    case or([Expression])
    case exists(String)
    /// Key, topic or header, an operator, and texts; nil stands for null.
    case text(String, String, [String?])
    case number(String, String, [Int64])

    private static let texts = ["a", "b", "aab", "ab", ""]
    private static let operands = ["topic", "key", "header.x", "header[\"y\"]", "header.z"]

    static func random(depth: Int, _ generator: inout SeededGenerator) -> Expression {
        let choice = Int.random(in: 0..<(depth > 0 ? 9 : 4), using: &generator)
        func parts(_ generator: inout SeededGenerator) -> [Expression] {
            (0..<Int.random(in: 2...4, using: &generator)).map { _ in random(depth: depth - 1, &generator) }
        }
        switch choice {
        case 0:
            return .exists(["key", "header.x", "header[\"y\"]", "header.z"].randomElement(using: &generator) ?? "key")
        case 1:
            let count = Int.random(in: 1...3, using: &generator)
            let numbers = (0..<count).map { _ in Int64.random(in: 0...3, using: &generator) }
            let word = count > 1 ? ["in", "not in"] : ["==", "!=", "in", "not in"]
            return .number(
                Bool.random(using: &generator) ? "partition" : "offset", word.randomElement(using: &generator) ?? "",
                numbers)
        case 2, 3:
            let operand = operands.randomElement(using: &generator) ?? ""
            let word =
                ["==", "!=", "in", "not in", "starts_with", "ends_with", "contains"].randomElement(using: &generator)
                ?? ""
            let count = word.hasSuffix("in") ? Int.random(in: 1...3, using: &generator) : 1
            let mayBeNull = !word.contains("_") && word != "contains" && operand != "topic"
            return .text(
                operand, word,
                (0..<count).map { _ in
                    mayBeNull && Int.random(in: 0..<4, using: &generator) == 0
                        ? nil : texts.randomElement(using: &generator)
                })
        case 4, 5: return .and(parts(&generator))
        case 6, 7: return .or(parts(&generator))
        default: return .not(random(depth: depth - 1, &generator))
        }
    }

    static func randomRecord(_ generator: inout SeededGenerator) -> SampleRecord {
        func value(_ generator: inout SeededGenerator) -> [UInt8]? {
            Int.random(in: 0..<4, using: &generator) == 0
                ? nil : texts.randomElement(using: &generator).map { Array($0.utf8) }
        }
        var record = SampleRecord()
        record.topic = texts.randomElement(using: &generator) ?? ""
        record.partition = .random(in: 0...3, using: &generator)
        record.offset = .random(in: 0...3, using: &generator)
        record.key = value(&generator)
        for _ in 0..<Int.random(in: 0...3, using: &generator) {
            record.headers.append((Array((Bool.random(using: &generator) ? "x" : "y").utf8), value(&generator)))
        }
        return record
    }

    /// One of the many ways to write it.
    func text(_ generator: inout SeededGenerator) -> String {
        func joined(_ parts: [Expression], _ words: [String], _ generator: inout SeededGenerator) -> String {
            parts.map { part in
                if case .and = part, words[0] == "or", Bool.random(using: &generator) { return part.text(&generator) }
                switch part {
                case .and, .or: return "(\(part.text(&generator)))"
                default: return part.text(&generator)
                }
            }
            .joined(separator: words.randomElement(using: &generator) ?? "")
        }
        switch self {
        case .not(let part): return (Bool.random(using: &generator) ? "not (" : "!(") + part.text(&generator) + ")"
        case .and(let parts): return joined(parts, [" and ", "&&"], &generator)
        case .or(let parts): return joined(parts, [" or ", "||"], &generator)
        case .exists(let operand): return "exists \(operand)"
        case .number(let operand, let word, let numbers):
            let list = numbers.map(String.init).joined(separator: ",")
            return word.hasSuffix("in") ? "\(operand) \(word) (\(list))" : "\(operand) \(word) \(list)"
        case .text(let operand, let word, let texts):
            let list = texts.map { $0.map { "\"\($0)\"" } ?? "null" }.joined(separator: " , ")
            return word.hasSuffix("in") ? "\(operand) \(word)(\(list))" : "\(operand) \(word) \(list)"
        }
    }

    func holds(for record: SampleRecord) -> Bool {
        switch self {
        case .not(let part): return !part.holds(for: record)
        case .and(let parts): return parts.allSatisfy { $0.holds(for: record) }
        case .or(let parts): return parts.contains { $0.holds(for: record) }
        case .exists(let operand):
            guard let name = Expression.headerName(operand) else { return record.key != nil }
            return record.headers.contains { $0.name == name }
        case .number(let operand, let word, let numbers):
            let number = operand == "partition" ? Int64(record.partition) : record.offset
            return numbers.contains(number) == ["==", "in"].contains(word)
        case .text(let operand, let word, let texts):
            let wanted = texts.map { $0.map { Array($0.utf8) } }
            var actual: [UInt8]?? = operand == "topic" ? Array(record.topic.utf8) : .some(record.key)
            if let name = Expression.headerName(operand) {
                actual = record.headers.last { $0.name == name }.map(\.value)
            }
            guard let actual else { return ["!=", "not in"].contains(word) }
            switch word {
            case "==", "in": return wanted.contains(actual)
            case "!=", "not in": return !wanted.contains(actual)
            default:
                guard let actual, let text = wanted[0] else { return false }
                if word == "starts_with" { return actual.starts(with: text) }
                if word == "ends_with" { return actual.reversed().starts(with: text.reversed()) }
                return (0...actual.count).contains { actual[$0...].starts(with: text) }
            }
        }
    }

    private static func headerName(_ operand: String) -> [UInt8]? {
        guard operand.hasPrefix("header") else { return nil }
        return operand.utf8.filter { "xyz".utf8.contains($0) }
    }
}
