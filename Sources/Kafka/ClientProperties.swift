internal import CRDKafka

/// Turns name and value pairs into a librdkafka configuration.
@safe
struct ClientProperties: ~Copyable {
    /// Ours until `start` hands it to `rd_kafka_new`.
    private let configuration: OpaquePointer

    /// Sets each pair in order, a later one beating an earlier. Throws for the first that is unknown or malformed; the
    /// message names the property (librdkafka says so itself, and never repeats a secret).
    init(_ properties: [(name: String, value: String)]) throws(KafkaError) {
        unsafe configuration = rd_kafka_conf_new()
        for (name, value) in properties { try set(name, to: value) }
    }

    deinit { unsafe rd_kafka_conf_destroy(configuration) }

    /// Sets one property.
    func set(_ name: String, to value: String) throws(KafkaError) {
        var text = [CChar](repeating: 0, count: 512)
        let result = unsafe rd_kafka_conf_set(configuration, name, value, &text, text.count)
        switch result {
        case RD_KAFKA_CONF_OK: return
        case RD_KAFKA_CONF_UNKNOWN:
            throw KafkaError(
                code: RD_KAFKA_RESP_ERR__INVALID_ARG.rawValue,
                message: "librdkafka \(ClientLibrary.version) knows no property \"\(name)\"")
        default:
            throw KafkaError(
                code: RD_KAFKA_RESP_ERR__INVALID_ARG.rawValue, message: "property \"\(name)\": \(ErrorText.read(text))")
        }
    }

    /// Asks for these kinds of event (`RD_KAFKA_EVENT_...`) on the client's queues, in place of callbacks.
    func enableEvents(_ events: Int32) { unsafe rd_kafka_conf_set_events(configuration, events) }

    /// Drops all log lines: for the embedded broker, whose lines tell an operator nothing.
    func discardLogs() { unsafe rd_kafka_conf_set_log_cb(configuration, nil) }

    /// Creates the client. The caller owns the handle (`rd_kafka_destroy`).
    consuming func start(_ type: rd_kafka_type_t) throws(KafkaError) -> OpaquePointer {
        var text = [CChar](repeating: 0, count: 512)
        // rd_kafka_new takes the configuration over only where it succeeds, so it gets a copy of its own, and what
        // becomes of that copy is decided by the result.
        let own: OpaquePointer = unsafe rd_kafka_conf_dup(configuration)
        if let handle = unsafe rd_kafka_new(type, own, &text, text.count) { return unsafe handle }
        let code = rd_kafka_last_error()
        unsafe rd_kafka_conf_destroy(own)
        throw KafkaError(code: code.rawValue, message: ErrorText.read(text))
    }
}

/// The text that librdkafka wrote into a buffer of ours.
enum ErrorText {
    /// The bytes up to the first NUL; what is no UTF-8 is repaired.
    static func read(_ buffer: [CChar]) -> String {
        String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
