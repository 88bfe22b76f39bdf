import Testing

@testable import Configuration

@Suite struct RecordingOptionsTests {
    @Test("nothing is recorded unless a file is named; then everything, up to 1 GiB")
    func defaults() throws {
        #expect(try Fixture().run().record == nil)
        let settings = try Fixture().run("--record", "r.jsonl")
        #expect(settings.record == "r.jsonl" && settings.recordSample == 1 && settings.recordMaxBytes == 1 << 30)
    }

    @Test(
        "a fraction is a decimal number or a quotient, above 0 and at most 1",
        arguments: [
            ("0.01", 0.01), ("1/100", 0.01), ("1", 1), ("1.0", 1), ("3/4", 0.75), ("0", nil), ("1.5", nil),
            ("2/1", nil),
            ("1/0", nil), ("0/5", nil), ("1/2/3", nil), ("-1", nil), ("1%", nil), ("/", nil), ("x", nil),
        ] as [(String, Double?)])
    func fractions(text: String, expected: Double?) throws {
        if let expected {
            #expect(try Fixture().run("--record", "r", "--record-sample", text).recordSample == expected)
        } else {
            let complaints = Fixture().complaints("--record", "r", "--record-sample", text)
            #expect(complaints.count == 1 && complaints[0].hasPrefix("--record-sample"), "\(complaints)")
        }
    }

    @Test("a sample or a bound without a file to record into is refused")
    func without() {
        #expect(Fixture().complaints("--record-sample", "0.5").first?.contains("add --record FILE") == true)
        #expect(Fixture().complaints("--record-max-bytes", "1MiB").first?.contains("add --record FILE") == true)
    }

    @Test(
        "two services do not record into one file, be it the file's top level, a flag or each one's own key that says so"
    )
    func services() {
        func service(_ group: String, _ more: (String, Node)...) -> Node {
            Tree.map(
                entries: [
                    ("brokers", Tree.scalar("b")), ("topics", Tree.list("t")), ("group", Tree.scalar(group)),
                    ("command", Tree.list("c")),
                ] + more)
        }
        func complaints(_ file: Node, _ more: String...) -> [String] {
            Fixture(file: file).complaintsExactly(["run", "--config", "c"] + more)
        }
        let same = Tree.map(
            ("record", Tree.scalar("r")), ("services", Tree.map(("a", service("1")), ("b", service("2")))))
        #expect(complaints(same).first?.contains("'a' and 'b' would both record into 'r'") == true)
        let own = Tree.map(
            (
                "services",
                Tree.map(
                    ("a", service("1", ("record", Tree.scalar("x")))), ("b", service("2", ("record", Tree.scalar("y"))))
                )
            ))
        #expect(complaints(own).isEmpty)
        #expect(complaints(own, "--record", "z").first?.contains("several services at once") == true)
    }
}
