import Testing

@testable import Configuration

@Suite struct ComplaintTests {
    @Test("a complaint begins with its place")
    func description() {
        #expect(Complaint(.flag("--x"), "m").description == "--x: m")
        #expect(Complaint(.environment("ACKPIPE_X"), "m").description == "ACKPIPE_X: m")
        #expect(Complaint(.file(path: "f", at: Position(line: 3, column: 5)), "m").description == "f:3:5: m")
        #expect(Complaint(.file(path: "f", at: nil), "m").description == "f: m")
        #expect(Complaint(.commandLine, "m").description == "m")
    }

    @Test("complaints are one a line, with advice behind them")
    func list() {
        let complaints = Complaints(list: [Complaint(.commandLine, "a"), Complaint(.flag("-b"), "c")], advice: "Try.")
        #expect(complaints.description == "a\n-b: c\nTry.")
    }
}
