import Testing

@testable import Configuration

@Suite struct ExitCodeTests {
    @Test("codes and meanings are unique, and fit a process's status")
    func unique() {
        #expect(Set(ExitCode.allCases.map(\.meaning)).count == ExitCode.allCases.count)
        for code in ExitCode.allCases { #expect((0...127).contains(code.rawValue)) }
    }
}
