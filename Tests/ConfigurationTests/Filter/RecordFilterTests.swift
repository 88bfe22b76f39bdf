import Testing

@testable import Configuration

@Suite struct RecordFilterTests {
    @Test func comparesTopicPartitionAndOffset() throws {
        #expect(try matches(#"topic == "orders""#))
        #expect(try !matches(#"topic == "order""#))
        #expect(try matches(#"topic != "orders-eu""#))
        #expect(try matches(#"topic in ("refunds", "orders")"#))
        #expect(try matches("partition == 3"))
        #expect(try !matches("partition in (1, 2)"))
        #expect(try matches("partition not in (1, 2)"))
        #expect(try matches("offset != 4712"))
        #expect(try !matches("offset == -4711"))
        #expect(try matches("not (partition == 3 and offset == 4712)"))
    }

    @Test func comparesTheKeyByteByByte() throws {
        let record = SampleRecord(key: "grüße")
        #expect(try matches(#"key == "grüße""#, record))
        #expect(try matches(#"key == "gr\u00fc\u00dfe""#, record))
        #expect(try !matches(#"key == "gru\u0308ße""#, record), "the same to a reader, other bytes")
        #expect(try !matches(#"key == "Grüße""#, record))
        var binary = SampleRecord()
        binary.key = [0xFF, 0x41, 0x00]
        #expect(try matches(#"key ends_with "A\u0000""#, binary))
        #expect(try matches(#"key contains "A" and key != "A""#, binary))
    }

    @Test func tellsAnEmptyKeyFromNone() throws {
        let none = SampleRecord()
        let empty = SampleRecord(key: "")
        #expect(try matches("key == null", none))
        #expect(try !matches("key == null", empty))
        #expect(try matches(#"key == """#, empty))
        #expect(try !matches(#"key == """#, none))
        #expect(try matches("exists key", empty))
        #expect(try !matches("exists key", none))
        #expect(try matches(#"key in ("a", null)"#, none))
        #expect(try matches(#"key not in ("a")"#, none))
        #expect(try !matches(#"key starts_with """#, none))
        #expect(try matches(#"key starts_with "" and key ends_with "" and key contains """#, empty))
    }

    @Test("A header that is missing equals nothing, null included, and differs from everything")
    func missingHeader() throws {
        let record = SampleRecord(("other", "x"))
        #expect(try !matches(#"header.type == "order""#, record))
        #expect(try matches(#"header.type != "order""#, record))
        #expect(try !matches("header.type == null", record))
        #expect(try matches("header.type != null", record))
        #expect(try !matches(#"header.type in ("order", null)"#, record))
        #expect(try matches(#"header.type not in ("order")"#, record))
        for word in ["starts_with", "ends_with", "contains"] {
            #expect(try !matches("header.type \(word) \"\"", record))
        }
        #expect(try !matches("exists header.type", record))
    }

    @Test func tellsANullHeaderFromAMissingAndAnEmptyOne() throws {
        let null = SampleRecord(("type", nil))
        #expect(try matches("header.type == null and exists header.type", null))
        #expect(try !matches(#"header.type == """#, null))
        #expect(try !matches(#"header.type starts_with """#, null))
        let empty = SampleRecord(("type", ""))
        #expect(try matches(#"header.type == "" and exists header.type and header.type != null"#, empty))
    }

    @Test func takesTheLastOfHeadersWithTheSameName() throws {
        let record = SampleRecord(("type", "order"), ("type", nil), ("x", "y"), ("type", "refund"))
        #expect(try matches(#"header.type == "refund""#, record))
        #expect(try !matches(#"header.type == "order""#, record))
    }

    @Test func namesHeadersInBothWays() throws {
        let record = SampleRecord(("ce_type.v1-beta", "a"), ("any \"name\" é", "b"), ("5", "c"), ("not", "d"))
        #expect(try matches(#"header.ce_type.v1-beta == "a""#, record))
        #expect(try matches(#"header["ce_type.v1-beta"] == "a""#, record))
        #expect(try matches(#"header [ "any \"name\" \u00e9" ] == "b""#, record))
        #expect(try matches(#"header.5 == "c" && header.not == "d""#, record))
        #expect(try !matches(#"exists header.Not"#, record), "names are compared byte by byte")
    }

    @Test func searchesText() throws {
        let record = SampleRecord(("path", "/api/v2/orders"))
        #expect(try matches(#"header.path starts_with "/api/""#, record))
        #expect(try !matches(#"header.path starts_with "/api/v2/orders/1""#, record))
        #expect(try matches(#"header.path ends_with "/orders""#, record))
        #expect(try !matches(#"header.path ends_with "a/api/v2/orders""#, record))
        #expect(try matches(#"header.path contains "/v2/""#, record))
        #expect(try !matches(#"header.path contains "/v3/""#, record))
        #expect(try matches(#"topic starts_with "ord" and topic ends_with "ers" and topic contains "rde""#, record))
    }

    @Test("'not' binds tighter than 'and', and that tighter than 'or'")
    func precedence() throws {
        let (yes, no) = ("partition == 3", "partition == 4")
        #expect(try matches("\(yes) or \(no) and \(no)"))
        #expect(try !matches("(\(yes) or \(no)) and \(no)"))
        #expect(try matches("not \(no) or \(yes)"))
        #expect(try matches("not \(no) and \(yes)"))
        #expect(try !matches("not (\(no) or \(yes))"))
        #expect(try matches("\(no) || !\(no) && \(yes)"))
        #expect(try matches("!!\(yes)"))
        #expect(try !matches("not not not \(yes)"))
        #expect(try matches("\(no) and \(yes) or \(yes)"))
    }

    @Test func readsWhiteSpaceAsASeparatorOnly() throws {
        #expect(try matches("\t(partition==3)\r\nand\ntopic==\"orders\"&&offset!=1 "))
    }

    @Test("Whatever a filter says, a record whose headers are damaged goes on")
    func neverFiltersDamagedHeaders() throws {
        var record = SampleRecord()
        record.headersAreDamaged = true
        for text in [#"topic == "other""#, "exists header.a", "not exists header.a", "offset == 0"] {
            #expect(try matches(text, record))
        }
    }

    @Test func allFiltersMustHold() throws {
        let texts = ["partition in (3, 4) or offset == 1", "not exists key", #"topic == "x" or topic == "orders""#]
        let filters = try texts.map { try RecordFilter.parse($0) }
        #expect(RecordFilter.all(of: []) == nil)
        #expect(RecordFilter.all(of: [filters[0]]) == filters[0])
        let all = try #require(RecordFilter.all(of: filters))
        #expect(all.matches(SampleRecord()))
        #expect(!all.matches(SampleRecord(key: "k")))
        var record = SampleRecord()
        record.topic = "y"
        #expect(!all.matches(record))
        record = SampleRecord()
        record.partition = 5
        #expect(!all.matches(record))
        record.offset = 1
        #expect(all.matches(record))
        #expect(try RecordFilter.parse(all.description).description == all.description)
    }

    @Test func keepsItsText() throws {
        #expect(try RecordFilter.parse(" partition == 3 ").description == " partition == 3 ")
    }
}
