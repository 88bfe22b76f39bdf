import Testing

@testable import Configuration

@Suite struct AddressTextTests {
    @Test("an address is brokers, and keys with values that are decoded as Go does it")
    func grammar() {
        let text = AddressText("a:1,b:2?topics=t1,t2&group=my+group&password=p%2Bw%26%25%3D?x=y")
        #expect(text.problems == [])
        #expect(text.brokers == "a:1,b:2")
        #expect(text["topics"] == "t1,t2")
        #expect(text["group"] == "my group")
        // One split at the first '?', one at a pair's first '='.
        #expect(text["password"] == "p+w&%=?x=y")
        #expect(text["user"] == nil)
    }

    @Test("the scheme of the client side is left out, and so are empty pairs")
    func scheme() {
        let text = AddressText("kafka://a:1?&group=g&&")
        #expect(text.problems == [])
        #expect(text.brokers == "a:1")
        #expect(text.parameters == [AddressText.Parameter(key: "group", value: "g")])
    }

    @Test("brokers are trimmed, and that is known")
    func brokers() {
        #expect(AddressText("a:1?group=g").isTrimmed == false)
        let text = AddressText(" a:1, b:2\t?group=g")
        #expect(text.brokers == "a:1,b:2")
        #expect(text.isTrimmed)
        #expect(AddressText("[::1]:9092?group=g").brokers == "[::1]:9092")
    }

    @Test(
        "what is no address is refused with its remedy",
        arguments: [
            (
                "a:1",
                "has no '?' between the brokers and the keys; write 'HOST:PORT?topics=TOPIC&group=GROUP', in a shell within quotes"
            ),
            (
                "",
                "has no '?' between the brokers and the keys; write 'HOST:PORT?topics=TOPIC&group=GROUP', in a shell within quotes"
            ),
            ("?group=g", "names no broker before '?'; write HOST:PORT[,HOST:PORT...]"),
            ("a:1,?group=g", "names no broker in place 2; write HOST:PORT[,HOST:PORT...] without an empty one"),
            (
                "me:hunter2@a:1?group=g",
                "has a broker in place 1 that is no HOST:PORT; user and password are keys behind '?'"
            ),
            ("a:1?grup=g", "unknown key 'grup'; did you mean group?"),
            ("a:1?Group=g", "unknown key 'Group'; did you mean group?"),
            ("a:1?consumers=4", "unknown key 'consumers'"),
            ("a:1?=g", "has a value without a key; write key=value"),
            ("a:1?group=", "group: has no value; give one or leave the key out"),
            ("a:1?group", "group: has no value; give one or leave the key out"),
            ("a:1?group=g&group=g", "group: is given twice; keep one of them"),
            ("a:1?group=a;b", "group: has a ';', which Go's parser refuses; it is written %3B"),
            (
                "a:1?group=100%",
                "group: has a '%' that two hexadecimal digits do not follow, or bytes that are not UTF-8; '%' itself is written %25"
            ),
            (
                "a:1?group=%ff",
                "group: has a '%' that two hexadecimal digits do not follow, or bytes that are not UTF-8; '%' itself is written %25"
            ),
            ("a:1?%zz=g", "has a key with a '%' that two hexadecimal digits do not follow; '%' itself is written %25"),
        ])
    func problems(address: String, problem: String) {
        #expect(AddressText(address).problems == [problem])
    }

    @Test("all problems are told at once")
    func allAtOnce() {
        #expect(AddressText(",?grup=g&batch=&user=u&user=v").problems.count == 4)
    }

    @Test("what may be a part of a password is never told", arguments: ["password", "Password", "pasword"])
    func secrets(key: String) {
        let text = AddressText("h%nter2:x?\(key)=ab&hunter2&hunter2=1&group=g")
        #expect(text.problems.count >= 2)
        #expect(!text.problems.joined().contains("nter2"), "\(text.problems)")
        #expect(text["group"] == "g")
        #expect(AddressText("hunter2@a?password=hunter2%").problems.joined().contains("hunter2") == false)
    }

    @Test("no bytes make it crash, and what it accepts is accepted again", arguments: 0..<4)
    func garbage(round: UInt64) {
        var generator = SplitMix(state: 0x5EED + round)
        let alphabet = Array("a:1,?&=%+; @\u{0}ü2fgroup")
        for _ in 0..<2_000 {
            let length = Int.random(in: 0...30, using: &generator)
            let text = String((0..<length).map { _ in alphabet.randomElement(using: &generator) ?? "a" })
            let address = AddressText("a:1?group=" + text)
            for parameter in address.parameters { #expect(!parameter.value.isEmpty, "seed \(round): \(text)") }
            _ = AddressText(text)
        }
    }
}

/// A small generator with a seed.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
