/// A word from outside as a message may show it.
enum QuotedWord {
    /// The word in quotes, or `instead` where it may hold a secret: the address of a tRPC-Go service has its password in it,
    /// and is easily written where something else is expected.
    static func show(_ word: String, or instead: String = "a word") -> String {
        word.contains { "?&=@".contains($0) } ? instead : "'\(word)'"
    }
}
