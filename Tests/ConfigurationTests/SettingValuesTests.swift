import Testing

@testable import Configuration

@Suite struct SettingValuesTests {
    @Test("asking for a value that the table does not have is a defect that is told, not a silent default")
    func defect() {
        var values = SettingValues([], of: .broker)
        #expect(values.complaints.isEmpty)
        _ = values.integer(.workers)
        _ = values.duration(.port)
        #expect(values.complaints.count == 2)
        #expect(values.complaints.allSatisfy { $0.message.hasPrefix("a defect in ackpipe") })
    }

    @Test("a value that was given badly is not missing")
    func attempted() {
        let flags = FlagReader.read(["--workers", "many"], of: .run)
        let values = SettingValues([flags.layer], of: .run)
        #expect(!values.isMissing(.workers))
        #expect(!values.isGiven(.workers))
        #expect(values.isMissing(.group))
    }
}
