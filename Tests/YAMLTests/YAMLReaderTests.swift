import Configuration
import Testing

@testable import YAML

@Suite struct YAMLReaderTests {
    private func parse(_ text: String) -> Result<Node, FileProblem> { YAMLReader.parse(Array(text.utf8)) }

    private func problem(_ text: String) -> String {
        guard case .failure(let problem) = parse(text) else { return "no problem" }
        return problem.description
    }

    private func scalar(_ text: String, _ line: Int, _ column: Int, quoted: Bool = false) -> Node {
        Node(.scalar(text, quoted: quoted), at: Position(line: line, column: column))
    }

    @Test("maps, lists and scalars keep their places")
    func tree() throws {
        let tree = try parse("# comment\ngroup: billing\ntopics:\n  - a\n  - 'b'\n").get()
        let list = Node(
            .sequence([scalar("a", 4, 5), scalar("b", 5, 5, quoted: true)]), at: Position(line: 4, column: 3))
        let expected = Node(
            .mapping([
                Node.Entry(key: "group", keyPosition: Position(line: 2, column: 1), value: scalar("billing", 2, 8)),
                Node.Entry(key: "topics", keyPosition: Position(line: 3, column: 1), value: list),
            ]), at: Position(line: 2, column: 1))
        #expect(tree == expected)
    }

    @Test("an empty file and a file of comments are null", arguments: ["", "# nothing\n", "---\n", "\u{FEFF}"])
    func empty(text: String) throws {
        #expect(try parse(text).get().isNull)
    }

    @Test("a byte-order mark is no part of the first key")
    func byteOrderMark() throws {
        guard case .mapping(let entries) = try parse("\u{FEFF}group: x").get().content else {
            Issue.record("not a map")
            return
        }
        #expect(entries.first?.key == "group")
    }

    @Test("blocks and escapes are read as YAML says")
    func scalars() throws {
        #expect(try parse("\"a\\tb\\u00e9\"").get().content == .scalar("a\tbé", quoted: true))
        #expect(try parse("|\n  a\n  b\n").get().content == .scalar("a\nb\n", quoted: true))
    }

    @Test(
        "what a configuration does not need is refused with its place",
        arguments: [
            (
                "a: &x 1",
                "1:4: anchors (&name) are not supported; write the value out, or quote it if it begins with '&'"
            ),
            ("a: *x", "1:4: aliases (*name) are not supported; write the value out, or quote it if it begins with '*'"),
            ("a: !!str 1", "1:4: tags (!name) are not supported; quote the value if it begins with '!'"),
            ("a: 1\nb: 2\na: 3", "3:1: the key 'a' stands in line 1 already; keep one of them"),
            ("a: {b: 1, b: 2}", "1:11: the key 'b' stands in line 1 already; keep one of them"),
            ("a: 1\n---\nb: 1", "2:1: a second document begins here; a configuration file is one document"),
            ("[a]: 1", "1:1: a key must be a single word, not a list or a map"),
        ])
    func refused(text: String, expected: String) {
        #expect(problem(text) == expected)
    }

    @Test("broken YAML is told with libyaml's words and place")
    func broken() {
        #expect(problem("a: [1, 2\nb: 3").hasPrefix("2:2: is not valid YAML: "))
        #expect(problem("\tb: 1").hasPrefix("1:1: is not valid YAML: "))
        #expect(problem("a: 'x").contains("is not valid YAML"))
    }

    @Test("invalid UTF-8 is told with line and column")
    func invalidUTF8() {
        guard case .failure(let problem) = YAMLReader.parse(Array("é: 1\néa: ".utf8) + [0xFF]) else {
            Issue.record("invalid UTF-8 was read")
            return
        }
        #expect(problem.position == Position(line: 2, column: 5))
        #expect(problem.message.hasPrefix("is not readable as UTF-8"))
    }

    @Test("32 levels are allowed, 33 are not")
    func depth() {
        func nested(_ levels: Int) -> String {
            String(repeating: "[", count: levels - 1) + "x" + String(repeating: "]", count: levels - 1)
        }
        #expect((try? parse(nested(32)).get()) != nil)
        #expect(problem(nested(33)) == "1:33: is nested deeper than 32 levels")
        #expect(problem(String(repeating: "[", count: 1_000_000)) == "1:33: is nested deeper than 32 levels")
    }

    @Test("more than 1 MiB is refused")
    func size() {
        #expect(problem("#" + String(repeating: "x", count: 1 << 20)).hasPrefix("is larger than 1048576 bytes"))
        #expect((try? parse("#" + String(repeating: "x", count: (1 << 20) - 1)).get()) != nil)
    }

    @Test("random bytes never crash the reader")
    func randomBytes() {
        let seed = UInt64.random(in: .min ... .max)
        var generator = Generator(state: seed)
        let alphabet = Array("ab:-[]{}&*!|>'\"%@#,?\n\t \u{85}\u{2028}0~<\\".utf8) + [0, 0xFF, 0xC3]
        var outcomes = (read: 0, refused: 0)
        for _ in 0..<20_000 {
            let count = Int.random(in: 0...40, using: &generator)
            let bytes = (0..<count).map { _ in alphabet.randomElement(using: &generator) ?? 0 }
            switch YAMLReader.parse(bytes) {
            case .success: outcomes.read += 1
            case .failure: outcomes.refused += 1
            }
        }
        #expect(outcomes.read > 0 && outcomes.refused > 0, "seed \(seed): \(outcomes)")
    }
}

/// SplitMix64, so that a printed seed repeats a run.
private struct Generator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
