import Testing

@testable import HandlerProtocol

@Suite struct FrameReaderTests {
    private func error(_ bytes: [UInt8], _ framing: Framing = .length, limit: Int = 1 << 26) -> ProtocolError? {
        do {
            _ = try bodies(bytes, framing: framing, limit: limit)
            return nil
        } catch let error as ProtocolError {
            return error
        } catch {
            Issue.record("another error: \(error)")
            return nil
        }
    }

    private let texts = ["{}", "{\"type\":\"resume\"}", "x", String(repeating: "y", count: 300)]

    private func stream(_ framing: Framing) -> [UInt8] {
        switch framing {
        case .length: texts.flatMap { framed($0) }
        case .lines: Array((texts[0] + "\n\r\n\n" + texts[1] + "\r\n" + texts[2] + "\n" + texts[3] + "\n").utf8)
        }
    }

    @Test(arguments: Framing.allCases)
    func framesAreTheSameWhole_ByteByByteAndSplitAnywhere(_ framing: Framing) throws {
        let bytes = stream(framing)
        let expected = texts.map { Array($0.utf8) }
        #expect(try bodies(bytes, framing: framing) == expected)

        var drip = FrameReader(framing: framing, maxFrameBytes: 1_000)
        var dripped: [[UInt8]] = []
        for byte in bytes {
            drip.append([byte].span)
            dripped += try remaining(&drip)
        }
        #expect(dripped == expected)
        #expect(!drip.isInsideFrame)

        for split in 0...bytes.count {
            var reader = FrameReader(framing: framing, maxFrameBytes: 1_000)
            reader.append(Array(bytes[..<split]).span)
            var got = try remaining(&reader)
            reader.append(Array(bytes[split...]).span)
            got += try remaining(&reader)
            #expect(got == expected, "split at \(split)")
            #expect(!reader.isInsideFrame)
        }
    }

    @Test(arguments: Framing.allCases)
    func anUnfinishedFrameIsNeverHandedOutAndIsDescribed(_ framing: Framing) throws {
        let bytes = framing == .length ? framed("{\"type\":\"resume\"}") : Array("{\"type\":\"resume\"}\n".utf8)
        for count in 0..<bytes.count {
            var reader = FrameReader(framing: framing, maxFrameBytes: 1_000)
            reader.append(Array(bytes[..<count]).span)
            #expect(try remaining(&reader).isEmpty)
            #expect(reader.isInsideFrame == (count > 0))
            #expect(!reader.describePartial().isEmpty)
            #expect(reader.unfinishedError(afterMilliseconds: 10_000).rule == .unfinishedFrame)
        }
    }

    @Test func describingAPartialFrameNamesALittleEndianLength() {
        var reader = FrameReader(framing: .length, maxFrameBytes: Framing.largestFrameLimit)
        reader.append([7, 0, 0, 0, 0x7B].span)
        #expect(reader.describePartial().contains("little-endian the length would be 7"))
    }

