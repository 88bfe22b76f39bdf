import Foundation
import Glibc
import Kafka
import KafkaTestSupport
import Testing

@Suite(.embeddedBroker("relays to it")) struct BootstrapRelayTests {
    @Test("A consumer that bootstraps at the relay's port reads from the broker behind it")
    func consumer() throws {
        let topic = try TestTopic()
        try topic.fill(count: 100)
        let relay = try BootstrapRelay(port: 0, bootstrapServers: topic.brokers)
        let member = try TestMember("127.0.0.1:\(relay.port)", topic)
        try member.consumer.assignDirectly([(member.partition(0), offset: 0)])
        #expect(try member.turn(forUpTo: 10) { member.seen.count == 100 }, "\(member.events)")
        try member.close()
        relay.stop()
        relay.stop()
    }

    @Test("kcat reads through the relay")
    func kcat() throws {
        guard FileManager.default.isExecutableFile(atPath: "/usr/bin/kcat") else { return }
        let topic = try TestTopic()
        try topic.fill(count: 10)
        let relay = try BootstrapRelay(port: 0, bootstrapServers: topic.brokers)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/kcat")
        process.arguments = ["-C", "-q", "-e", "-b", "127.0.0.1:\(relay.port)", "-t", "t", "-p", "0", "-f", "%o,"]
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
        #expect(text == "0,1,2,3,4,5,6,7,8,9,")
        relay.stop()
        withExtendedLifetime(topic) {}
    }

    @Test("A port in use is refused, naming the port and what to do")
    func portInUse() throws {
        let relay = try BootstrapRelay(port: 0, bootstrapServers: "127.0.0.1:9")
        let error = #expect(throws: RelayError.self) {
            _ = try BootstrapRelay(port: relay.port, bootstrapServers: "127.0.0.1:9")
        }
        #expect(error?.description.contains("127.0.0.1:\(relay.port): it is in use") == true)
        #expect(error?.description.contains("--port") == true)
        relay.stop()
        let again = try BootstrapRelay(port: relay.port, bootstrapServers: "127.0.0.1:9")
        #expect(again.port == relay.port)
    }

    @Test("A client is disconnected where no broker listens, and the relay goes on")
    func noBroker() throws {
        let relay = try BootstrapRelay(port: 0, bootstrapServers: "127.0.0.1:9")
        for _ in 0..<3 {
            let client = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            defer { close(client) }
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = relay.port.bigEndian
            address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
            let connected = withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    connect(client, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
            #expect(connected == 0)
            var wait = pollfd(fd: client, events: Int16(POLLIN), revents: 0)
            #expect(poll(&wait, 1, 5_000) == 1)
            var byte: UInt8 = 0
            #expect(read(client, &byte, 1) <= 0)
        }
        relay.stop()
    }

    @Test("Servers without a port are refused")
    func badServers() {
        #expect(throws: RelayError.self) { _ = try BootstrapRelay(port: 0, bootstrapServers: "nowhere") }
        #expect(throws: RelayError.self) { _ = try BootstrapRelay(port: 0, bootstrapServers: "") }
    }
}
