/// Reads a filter by recursive descent and writes its steps as it goes. docs/filters.md has the grammar.
struct FilterParser {
    private var lexer: FilterLexer
    private(set) var token: FilterToken
    private var steps: [FilterStep] = []
    private var depth = 0

    init(_ text: [UInt8]) throws(FilterProblem) {
        guard text.count <= RecordFilter.maxBytes else {
            throw FilterProblem(
                text, at: RecordFilter.maxBytes..<text.count,
                expected: "at most \(RecordFilter.maxBytes) bytes; what must hold together can be several filters")
        }
        lexer = FilterLexer(text)
        token = try lexer.next()
    }

    mutating func parse() throws(FilterProblem) -> [FilterStep] {
        try disjunction()
        guard token.kind == .end else { throw problem("'and', 'or' or the end of the filter") }
        return steps
    }

    private mutating func disjunction() throws(FilterProblem) {
        try conjunction()
        var skips: [Int] = []
        while try take("or", "||") {
            skips.append(steps.count)
            steps.append(.skipIfTrue(to: 0))
            try conjunction()
        }
        for skip in skips { steps[skip] = .skipIfTrue(to: steps.count) }
    }

    private mutating func conjunction() throws(FilterProblem) {
        try negation()
        var skips: [Int] = []
        while try take("and", "&&") {
            skips.append(steps.count)
            steps.append(.skipIfFalse(to: 0))
            try negation()
        }
        for skip in skips { steps[skip] = .skipIfFalse(to: steps.count) }
    }

    private mutating func negation() throws(FilterProblem) {
        let start = token
        if try take("not", "!") {
            try enter(from: start)
            try negation()
            steps.append(.negate)
            depth -= 1
        } else if try take("(") {
            try enter(from: start)
            try disjunction()
            guard try take(")") else { throw problem("'and', 'or' or a closing parenthesis") }
            depth -= 1
        } else if try take("exists") {
            try existence()
        } else {
            try comparison()
        }
    }

    /// Bounds the recursion, which a text of any length could otherwise drive down the stack.
    private mutating func enter(from start: FilterToken) throws(FilterProblem) {
        depth += 1
        guard depth <= RecordFilter.maxDepth else {
            throw problem("at most \(RecordFilter.maxDepth) parentheses and negations within each other", at: start)
        }
    }

    private mutating func existence() throws(FilterProblem) {
        let start = token
        let operand = try operand()
        switch operand {
        case .header: append(operand, .exists)
        case .key: append(.key, .isOneOf([], orNull: true), isNegated: true)
        case .topic, .partition, .offset:
            throw problem("key or header.NAME; every record has a topic, a partition and an offset", at: start)
        }
    }

    /// Writes a test, and its negation where that is asked for.
    mutating func append(_ operand: FilterOperand, _ condition: FilterCondition, isNegated: Bool = false) {
        steps.append(.test(FilterTest(operand: operand, condition: condition)))
        if isNegated { steps.append(.negate) }
    }

    /// Moves past the token if it is one of these words and signs.
    mutating func take(_ symbols: String...) throws(FilterProblem) -> Bool {
        guard let symbol = token.symbol, symbols.contains(symbol) else { return false }
        try advance()
        return true
    }

    mutating func advance() throws(FilterProblem) { token = try lexer.next() }

    /// The current token, or another one, is not what was `expected`.
    func problem(_ expected: String, at other: FilterToken? = nil) -> FilterProblem {
        FilterProblem(lexer.text, at: (other ?? token).range, expected: expected)
    }
}
