import Testing

@testable import Configuration

@Suite struct PropertyTests {
    @Test(
        "secrets are masked in every text",
        arguments: [
            "sasl.password", "ssl.key.password", "ssl.keystore.password", "ssl.key.pem", "sasl.oauthbearer.config",
            "sasl.oauthbearer.client.secret", "SASL.PASSWORD", "ssl.certificate.pem",
        ])
    func masked(name: String) {
        let property = Property(name: name, value: "hunter2")
        #expect(property.isSecret)
        #expect("\(property)" == "\(name)=****")
        #expect(!"\([property])".contains("hunter2"))
        var dumped = ""
        dump([property], to: &dumped)
        #expect(!dumped.contains("hunter2"))
    }

    @Test("other values are shown", arguments: ["client.id", "ssl.key.location", "sasl.username", "debug"])
    func shown(name: String) {
        #expect("\(Property(name: name, value: "x"))" == "\(name)=x")
    }

    @Test("properties that would break a promise are refused with what to use instead")
    func refused() {
        for (name, advice) in RefusedProperties.forConsumer.table {
            #expect(Fixture().complaints("-X", "\(name)=1") == ["-X: \(name) cannot be set with -X: \(advice)"])
        }
    }

    @Test("properties that would make a dead letter less than confirmed are refused with the reason")
    func refusedForDeadLetters() {
        for (name, advice) in RefusedProperties.forProducer.table {
            #expect(
                Fixture().complaints("--dead-letter-topic", "d", "--dead-letter-producer", "\(name)=1")
                    == ["--dead-letter-producer: \(name) cannot be set with --dead-letter-producer: \(advice)"])
        }
    }

    @Test(
        "what a group's members settle among themselves is the user's",
        arguments: [
            "isolation.level=read_uncommitted", "partition.assignment.strategy=range", "group.instance.id=billing-1",
        ])
    func passed(text: String) throws {
        #expect(try Fixture().run("-X", text).properties.map(\.description) == [text])
    }

    @Test("every flag that an advice names exists")
    func advice() {
        let known = Set(OptionTable.options(of: .run).map(\.longFlag))
        for (name, advice) in RefusedProperties.forConsumer.table + RefusedProperties.forProducer.table {
            for word in advice.split(whereSeparator: { " ;,/".contains($0) }) where word.hasPrefix("--") {
                #expect(known.contains(String(word)), "\(name) names \(word)")
            }
        }
    }
}
