extension FilterParser {
    private static let operands = ["topic", "partition", "offset", "key", "header"]
    private static let textOperators = ["==", "!=", "in", "not in", "starts_with", "ends_with", "contains"]
    private static let numberOperators = ["==", "!=", "in", "not in"]

    /// OPERAND OPERATOR LITERAL
    mutating func comparison() throws(FilterProblem) {
        let operand = try operand()
        if try take("==") {
            append(operand, isOneOf([try literal(for: operand)], operand))
        } else if try take("!=") {
            append(operand, isOneOf([try literal(for: operand)], operand), isNegated: true)
        } else if try take("in") {
            append(operand, isOneOf(try literals(for: operand), operand))
        } else if token.symbol == "not" {
            try advance()
            guard try take("in") else { throw problem("in, as in: key not in (\"a\", \"b\")") }
            append(operand, isOneOf(try literals(for: operand), operand), isNegated: true)
        } else if !operand.isNumber, try take("starts_with") {
            append(operand, .startsWith(try string(for: operand)))
        } else if !operand.isNumber, try take("ends_with") {
            append(operand, .endsWith(try string(for: operand)))
        } else if !operand.isNumber, try take("contains") {
            append(operand, .contains(BytePattern(try string(for: operand))))
        } else {
            throw operatorProblem(operand)
        }
    }

    /// topic, partition, offset, key, header.NAME, header["NAME"]
    mutating func operand() throws(FilterProblem) -> FilterOperand {
        guard case .word(let word) = token.kind else { throw operandProblem("") }
        var operand: FilterOperand?
        switch word {
        case "topic": operand = .topic
        case "partition": operand = .partition
        case "offset": operand = .offset
        case "key": operand = .key
        case "header":
            try advance()
            return .header(try bracketedName())
        default:
            let prefix = "header."
            if word.hasPrefix(prefix), word != prefix { operand = .header(Array(word.utf8.dropFirst(prefix.count))) }
        }
        guard let operand else { throw operandProblem(word) }
        try advance()
        return operand
    }

    private mutating func bracketedName() throws(FilterProblem) -> [UInt8] {
        let example = #"a header's name, as in header.type or header["any name"]"#
        guard try take("["), case .string(let name) = token.kind else { throw problem(example) }
        // The client library ends names at a NUL: such a filter would never hold.
        guard !name.isEmpty, !name.contains(0) else { throw problem(example + ", neither empty nor with a NUL in it") }
        try advance()
        guard try take("]") else { throw problem("']'") }
        return name
    }

    private enum Literal {
        case text([UInt8])
        case number(Int64)
        case null
    }

    private mutating func literals(for operand: FilterOperand) throws(FilterProblem) -> [Literal] {
        guard try take("(") else { throw problem("a list in parentheses, as in (\"a\", \"b\")") }
        var literals = [try literal(for: operand)]
        while try take(",") { literals.append(try literal(for: operand)) }
        guard try take(")") else { throw problem("a comma or a closing parenthesis") }
        return literals
    }

    private mutating func literal(for operand: FilterOperand) throws(FilterProblem) -> Literal {
        if operand.isNumber {
            guard case .integer(let number) = token.kind else { throw problem("a whole number") }
            try advance()
            return .number(number)
        }
        if operand.isNullable, try take("null") { return .null }
        return .text(try string(for: operand))
    }

    private mutating func string(for operand: FilterOperand) throws(FilterProblem) -> [UInt8] {
        switch token.kind {
        case .string(let bytes):
            try advance()
            return bytes
        case .word("null") where !operand.isNullable: throw problem("a string in double quotes; a topic is never null")
        case .word, .sign("'"):
            throw problem(
                "a string in double quotes, as in \"order\"; in a shell, put the whole filter into single quotes")
        default: throw problem("a string in double quotes")
        }
    }

    private func isOneOf(_ literals: [Literal], _ operand: FilterOperand) -> FilterCondition {
        var texts: [[UInt8]] = []
        var numbers: [Int64] = []
        var orNull = false
        for literal in literals {
            switch literal {
            case .text(let text): texts.append(text)
            case .number(let number): numbers.append(number)
            case .null: orNull = true
            }
        }
        return operand.isNumber ? .isNumber(among: numbers) : .isOneOf(texts, orNull: orNull)
    }

    private func operatorProblem(_ operand: FilterOperand) -> FilterProblem {
        let operators = operand.isNumber ? Self.numberOperators : Self.textOperators
        let list = "an operator (\(operators.joined(separator: ", ")))"
        switch token.kind {
        case .sign("="): return problem("==")
        case .word(let word): return problem(list + NearestName.question(word, among: operators))
        default: return problem(list)
        }
    }

    private func operandProblem(_ word: String) -> FilterProblem {
        let list = "topic, partition, offset, key or header.NAME"
        switch token.kind {
        case .string, .integer: return problem(list + "; a literal stands right of the operator")
        default: break
        }
        let root = String(word.prefix { $0 != "." })
        if ["value", "payload"].contains(root) {
            return problem(list + "; a record's value is never inspected: let the producer write a header")
        }
        return problem(list + (Self.operands.contains(root) ? "" : NearestName.question(root, among: Self.operands)))
    }
}
