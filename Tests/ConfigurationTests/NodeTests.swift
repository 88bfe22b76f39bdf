import Testing

@testable import Configuration

@Suite struct NodeTests {
    @Test("plain empty scalars and nulls are null, quoted ones are not", arguments: ["", "~", "null", "Null", "NULL"])
    func null(text: String) {
        #expect(Tree.scalar(text).isNull)
        #expect(!Tree.scalar(text, quoted: true).isNull)
        #expect(!Tree.list(text).isNull)
    }

    @Test("a problem begins with its place where it has one")
    func problem() {
        #expect(FileProblem("m").description == "m")
        #expect(FileProblem("m", at: Position(line: 2, column: 7)).description == "2:7: m")
    }
}
