import Kafka
import Testing

@Suite struct KafkaErrorTests {
    @Test(
        "Each code that asks for something of the caller has its kind",
        arguments: [
            (Int32(-199), KafkaError.Kind.unreadable), (-198, .unreadable), (-170, .unreadable), (2, .unreadable),
            (-195, .brokerUnreachable), (-187, .brokerUnreachable), (-193, .brokerUnreachable),
            (-169, .authentication), (58, .authentication), (-181, .authentication), (29, .authorization),
            (30, .authorization), (31, .authorization), (3, .unknownTopic), (-188, .unknownTopic),
            (-190, .unknownTopic),
            (1, .outOfRange), (-140, .outOfRange), (-147, .maxPollExceeded), (-150, .fatal), (7, .other),
            (-185, .other),
        ])
    func kind(code: Int32, kind: KafkaError.Kind) {
        #expect(KafkaError(code: code).kind == kind)
    }

    @Test("A fatal error is of kind fatal whatever its code")
    func fatal() { #expect(KafkaError(code: 29, isFatal: true).kind == .fatal) }

    @Test("Name and message are librdkafka's where none is given")
    func description() {
        let error = KafkaError(code: 29)
        #expect(error.name == "TOPIC_AUTHORIZATION_FAILED")
        #expect(error.message == "Broker: Topic authorization failed")
        #expect(KafkaError(code: 29, message: "no").message == "no")
    }
}
