internal import CRDKafka

/// One record on its way into a producer's queue; its bytes lie elsewhere and are copied by `enqueue`.
@unsafe
struct OutgoingRecord {
    var topic: String
    /// -1: the partitioner chooses.
    var partition: Int32 = -1
    /// Nil and empty are different things, here and below.
    var key: UnsafeRawBufferPointer?
    var value: UnsafeRawBufferPointer?
    /// Milliseconds since 1970; 0 stands for now.
    var timestamp: Int64 = 0
    /// Comes back with the delivery report.
    var token: UInt64

    /// Puts the record into the queue, which takes the headers over; never waits. Nil is success.
    /// (`rd_kafka_produceva`)
    func enqueue(in producer: OpaquePointer, headers: inout HeaderList) -> KafkaError? {
        let failure = unsafe topic.withCString { name in
            // Only its address counts: librdkafka takes a null pointer for null, and any other for empty.
            unsafe withUnsafeTemporaryAllocation(byteCount: 1, alignment: 1) { empty in
                var arguments: [rd_kafka_vu_t] = unsafe []
                func pass(_ type: rd_kafka_vtype_t, _ fill: (inout rd_kafka_vu_t) -> Void) {
                    var argument = unsafe rd_kafka_vu_t()
                    unsafe argument.vtype = type
                    unsafe fill(&argument)
                    unsafe arguments.append(argument)
                }
                func pass(_ type: rd_kafka_vtype_t, bytes: UnsafeRawBufferPointer?) {
                    unsafe pass(type) { argument in
                        let start = unsafe bytes.map { unsafe $0.baseAddress ?? UnsafeRawPointer(empty.baseAddress) }
                        unsafe argument.u.mem = unsafe .init(
                            ptr: UnsafeMutableRawPointer(mutating: start ?? nil), size: bytes?.count ?? 0)
                    }
                }
                unsafe pass(RD_KAFKA_VTYPE_TOPIC) { unsafe $0.u.cstr = unsafe name }
                unsafe pass(RD_KAFKA_VTYPE_PARTITION) { unsafe $0.u.i32 = partition }
                unsafe pass(RD_KAFKA_VTYPE_MSGFLAGS) { unsafe $0.u.i = Int32(RD_KAFKA_MSG_F_COPY) }
                unsafe pass(RD_KAFKA_VTYPE_KEY, bytes: key)
                unsafe pass(RD_KAFKA_VTYPE_VALUE, bytes: value)
                unsafe pass(RD_KAFKA_VTYPE_TIMESTAMP) { unsafe $0.u.i64 = timestamp }
                unsafe pass(RD_KAFKA_VTYPE_OPAQUE) { unsafe $0.u.ptr = OutgoingRecord.opaque(token) }
                if let list = unsafe headers.pointer {
                    unsafe pass(RD_KAFKA_VTYPE_HEADERS) { unsafe $0.u.headers = unsafe list }
                }
                return unsafe KafkaError(consuming: rd_kafka_produceva(producer, arguments, arguments.count))
            }
        }
        if failure == nil { headers.forget() }
        return failure
    }

    /// The token that a delivery report brings back.
    static func token(of report: UnsafePointer<rd_kafka_message_t>) -> UInt64 {
        unsafe UInt64(UInt(bitPattern: report.pointee._private)) &- 1
    }

    /// One is added: a null pointer could not be told from "no opaque".
    private static func opaque(_ token: UInt64) -> UnsafeMutableRawPointer? {
        unsafe UnsafeMutableRawPointer(bitPattern: UInt(truncatingIfNeeded: token &+ 1))
    }
}

/// A list of headers of librdkafka's, freed with this value unless a record took it over.
@safe
struct HeaderList: ~Copyable {
    /// Nil for no headers.
    private(set) var pointer: OpaquePointer?

    init() { unsafe pointer = nil }

    deinit {
        if let pointer = unsafe pointer { unsafe rd_kafka_headers_destroy(pointer) }
    }

    /// Appends a copy of these bytes; a nil value is null.
    mutating func add(_ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer?) {
        if unsafe pointer == nil { unsafe pointer = rd_kafka_headers_new(8) }
        guard let pointer = unsafe pointer else { return }
        // A size of -1 lets librdkafka look for a NUL: an empty name needs a pointer to one.
        var nul: CChar = 0
        unsafe withUnsafePointer(to: &nul) { empty in
            let start = unsafe name.baseAddress?.assumingMemoryBound(to: CChar.self) ?? empty
            let bytes = unsafe value.map { unsafe $0.baseAddress ?? UnsafeRawPointer(empty) }
            unsafe _ = rd_kafka_header_add(pointer, start, name.count, bytes ?? nil, value?.count ?? 0)
        }
    }

    /// The same for bytes in arrays.
    mutating func add(_ name: String, _ value: [UInt8]?) {
        let nameBytes = Array(name.utf8)
        unsafe nameBytes.withUnsafeBytes { name in
            guard let value else { return unsafe add(name, nil) }
            unsafe value.withUnsafeBytes { unsafe add(name, $0) }
        }
    }

    /// Forgets the list: it belongs to a record in a producer's queue now.
    mutating func forget() { unsafe pointer = nil }
}
