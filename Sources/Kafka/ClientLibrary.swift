internal import CRDKafka

/// The librdkafka that this process runs with, which may be newer than the one it was built against.
package enum ClientLibrary {
    /// The lowest version that works, in librdkafka's own form `0xMMmmrrxx`: 2.0.2, which Debian 12 carries.
    private static let lowestVersionNumber: Int32 = 0x0200_0200

    /// The version as librdkafka writes it, such as `2.0.2`. Any thread.
    package static var version: String { unsafe String(cString: rd_kafka_version_str()) }

    /// The version as `0xMMmmrrxx` (`rd_kafka_version`). Any thread.
    package static var versionNumber: Int32 { rd_kafka_version() }

    /// Refuses a library that is too old, naming the version found and the version needed. Any thread.
    package static func check() throws(KafkaError) {
        guard versionNumber < lowestVersionNumber else { return }
        throw KafkaError(
            code: RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE.rawValue,
            message: "librdkafka \(version) is too old: 2.0.2 or newer is needed. Install a newer librdkafka1, "
                + "or point LD_LIBRARY_PATH at one.")
    }
}
