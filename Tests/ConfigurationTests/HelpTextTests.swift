import Testing

@testable import Configuration

@Suite struct HelpTextTests {
    @Test("no line is wider than 100 columns")
    func width() {
        for text in [HelpText.program] + Subcommand.allCases.map(HelpText.command) {
            for line in text.split(separator: "\n") { #expect(line.count <= 100, "\(line)") }
        }
    }

    @Test("the program's help names every command and every exit code")
    func program() {
        for command in Subcommand.allCases { #expect(HelpText.program.contains("  \(command.rawValue) ")) }
        for code in ExitCode.allCases { #expect(HelpText.program.contains("\n  \(code.rawValue) ")) }
    }

    @Test("an entry shows flag, default and variable")
    func entry() {
        let expected = """
              -g, --group GROUP
                    the consumer group; required with -t and --topic-pattern [ACKPIPE_GROUP]
            """
        #expect(HelpText.command(.run).contains(expected))
        #expect(HelpText.command(.run).contains("[default: 5m] [ACKPIPE_ACK_TIMEOUT]"))
    }
}
