@testable import Configuration

/// Short ways from an address to settings.
struct AddressFixture {
    static let brokers = "h1:9092,h2:9092"
    var fixture = Fixture()

    /// The address with the least that a consumer needs and `more`.
    static func address(_ more: String = "") -> String {
        "\(brokers)?topics=t1,t2&group=g" + (more.isEmpty ? "" : "&" + more)
    }

    func run(_ more: String = "", flags: [String] = []) throws -> RunSettings {
        try fixture.runExactly(["run", "--address", Self.address(more)] + flags + Fixture.handler)
    }

    /// The value of a librdkafka property.
    func property(_ name: String, _ more: String = "", flags: [String] = []) throws -> String? {
        try run(more, flags: flags).properties.first { $0.name == name }?.value
    }

    func complaints(_ more: String = "", flags: [String] = []) -> [String] {
        fixture.complaintsExactly(["run", "--address", Self.address(more)] + flags + Fixture.handler)
    }

    /// The notices of a run, those that every address without more has left out.
    func notices(_ more: String, flags: [String] = []) throws -> [String] {
        let usual = try run().notices
        return try run(more, flags: flags).notices.filter { !usual.contains($0) }.map(\.message)
    }
}
