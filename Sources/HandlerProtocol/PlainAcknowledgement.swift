/// What an `ack` without outputs answers.
package enum PlainAcknowledgement: Hashable, Sendable {
    case id(UInt64)
    /// Every outstanding delivery with an id up to this one.
    case through(UInt64)
    /// Those that were put into the caller's list, at least one, as the handler wrote them.
    case ids
}

/// Reads an `ack` in the spellings that JSON libraries give it: `type` and one selector, in any order, plain digits, at most
/// one space after a colon or a comma.
///
/// What is accepted here `HandlerFrameDecoder` accepts with the same meaning. Anything else, right or wrong, is its business:
/// this parser knows no errors.
struct AcknowledgementParser {
    /// The byte to be read next; after `parse` has answered, the one behind the object.
    var at: Int

    init(at start: Int) { at = start }

    /// The acknowledgement that begins at `at`, or nil. It may go on beyond the frame's end: the caller looks where it ended.
    @inline(__always)
    mutating func parse(_ bytes: Span<UInt8>, ids: inout [UInt64]) -> PlainAcknowledgement? {
        guard at < bytes.count, bytes[at] == UInt8(ascii: "{") else { return nil }
        at &+= 1
        var hasType = false
        var found: PlainAcknowledgement?
        while true {
            let word = bytes.wordOrRest(at: at)
            if word & 0x00FF_FFFF_FFFF_FFFF == Names.type, !hasType {
                at &+= 7
                skipOneSpace(bytes)
                guard bytes.wordOrRest(at: at) & 0x00FF_FFFF_FFFF == Names.ack else { return nil }
                at &+= 5
                hasType = true
            } else if found == nil {
                found = selector(word, bytes, ids: &ids)
                if found == nil { return nil }
            } else {
                return nil
            }
            guard at < bytes.count else { return nil }
            let byte = bytes[at]
            at &+= 1
            if byte == UInt8(ascii: "}") { return hasType ? found : nil }
            guard byte == UInt8(ascii: ",") else { return nil }
            skipOneSpace(bytes)
        }
    }

    /// Quotes and colons included, the first letter in the lowest byte.
    private enum Names {
        static var type: UInt64 { 0x3A_2265_7079_7422 }
        static var ack: UInt64 { 0x22_6B63_6122 }
        static var id: UInt64 { 0x3A_2264_6922 }
        static var ids: UInt64 { 0x3A22_7364_6922 }
        static var through: UInt64 { 0x6867_756F_7268_7422 }
        static var throughEnd: UInt64 { 0x3A22 }
    }

    @inline(__always)
    private mutating func selector(
        _ word: UInt64, _ bytes: Span<UInt8>, ids: inout [UInt64]
    ) -> PlainAcknowledgement? {
        if word & 0x00FF_FFFF_FFFF == Names.id {
            at &+= 5
            skipOneSpace(bytes)
            let id = number(bytes)
            return id == 0 ? nil : .id(id)
        }
        if word & 0xFFFF_FFFF_FFFF == Names.ids {
            at &+= 6
            skipOneSpace(bytes)
            return list(bytes, &ids) ? .ids : nil
        }
        if word == Names.through, bytes.wordOrRest(at: at &+ 8) & 0xFFFF == Names.throughEnd {
            at &+= 10
            skipOneSpace(bytes)
            let id = number(bytes)
            return id == 0 ? nil : .through(id)
        }
        return nil
    }

    private mutating func list(_ bytes: Span<UInt8>, _ ids: inout [UInt64]) -> Bool {
        guard at < bytes.count, bytes[at] == UInt8(ascii: "[") else { return false }
        at &+= 1
        ids.removeAll(keepingCapacity: true)
        while true {
            let id = number(bytes)
            guard id != 0, at < bytes.count else { return false }
            ids.append(id)
            let byte = bytes[at]
            at &+= 1
            if byte == UInt8(ascii: "]") { return true }
            guard byte == UInt8(ascii: ",") else { return false }
            skipOneSpace(bytes)
        }
    }

    @inline(__always)
    private mutating func skipOneSpace(_ bytes: Span<UInt8>) {
        if at < bytes.count, bytes[at] == 0x20 { at &+= 1 }
    }

    /// A number of 1 to 15 digits, eight of them at a time, all of which are below 2^53; 0 where there is none.
    @inline(__always)
    private mutating func number(_ bytes: Span<UInt8>) -> UInt64 {
        let (value, count) = digits(bytes.wordOrRest(at: at))
        if count == 0 || bytes[at] == UInt8(ascii: "0") { return 0 }
        at &+= count
        if count < 8 { return value }
        let (more, moreCount) = digits(bytes.wordOrRest(at: at))
        if moreCount == 8 { return 0 }
        at &+= moreCount
        var result = value
        for _ in 0..<moreCount { result = result &* 10 }
        return result &+ more
    }

    /// The value of the digits with which a word begins, and how many they are.
    @inline(__always)
    private func digits(_ word: UInt64) -> (value: UInt64, count: Int) {
        let numbers = word ^ 0x3030_3030_3030_3030
        let others =
            (((numbers & 0x7F7F_7F7F_7F7F_7F7F) &+ 0x7676_7676_7676_7676) | numbers) & 0x8080_8080_8080_8080
        let count = others.trailingZeroBitCount >> 3
        if count == 0 { return (0, 0) }
        // Zeros before the digits make them eight; then pairs, quarters and halves are put together.
        var value = numbers &<< UInt64(64 &- 8 &* count)
        value = (value &* 2_561) >> 8 & 0x00FF_00FF_00FF_00FF
        value = (value &* 6_553_601) >> 16 & 0x0000_FFFF_0000_FFFF
        return ((value &* 42_949_672_960_001) >> 32, count)
    }
}
