import Glibc
import Testing

/// Writes what no client of ours writes, headers that are any bytes and a time of the log: a Produce request by hand (Kafka protocol,
/// version 7 of API 0, with a record batch of format 2), for the embedded broker, which does not look into batches.
struct RawProduce {
    /// "127.0.0.1:9092".
    let broker: String

    /// `headers` with their count before them. The timestamp is 1,700,000,000,000 or, of the log, one more.
    func write(topic: String, value: [UInt8], headers: [UInt8], hasLogTime: Bool = false) throws {
        let colon = try #require(broker.lastIndex(of: ":"))
        let port = try #require(UInt16(broker[broker.index(after: colon)...]))
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let connected = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        try #require(connected == 0, "connect to \(broker): errno \(errno)")
        let request = RawProduce.request(topic, RawProduce.batch(value, headers, hasLogTime))
        try #require(send(descriptor, request, request.count, 0) == request.count)
        var answer = [UInt8](repeating: 0, count: 1024)
        try #require(recv(descriptor, &answer, answer.count, 0) > 0, "no answer to the Produce request")
    }

    private static func request(_ topic: String, _ batch: [UInt8]) -> [UInt8] {
        var body: [UInt8] = bytes(Int16(0)) + bytes(Int16(7)) + bytes(Int32(1)) + bytes(Int16(-1))
        body += bytes(Int16(-1)) + bytes(Int16(-1)) + bytes(Int32(5_000))
        body += bytes(Int32(1)) + bytes(Int16(topic.utf8.count)) + Array(topic.utf8)
        body += bytes(Int32(1)) + bytes(Int32(0)) + bytes(Int32(batch.count)) + batch
        return bytes(Int32(body.count)) + body
    }

    private static func batch(_ value: [UInt8], _ headers: [UInt8], _ hasLogTime: Bool) -> [UInt8] {
        // No attributes, both deltas 0, no key.
        let record = [0, 0, 0] + varint(-1) + varint(value.count) + value + headers
        // Bit 3 of a batch's attributes: the largest timestamp is the log's, and that of all records.
        let attributes: Int16 = hasLogTime ? 1 << 3 : 0
        var rest: [UInt8] = bytes(Int32(0)) + [2] + bytes(Int32(0)) + bytes(attributes) + bytes(Int32(0))
        let time: Int64 = 1_700_000_000_000
        rest += bytes(time) + bytes(time + 1) + bytes(Int64(-1)) + bytes(Int16(-1)) + bytes(Int32(-1)) + bytes(Int32(1))
        rest += varint(record.count) + record
        return bytes(Int64(0)) + bytes(Int32(rest.count)) + rest
    }

    private static func bytes(_ number: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: number.bigEndian) { Array($0) }
    }

    static func varint(_ number: Int) -> [UInt8] {
        var zigzag = UInt64(bitPattern: Int64(number << 1 ^ number >> 63))
        var found: [UInt8] = []
        while zigzag > 0x7F {
            found.append(UInt8(zigzag & 0x7F) | 0x80)
            zigzag >>= 7
        }
        return found + [UInt8(zigzag)]
    }
}
