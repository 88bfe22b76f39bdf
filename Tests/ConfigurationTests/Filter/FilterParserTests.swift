import Testing

@testable import Configuration

@Suite struct FilterParserTests {
    @Test(
        "What is wrong is named with its column, and what is expected there",
        arguments: [
            ("", 1, "", "topic, partition, offset, key or header.NAME"),
            ("header.type == order", 16, "order", "a string in double quotes, as in \"order\"; in a shell"),
            ("header.type == 'order'", 16, "'", "in a shell, put the whole filter into single quotes"),
            ("header.type == ", 16, "", "a string in double quotes"),
            ("header.type = \"order\"", 13, "=", "=="),
            ("header.type", 12, "", "an operator (==, !=, in, not in, starts"),
            ("header.type start_with \"a\"", 13, "start_with", "did you mean starts_with?"),
            ("header.type == 5", 16, "5", "a string in double quotes"),
            ("value == \"x\"", 1, "value", "a record's value is never inspected"),
            ("value.id == \"x\"", 1, "value.id", "a record's value is never inspected"),
            ("headers.type == \"x\"", 1, "headers.type", "did you mean header?"),
            ("tpoic == \"x\"", 1, "tpoic", "did you mean topic?"),
            ("\"order\" == header.type", 1, "\"order\"", "a literal stands right of the operator"),
            ("topic == null", 10, "null", "a topic is never null"),
            ("topic in (\"a\", null)", 16, "null", "a topic is never null"),
            ("partition == \"3\"", 14, "\"3\"", "a whole number"),
            ("partition starts_with \"3\"", 11, "starts_with", "an operator (==, !=, in, not in)"),
            ("offset > 5", 8, ">", "an operator (==, !=, in, not in)"),
            ("offset == 9223372036854775808", 11, "9223372036854775808", "at most 63 bits"),
            ("offset == 12abc", 11, "12abc", "a whole number"), ("offset == 1.5", 11, "1.5", "a whole number"),
            ("exists topic", 8, "topic", "every record has a topic"),
            ("exists \"a\"", 8, "\"a\"", "key or header.NAME"),
            ("exists key == \"a\"", 12, "==", "'and', 'or' or the end"),
            ("header.", 1, "header.", "topic, partition, offset, key or header.NAME"),
            ("header == \"a\"", 8, "==", "a header's name"), ("header[type] == \"a\"", 8, "type", "a header's name"),
            ("header[\"\"] == \"a\"", 8, "\"\"", "neither empty"),
            ("header[\"a\\u0000\"] == \"a\"", 8, "\"a\\u0000\"", "nor with a NUL"),
            ("header[\"a\" == \"a\"", 12, "==", "']'"), ("key not \"a\"", 9, "\"a\"", "in, as in"),
            ("key in \"a\"", 8, "\"a\"", "a list in parentheses"), ("key in ()", 9, ")", "a string in double quotes"),
            ("key in (\"a\" \"b\")", 13, "\"b\"", "a comma or a closing parenthesis"),
            ("key in (\"a\",)", 13, ")", "a string"), ("key in (\"a\"", 12, "", "a comma or a closing parenthesis"),
            ("(key == \"a\"", 12, "", "a closing parenthesis"), ("key == \"a\")", 11, ")", "the end of the filter"),
            ("key == \"a\" key == \"b\"", 12, "key", "'and', 'or' or the end"),
            ("key == \"a\" & key == \"b\"", 12, "&", "'and', 'or' or the end"),
            ("key == \"a\" and", 15, "", "topic, partition"), ("and key == \"a\"", 1, "and", "topic, partition"),
            ("key == \"a", 8, "\"a", "a double quote at the string's end"),
            ("key == \"a\\", 8, "\"a\\", "a double quote at the string's end"),
            ("key == \"a\\x41\"", 10, "\\x", "an escape that JSON knows"),
            ("key == \"\\ud800\"", 9, "\\ud800", "no half of a surrogate pair"),
            ("key == \"\\ud800\\u0041\"", 9, "\\ud800", "no half of a surrogate pair"),
            ("key == \"\\udc00\\ud800\"", 9, "\\udc00", "no half of a surrogate pair"),
            ("key == \"\\u+123\"", 9, "\\u+123", "an escape that JSON knows"),
            ("key == \"\\u12\"", 9, "\\u12\"", "an escape that JSON knows"),
            ("key == \"a\u{7}\"", 10, "\u{7}", "no control character"),
            ("key == “a”", 8, "“", "a string in double quotes"), ("größe == 1", 1, "gr", "topic, partition"),
            ("header.größe == \"1\"", 10, "ö", "an operator"), ("- == 1", 1, "-", "topic, partition"),
        ])
    func refusals(text: String, column: Int, found: String, expected: String) throws {
        let problem = try #require(filterProblem(text))
        #expect(problem.column == column)
        #expect(problem.found == found)
        #expect(problem.expected.contains(expected), "\(problem)")
    }

    @Test func saysItAsItFollowsAnOption() throws {
        #expect(
            "\(try #require(filterProblem("key == 5")))" == "column 8: found '5', expected a string in double quotes")
        #expect("\(try #require(filterProblem("key ==")))" == "ends at column 7; expected a string in double quotes")
        #expect(throws: ValueProblem("column 8: found '5', expected a string in double quotes")) {
            try OptionKind.parseFilter("key == 5")
        }
        #expect(try OptionKind.parseFilter("key == null") == RecordFilter.parse("key == null"))
    }

    @Test func readsAllOfJSONsEscapes() throws {
        let record = SampleRecord(key: "\"\\/\u{8}\u{C}\n\r\t€😀")
        #expect(try matches(#"key == "\"\\\/\b\f\n\r\t\u20AC\ud83d\uDE00""#, record))
    }

    @Test func boundsItsLength() throws {
        let longest = "key == \"" + String(repeating: "x", count: RecordFilter.maxBytes - 9) + "\""
        #expect(filterProblem(longest) == nil)
        let problem = try #require(filterProblem(longest + "\n"))
        #expect(problem.column == RecordFilter.maxBytes + 1)
        #expect(problem.expected.hasPrefix("at most 4096 bytes"))
    }

    @Test("Parentheses and negations nest 64 deep and no deeper", arguments: ["(", "not ", "!"])
    func boundsItsDepth(opening: String) throws {
        func nested(_ depth: Int) -> String {
            let closing = opening == "(" ? ")" : ""
            return String(repeating: opening, count: depth) + "key == null" + String(repeating: closing, count: depth)
        }
        #expect(filterProblem(nested(64)) == nil)
        let problem = try #require(filterProblem(nested(65)))
        #expect(problem.column == 64 * opening.count + 1)
        #expect(problem.expected.contains("64"))
        let besides = Array(repeating: nested(64), count: 3).joined(separator: " or ")
        #expect(filterProblem(besides) == nil, "depth counts what is within each other, not what is beside")
    }

}