    @Test func textInPlaceOfALengthIsQuotedWithCauseAndRemedy() throws {
        let banner = try #require(error(Array("Starting up...\n".utf8)))
        #expect(banner.rule == .frameLength)
        #expect(banner.message.contains("\"Star\" is text") && banner.message.contains("--protocol-fd 3"))
        #expect(banner.excerpt == "Starting up...\\n")
        #expect(
            error(Array("Traceback (most recent call last):\n".utf8))?.message.contains("a traceback is text") == true)
        #expect(error(Array("{\"type\":\"ack\"}\n".utf8))?.message.contains("--framing lines") == true)
        #expect(error(Array("\nok".utf8))?.message.contains("\\nok") == true)
        #expect(error(Array("HTTP/1.1 200 OK".utf8))?.message.contains("\"HTTP\"") == true)
    }

    @Test func everyFirstByteAboveSevenIsRefusedAtOnceBeforeMoreHasArrived() {
        for byte in UInt8(8)...255 {
            #expect(error([byte])?.rule == .frameLength)
            #expect(error([byte, 0, 0, 0])?.rule == .frameLength)
            #expect(error([byte, 0xFF, 0xFF, 0xFF])?.rule == .frameLength)
        }
        for byte in UInt8(0)...7 { #expect(error([byte]) == nil) }
    }

    @Test func aLengthOfZeroAndOneAboveTheLimitAreRefused() {
        #expect(error([0, 0, 0, 0])?.message.contains("length is 0") == true)
        #expect(error([0, 0, 0, 11], limit: 10)?.message.contains("above the limit of 10") == true)
        #expect(error([0, 0, 0, 10], limit: 10) == nil)
        #expect(error([0xFF, 0xFF, 0xFF, 0xFF])?.message.contains("4294967295") == true)
    }

    @Test func aLittleEndianLengthAndAByteOrderMarkAreNamed() {
        #expect(error([0x2A, 0, 0, 0, 0x7B])?.message.contains("big-endian") == true)
        #expect(error([5, 0, 0, 0])?.message.contains("little-endian it would be 5") == true)
        #expect(error([0xEF, 0xBB, 0xBF, 0x7B])?.message.contains("byte order mark") == true)
    }

    @Test func aLineOfTheLimitPassesAndOneByteMoreDoesNot() {
        let ten = String(repeating: "a", count: 10)
        #expect(error(Array("\(ten)\n".utf8), .lines, limit: 10) == nil)
        #expect(error(Array("\(ten)\r\n".utf8), .lines, limit: 10) == nil)
        #expect(error(Array("\(ten)\r".utf8), .lines, limit: 10) == nil)
        #expect(error(Array("\(ten)b\n".utf8), .lines, limit: 10)?.rule == .lineTooLong)
        #expect(error(Array("\(ten)b".utf8), .lines, limit: 10)?.rule == .lineTooLong)
        #expect(error(Array("\(ten)\r\r".utf8), .lines, limit: 10)?.rule == .lineTooLong)
    }

    @Test func afterAnErrorNothingMoreIsRead() throws {
        var reader = FrameReader(framing: .length, maxFrameBytes: 100)
        reader.append((framed("{}") + Array("oops".utf8)).span)
        #expect(try reader.next { _ in true } == true)
        #expect(throws: ProtocolError.self) { try reader.next { _ in true } }
        reader.append(framed("{}").span)
        #expect(throws: ProtocolError.self) { try reader.next { _ in true } }
    }

    @Test func anErrorOfTheBodyIsPassedOnAndStopsTheReader() throws {
        var reader = FrameReader(framing: .length, maxFrameBytes: 100)
        reader.append((framed("[]") + framed("{}")).span)
        let decoder = HandlerFrameDecoder()
        for _ in 0..<2 {
            #expect(throws: ProtocolError.self) {
                _ = try reader.next { (body) throws(ProtocolError) in try decoder.decode(body) }
            }
        }
    }

    @Test func memoryFollowsWhatHasArrivedNotWhatALengthPromises() {
        var reader = FrameReader(framing: .length, maxFrameBytes: 1 << 26)
        reader.append([3, 0xFF, 0xFF, 0xFF, 0x7B].span)
        #expect((try? remaining(&reader))?.isEmpty == true)
        #expect(reader.capacity < 4_096)
    }

    @Test func memoryOfALargeFrameIsGivenBack() throws {
        var reader = FrameReader(framing: .length, maxFrameBytes: 1 << 26)
        reader.append(framed([UInt8](repeating: 0x20, count: 5 << 20)).span)
        #expect(try remaining(&reader).count == 1)
        let nothing: [UInt8] = []
        reader.append(nothing.span)
        #expect(reader.capacity < 1 << 20)
    }

    @Test func bytesCanBeReadStraightIntoTheReader() throws {
        var reader = FrameReader(framing: .lines, maxFrameBytes: 100)
        reader.fill(atLeast: 64) { free in
            #expect(free.freeCapacity >= 64)
            for byte in "{}\n".utf8 { free.append(byte) }
        }
        #expect(try remaining(&reader) == [Array("{}".utf8)])
    }
}
