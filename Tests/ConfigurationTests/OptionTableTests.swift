import Testing

@testable import Configuration

@Suite struct OptionTableTests {
    @Test("every default is a valid value of its option")
    func defaults() throws {
        for option in OptionTable.all {
            guard let text = option.defaultText else { continue }
            #expect(throws: Never.self, "\(option.longFlag)") { try option.kind.parse(text) }
        }
    }

    @Test("every flag has a default, without which no command that knows it could start")
    func flagDefaults() {
        #expect(OptionTable.all.filter { $0.kind == .flag && $0.defaultText == nil }.map(\.name) == [])
    }

    @Test("names, letters, variables and keys are unique within a command")
    func unique() {
        for command in Subcommand.allCases {
            let options = OptionTable.options(of: command)
            #expect(Set(options.map(\.name)).count == options.count)
            let letters = options.compactMap(\.short)
            #expect(Set(letters).count == letters.count)
            let keys = options.flatMap(\.fileKeys)
            #expect(Set(keys).count == keys.count)
        }
        let variables = OptionTable.all.map(\.environmentName)
        #expect(Set(variables).count == variables.count)
    }

    @Test("every name of an option has a row, and every row a heading's place in the help text")
    func complete() {
        #expect(Set(OptionTable.all.map(\.name)) == Set(OptionName.allCases))
        for command in Subcommand.allCases {
            let help = HelpText.command(command)
            for option in OptionTable.options(of: command) {
                #expect(help.contains(option.longFlag), "\(option.longFlag) is missing from \(command)'s help")
                #expect(help.contains(option.environmentName))
            }
        }
    }

    @Test("a summary is one line without a full stop")
    func summaries() {
        for option in OptionTable.all {
            #expect(!option.summary.contains("\n") && !option.summary.hasSuffix("."), "\(option.longFlag)")
        }
    }
}
