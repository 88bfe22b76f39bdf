/// A tRPC-Go Kafka address taken apart: `HOST:PORT[,HOST:PORT...]?key=value&...`. What the keys mean is `AddressKey`'s.
///
/// The grammar is that of `ParseAddress` in trpc-ecosystem/go-database, kafka/config.go: one split at the first `?`, then Go's
/// `url.ParseQuery` (`+` is a space, `%xx` a byte). Where that is lenient in a way that hides a mistake, this is not: names are
/// trimmed, and empty and repeated ones refused. No message quotes a value that may be a secret.
struct AddressText: Equatable {
    /// One `key=value`, decoded.
    struct Parameter: Equatable {
        let key: String
        let value: String
    }

    /// The brokers, joined with commas again; empty where there are none.
    private(set) var brokers = ""
    /// The parameters in their order; no key stands there twice.
    private(set) var parameters: [Parameter] = []
    /// What is wrong, each with its remedy.
    private(set) var problems: [String] = []
    /// True when a broker had spaces around it.
    private(set) var isTrimmed = false

    /// Takes `text` apart.
    init(_ text: String) {
        var rest = text[...]
        // The client side of tRPC-Go writes `target: kafka://...` for the same address.
        if rest.hasPrefix("kafka://") { rest = rest.dropFirst(8) }
        guard let mark = rest.firstIndex(of: "?") else {
            problems.append(
                "has no '?' between the brokers and the keys; write 'HOST:PORT?topics=TOPIC&group=GROUP', in a shell within quotes"
            )
            return
        }
        takeBrokers(rest[..<mark])
        takeQuery(rest[rest.index(after: mark)...])
    }

    /// The value of a key, if the address has it.
    subscript(key: String) -> String? { parameters.first { $0.key == key }?.value }

    private mutating func takeBrokers(_ text: Substring) {
        let pieces = text.split(separator: ",", omittingEmptySubsequences: false)
        let names = pieces.map(AddressText.trimmed)
        isTrimmed = zip(pieces, names).contains { $0.0 != $0.1 }
        guard names != [""] else {
            problems.append("names no broker before '?'; write HOST:PORT[,HOST:PORT...]")
            return
        }
        // A broker's name has none of these; a password that strayed here may, and is not quoted.
        let isName = { (name: Substring) in
            !name.isEmpty && name.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "._-:[]/%".contains($0)) }
        }
        guard let odd = names.firstIndex(where: { !isName($0) }) else {
            brokers = names.joined(separator: ",")
            return
        }
        problems.append(
            names[odd].isEmpty
                ? "names no broker in place \(odd + 1); write HOST:PORT[,HOST:PORT...] without an empty one"
                : "has a broker in place \(odd + 1) that is no HOST:PORT; user and password are keys behind '?'")
    }

    private mutating func takeQuery(_ text: Substring) {
        // Behind a password, what is no key may be the rest of it, after an `&` that was not escaped.
        var isBehindPassword = false
        for piece in text.split(separator: "&") {
            let equals = piece.firstIndex(of: "=") ?? piece.endIndex
            let isKnown = AddressText.decoded(piece[..<equals]).map { AddressKey.named($0) != nil } ?? false
            take(piece, equals, isBehindPassword: isBehindPassword && !isKnown)
            let isPassword = NearestName.find(piece[..<equals].lowercased(), among: ["password"]) != nil
            isBehindPassword = isPassword || (isBehindPassword && !isKnown)
        }
    }

    private mutating func take(_ piece: Substring, _ equals: Substring.Index, isBehindPassword: Bool) {
        let key = AddressText.decoded(piece[..<equals])
        guard !isBehindPassword else {
            problems.append(
                "what follows the password's '&' is no key; within a password '&' is written %26, '+' %2B, '%' %25")
            return
        }
        guard let key else {
            problems.append("has a key with a '%' that two hexadecimal digits do not follow; '%' itself is written %25")
            return
        }
        guard AddressKey.named(key) != nil else {
            let question = NearestName.question(key, among: AddressKey.all.map(\.name))
            problems.append(
                key.isEmpty ? "has a value without a key; write key=value" : "unknown key '\(key)'\(question)")
            return
        }
        guard let value = AddressText.decoded(piece[equals...].dropFirst()) else {
            problems.append(
                "\(key): has a '%' that two hexadecimal digits do not follow, or bytes that are not UTF-8; '%' itself is written %25"
            )
            return
        }
        guard !piece.utf8.contains(UInt8(ascii: ";")) else {
            problems.append("\(key): has a ';', which Go's parser refuses; it is written %3B")
            return
        }
        guard !value.isEmpty else {
            problems.append("\(key): has no value; give one or leave the key out")
            return
        }
        guard self[key] == nil else {
            problems.append("\(key): is given twice; keep one of them")
            return
        }
        parameters.append(Parameter(key: key, value: value))
    }

    /// The text without spaces and tabs around it.
    static func trimmed(_ text: Substring) -> Substring {
        let isBlank = { (character: Character) in character == " " || character == "\t" }
        var rest = text.drop(while: isBlank)
        while let last = rest.last, isBlank(last) { rest.removeLast() }
        return rest
    }

    /// `+` becomes a space and `%xx` a byte; nil where that cannot be.
    private static func decoded(_ text: Substring) -> String? {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "+"): bytes.append(UInt8(ascii: " "))
            case UInt8(ascii: "%"):
                guard let high = rest.popFirst().flatMap(digit), let low = rest.popFirst().flatMap(digit) else {
                    return nil
                }
                bytes.append(high << 4 | low)
            default: bytes.append(byte)
            }
        }
        return String(validating: bytes, as: UTF8.self)
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
