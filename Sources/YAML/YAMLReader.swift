package import Configuration

/// Reads the subset of YAML 1.1 that a configuration needs: one document of maps, lists and scalars. Anchors, aliases, tags,
/// merge keys, repeated keys and further documents are refused, each with its place: none of them is needed, and each can make a
/// file mean something else than it seems to. May be called on any thread.
package enum YAMLReader {
    /// The largest input, in bytes.
    package static let maximumBytes = 1 << 20
    /// How deep maps and lists may be nested.
    package static let maximumDepth = 32

    /// The tree of `bytes` (UTF-8, with or without a byte-order mark, or UTF-16 with one). Input without a document is a null
    /// scalar. The result owns its text.
    package static func parse(_ bytes: [UInt8]) -> Result<Node, FileProblem> {
        guard bytes.count <= maximumBytes else {
            return .failure(FileProblem("is larger than \(maximumBytes) bytes; a configuration file is smaller"))
        }
        guard let source = EventSource(over: bytes) else {
            return .failure(FileProblem("there is no memory to read it"))
        }
        var composer = TreeComposer(source)
        do throws(FileProblem) {
            return .success(try composer.document())
        } catch {
            return .failure(error)
        }
    }

    /// The tree of the file at `path`. Blocks while the file is read.
    package static func read(path: String) -> Result<Node, FileProblem> {
        FileContents.read(path: path, atMost: maximumBytes).flatMap(parse)
    }
}
