import Testing

@testable import Configuration

@Suite struct FileLayerReaderTests {
    private func complaints(_ tree: Node) -> [String] {
        ConfigurationFile.read(tree, path: "a.yaml").complaints.map(\.description)
    }

    @Test("a command must be a list, and the reason is told")
    func commandText() {
        let found = complaints(Tree.map(("command", Tree.scalar("python3 handler.py"))))
        #expect(found.count == 1)
        #expect(found.first?.contains("no shell is used") == true, "\(found)")
    }

    @Test("a command needs a program")
    func commandEmpty() {
        #expect(complaints(Tree.map(("command", Tree.list()))) == ["a.yaml:1:3: command: names no program"])
        #expect(
            complaints(Tree.map(("command", Tree.list("a", "b\0")))) == ["a.yaml:1:3: command: holds a NUL character"])
    }

    @Test("values of the wrong shape are named with their key")
    func shapes() {
        let tree = Tree.map(
            ("workers", Tree.list("1")), ("group", Tree.map(("a", Tree.scalar("b")))), ("mode", Tree.scalar("~")),
            ("topic", Tree.map(("a", Tree.scalar("b")))), ("properties", Tree.list("a=b")))
        #expect(
            complaints(tree) == [
                "a.yaml:1:3: workers: takes one value, not a list",
                "a.yaml:1:1: group: takes one value, not a map",
                "a.yaml:1:3: mode: has no value; give one or remove the key",
                "a.yaml:1:1: topic: takes a list, not a map",
                "a.yaml:1:3: properties: must be a map, as in 'client.id: billing'",
            ])
    }

    @Test("a quoted null is a text")
    func quotedNull() {
        let layer = ConfigurationFile.read(Tree.map(("group", Tree.scalar("null", quoted: true))), path: "a.yaml")
            .shared
        #expect(layer.values[.group]?.first?.value == .text("null"))
    }

    @Test("two spellings of one key are a repeat")
    func spellings() {
        #expect(
            complaints(Tree.map(("batch-size", Tree.scalar("1")), ("batch_size", Tree.scalar("1"))))
                == ["a.yaml:2:1: 'batch_size' says again what another key of this file has said; keep one of them"])
    }

    @Test("a file of comments says nothing, and a list is no file")
    func topLevel() {
        #expect(complaints(Tree.scalar("")) == [])
        #expect(
            complaints(Tree.list("a"))
                == ["a.yaml:1:3: the file must be a map of keys and values, as in 'group: billing'"])
    }

    @Test("a file cannot name another one")
    func config() {
        #expect(
            complaints(Tree.map(("config", Tree.scalar("b"))))
                == ["a.yaml:1:1: a file cannot name another one; use --config or ACKPIPE_CONFIG"])
    }

    @Test("a value of a property is never quoted")
    func propertySecret() {
        let tree = Tree.map(
            ("properties", Tree.map(("sasl.password", Tree.list("hunter2")), ("a b", Tree.scalar("hunter2")))))
        let found = complaints(tree)
        #expect(found.count == 2)
        #expect(!found.joined().contains("hunter2"), "\(found)")
    }
}
