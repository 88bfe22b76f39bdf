import Kafka
import Testing

@Suite struct ClientLibraryTests {
    @Test("The version in use is told, and is new enough")
    func version() throws {
        #expect(ClientLibrary.version.contains("."))
        #expect(ClientLibrary.versionNumber >= 0x0200_0200)
        try ClientLibrary.check()
    }
}
