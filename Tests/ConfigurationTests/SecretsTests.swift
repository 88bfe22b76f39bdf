import Testing

@testable import Configuration

@Suite struct SecretsTests {
    @Test("a property's file is read without its last line break", arguments: ["s3cret", "s3cret\n", "s3cret\r\n"])
    func file(contents: String) throws {
        var fixture = Fixture()
        fixture.secrets = ["/s": contents]
        #expect(try fixture.run("-X", "sasl.password=@/s").properties.first?.value == "s3cret")
    }

    @Test("only one line break is removed")
    func oneBreak() throws {
        var fixture = Fixture()
        fixture.secrets = ["/s": "a\n\n"]
        #expect(try fixture.run("-X", "sasl.password=@/s").properties.first?.value == "a\n")
    }

    @Test("a doubled @ stands for one")
    func escaped() throws {
        #expect(try Fixture().run("-X", "sasl.password=@@x").properties.first?.value == "@x")
    }

    @Test("a file that is missing, empty or holds NUL is named, its text is not")
    func problems() {
        var fixture = Fixture()
        fixture.secrets = ["/empty": "\n", "/nul": "hun\0ter"]
        #expect(
            fixture.complaints("-X", "sasl.password=@/none")
                == ["-X: sasl.password: cannot read '/none': No such file or directory"])
        #expect(fixture.complaints("-X", "sasl.password=@/empty") == ["-X: sasl.password: the file '/empty' is empty"])
        #expect(
            fixture.complaints("-X", "sasl.password=@/nul") == [
                "-X: sasl.password: the file '/nul' holds a NUL character"
            ])
    }
}
