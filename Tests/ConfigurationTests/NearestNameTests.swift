import Testing

@testable import Configuration

@Suite struct NearestNameTests {
    @Test(
        "the distance counts insertions, deletions, substitutions and swaps",
        arguments: [
            ("", "", 0), ("a", "", 1), ("", "ab", 2), ("group", "gruop", 1), ("topic", "topics", 1),
            ("kitten", "sitting", 3),
        ])
    func distance(first: String, second: String, expected: Int) {
        #expect(NearestName.editDistance(first, second) == expected)
        #expect(NearestName.editDistance(second, first) == expected)
    }

    @Test("what is too far away is no meaning")
    func tooFar() {
        #expect(NearestName.find("zzzzzz", among: ["group", "topic"]) == nil)
        #expect(NearestName.find("xy", among: ["ab"]) == nil)
        #expect(NearestName.find(String(repeating: "group", count: 100_000), among: ["group"]) == nil)
        #expect(NearestName.find("grup", among: ["topic", "group"]) == "group")
    }
}
