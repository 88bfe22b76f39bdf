import Testing

@testable import Configuration

@Suite struct FlagReaderTests {
    @Test(
        "values may be attached or follow",
        arguments: [["-b", "h:1"], ["-bh:1"], ["-b=h:1"], ["--brokers=h:1"], ["--brokers", "h:1"]])
    func attachedOrFollowing(words: [String]) throws {
        let settings = try Fixture().runExactly(["run"] + words + ["-t", "t", "-g", "g", "--", "cat"])
        #expect(settings.brokers == "h:1")
    }

    @Test("a flag that is followed by another flag lacks its value, and is not called missing")
    func missingValue() {
        #expect(
            Fixture().complaintsExactly(["run", "-b", "-t", "t", "-g", "g", "--", "cat"])
                == ["-b: needs a value; write --brokers=HOST:PORT[,...]"])
    }

    @Test("a value may begin with a dash where it is no flag's name")
    func dashValue() throws {
        #expect(try Fixture().run("-X", "client.id=-x").properties == [Property(name: "client.id", value: "-x")])
        #expect(try Fixture().runExactly(["run", "-b", "h", "-t", "t", "-g", "-odd", "--", "cat"]).group == "-odd")
    }

    @Test("a stray word ends the reading with one complaint")
    func strayWord() {
        #expect(
            Fixture().complaintsExactly(Fixture.minimal + ["python3", "handler.py", "--verbose"])
                == ["'python3' stands where an option was expected; the handler's command follows --"])
    }

    @Test("a stray word after a malformed -X is not quoted, for it may be a secret")
    func straySecret() {
        let complaints = Fixture().complaintsExactly(["run", "-X", "sasl.password", "hunter2"])
        #expect(complaints.count == 2)
        #expect(!complaints.joined().contains("hunter2"), "\(complaints)")
    }

    @Test("a repeated option that takes one value must say the same")
    func repeated() throws {
        #expect(try Fixture().run("--workers", "2", "--workers", "2").workers == 2)
        #expect(
            Fixture().complaints("--workers", "2", "--workers", "3")
                == ["--workers: is given twice with different values; keep one of them"])
    }

    @Test("repeatable options refuse repeats of one thing")
    func repeats() {
        #expect(Fixture().complaints("-t", "orders") == ["-t: 'orders' is given twice; keep one of them"])
        #expect(
            Fixture().complaints("-X", "debug=a", "-X", "debug=b") == ["-X: debug is given twice; keep one of them"])
    }

    @Test("an unknown short flag is named with its letter")
    func unknownShort() {
        #expect(Fixture().complaints("-q", "3") == ["-q: unknown option"])
    }

    @Test("a single dash before a long name finds the long one")
    func singleDash() {
        #expect(
            Fixture().complaints("-workers", "-mode") == [
                "-w: unknown option; did you mean --workers?", "-m: unknown option; did you mean --mode?",
            ])
    }

    @Test("an empty word is no command")
    func emptyCommand() {
        #expect(Fixture().complaintsExactly(Fixture.minimal + ["--", ""]) == ["the command after -- is an empty word"])
    }
}
