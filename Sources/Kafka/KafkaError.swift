internal import CRDKafka

/// What librdkafka or a broker reported.
package struct KafkaError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What an error asks of the caller, as far as that is the same for many codes.
    package enum Kind: Hashable, Sendable {
        /// No broker can be reached or its name cannot be resolved; librdkafka goes on trying.
        case brokerUnreachable
        /// Credentials or certificates were refused.
        case authentication
        /// The principal is known and may not do this.
        case authorization
        /// The topic or the partition does not exist.
        case unknownTopic
        /// The position asked for is not, or no longer, in the log; `offset` tells it where librdkafka does.
        case outOfRange
        /// A batch in the log cannot be read (damaged, or of a format that this librdkafka does not know); librdkafka goes on
        /// behind it, so that its records would be skipped.
        case unreadable
        /// Nobody polled for `max.poll.interval.ms`; the member has left the group.
        case maxPollExceeded
        /// The client instance is unusable and has to be created anew.
        case fatal
        /// Everything else.
        case other
    }

    /// `rd_kafka_resp_err_t`: negative codes are librdkafka's own, positive ones the Kafka protocol's.
    package let code: Int32
    /// The code's name, such as `TOPIC_AUTHORIZATION_FAILED` (`rd_kafka_err2name`).
    package let name: String
    /// A sentence for the operator. Never holds a secret: librdkafka puts none into its messages.
    package let message: String
    /// Whether the client instance is unusable from now on.
    package let isFatal: Bool
    /// The offset that the error is about, where there is one: for `.outOfRange` the position that the log lacks.
    package let offset: Int64?

    /// An error with librdkafka's name for `code`, and its description where `message` is nil.
    package init(code: Int32, message: String? = nil, isFatal: Bool = false, offset: Int64? = nil) {
        let raw = rd_kafka_resp_err_t(rawValue: code)
        self.code = code
        self.name = unsafe String(cString: rd_kafka_err2name(raw))
        self.message = unsafe message ?? String(cString: rd_kafka_err2str(raw))
        self.isFatal = isFatal
        self.offset = offset
    }

    /// For logs: the sentence, and the name to search for.
    package var description: String { "\(message) (\(name))" }

    /// What the error asks of the caller.
    package var kind: Kind {
        if isFatal { return .fatal }
        switch rd_kafka_resp_err_t(rawValue: code) {
        case RD_KAFKA_RESP_ERR__TRANSPORT, RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN, RD_KAFKA_RESP_ERR__RESOLVE:
            return .brokerUnreachable
        case RD_KAFKA_RESP_ERR__AUTHENTICATION, RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED, RD_KAFKA_RESP_ERR__SSL:
            return .authentication
        case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED,
            RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
            return .authorization
        case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC,
            RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
            return .unknownTopic
        case RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE, RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
            return .outOfRange
        case RD_KAFKA_RESP_ERR__BAD_MSG, RD_KAFKA_RESP_ERR__BAD_COMPRESSION, RD_KAFKA_RESP_ERR__NOT_IMPLEMENTED,
            RD_KAFKA_RESP_ERR_INVALID_MSG:
            return .unreadable
        case RD_KAFKA_RESP_ERR__MAX_POLL_EXCEEDED:
            return .maxPollExceeded
        case RD_KAFKA_RESP_ERR__FATAL:
            return .fatal
        default:
            return .other
        }
    }
}

extension KafkaError {
    /// Whether a commit was refused because its metadata is longer than the broker's `offset.metadata.max.bytes`: the
    /// same commit without metadata is not.
    package var isMetadataTooLarge: Bool { code == RD_KAFKA_RESP_ERR_OFFSET_METADATA_TOO_LARGE.rawValue }

    /// Whether a record was refused because it is longer than the topic's or the broker's `message.max.bytes`: writing
    /// it again as it is cannot succeed.
    package var isRecordTooLarge: Bool {
        [RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE].contains { $0.rawValue == code }
    }

    /// The error for a code, or nil for "no error".
    init?(_ code: rd_kafka_resp_err_t) {
        guard code != RD_KAFKA_RESP_ERR_NO_ERROR else { return nil }
        self.init(code: code.rawValue)
    }

    /// Takes over and destroys an `rd_kafka_error_t`; nil for a null pointer, which means success.
    init?(consuming error: OpaquePointer?) {
        guard let error = unsafe error else { return nil }
        unsafe self.init(
            code: rd_kafka_error_code(error).rawValue, message: String(cString: rd_kafka_error_string(error)),
            isFatal: rd_kafka_error_is_fatal(error) != 0)
        unsafe rd_kafka_error_destroy(error)
    }
}
