/// The text that travels with a committed offset and says which offsets above it are settled already, so that they are
/// not delivered again after a restart or a rebalance.
///
/// Kafka keeps a string beside each committed offset (`CommittedMetadata` of OffsetCommit), up to the broker's
/// `offset.metadata.max.bytes`, 4,096 by default. Ours is `ackpipe1:` and, in base64url without padding (RFC 4648,
/// section 5):
///
///     identity       8 bytes, big-endian
///     base           8 bytes, big-endian: the committed offset, which is not settled
///     runs           for each: its distance from what is before it, and its length, as variable-length integers (LEB128)
///     checksum       4 bytes, big-endian: CRC-32C of all that precedes
///
/// The first run's distance is counted from `base` + 1, a later one's from the last settled offset + 2, since touching
/// runs are one; a length is counted from 0, for a single offset. So each set of runs has one text, and any other is
/// refused. Whoever writes something else into the metadata loses nothing: it means "nothing above is settled".
package enum CommitMetadata {
    /// The most bytes that a text has: room is left below the broker's 4,096.
    package static let limit = 3_500

    static let name = Array("ackpipe".utf8)
    static let prefix = name + Array("1:".utf8)
    /// Identity and base.
    private static let headCount = 16
    private static let checksumCount = 4
    /// Sums of two more than an offset do not overflow.
    private static let highestOffset = Int64.max - 2

    /// Text (printable ASCII) for the commit of `base`, at most `limit` bytes; nil where no offset above `base` is
    /// settled, or not even one run fits. Where not all runs fit, the lowest are kept. Offsets up to `base` are left out.
    package static func encode(
        _ runs: SettledRuns, base: Int64, identity: UInt64, limit: Int = CommitMetadata.limit
    ) -> [UInt8]? {
        guard (0...highestOffset).contains(base) else { return nil }
        var payload: [UInt8] = []
        append(identity, to: &payload)
        append(UInt64(base), to: &payload)
        // As if a run ended just below the base: the next one begins two above at the earliest, which spares the base.
        var lastSettled = base - 1
        for run in runs.remaining where run.upperBound > base && run.upperBound <= highestOffset {
            let lower = max(run.lowerBound, base + 1)
            let count = payload.count
            appendVariable(UInt64(lower - (lastSettled + 2)), to: &payload)
            appendVariable(UInt64(run.upperBound - lower), to: &payload)
            guard prefix.count + Base64URL.textCount(of: payload.count + checksumCount) <= limit else {
                payload.removeLast(payload.count - count)
                break
            }
            lastSettled = run.upperBound
        }
        if payload.count == headCount { return nil }
        append(CRC32C.checksum(of: payload[...]), to: &payload)
        return prefix + Base64URL.encode(payload)
    }

    /// What a text says that came with the committed offset `base`: the settled offsets above it. None where there is no
    /// text; an error where there is one and it cannot be used, which means "none" too, and is worth a line in the log.
    package static func read(
        _ text: [UInt8], base: Int64, identity: UInt64
    ) throws(CommitMetadataRefusal) -> SettledRuns {
        if text.isEmpty { return SettledRuns() }
        guard text.starts(with: name) else { throw .foreign }
        guard text.starts(with: prefix) else { throw .otherVersion }
        guard let payload = Base64URL.decode(text[prefix.count...]), payload.count > headCount + checksumCount else {
            throw .damaged
        }
        let end = payload.count - checksumCount
        guard number(payload[end...]) == UInt64(CRC32C.checksum(of: payload[..<end])) else { throw .damaged }
        guard number(payload[..<8]) == identity else { throw .otherIdentity }
        guard let written = Int64(exactly: number(payload[8..<headCount])), written <= highestOffset else {
            throw .damaged
        }
        guard written == base else { throw .otherBase(written) }
        guard let runs = runs(in: payload[headCount..<end], above: base) else { throw .damaged }
        return runs
    }

    /// What `read` answers, and no offset where it throws.
    package static func decode(_ text: [UInt8], base: Int64, identity: UInt64) -> SettledRuns {
        do throws(CommitMetadataRefusal) {
            return try read(text, base: base, identity: identity)
        } catch {
            return SettledRuns()
        }
    }

    /// A hash of what an offset is about: group, topic, isolation level, and whatever else must be the same for the
    /// text to be believed. FNV-1a of 64 bits over each part's UTF-8, preceded by its length (8 bytes, big-endian).
    package static func identity(_ parts: [String]) -> UInt64 {
        var bytes: [UInt8] = []
        for part in parts {
            append(UInt64(part.utf8.count), to: &bytes)
            bytes += part.utf8
        }
        return bytes.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01B3 }
    }

    private static func runs(in bytes: ArraySlice<UInt8>, above base: Int64) -> SettledRuns? {
        var runs = SettledRuns()
        var rest = bytes
        var lastSettled = base - 1
        while !rest.isEmpty {
            // Each sum is checked against what is left below the highest offset, so that none overflows.
            guard let distance = takeVariable(&rest), let length = takeVariable(&rest),
                lastSettled <= highestOffset - 2, distance <= UInt64(highestOffset - 2 - lastSettled)
            else { return nil }
            let lower = lastSettled + 2 + Int64(distance)
            guard length <= UInt64(highestOffset - lower) else { return nil }
            lastSettled = lower + Int64(length)
            runs.append(lower...lastSettled)
        }
        return runs
    }
}

/// Why a text in the commit metadata says nothing about settled offsets. Nothing is lost: what was settled above the
/// committed offset is delivered again.
package enum CommitMetadataRefusal: Error, Equatable, Sendable, CustomStringConvertible {
    /// Somebody else's text.
    case foreign
    /// Written by another version of ackpipe, in another format.
    case otherVersion
    /// Cut, changed, or not of the form that it claims.
    case damaged
    /// Written for another group, topic or isolation level.
    case otherIdentity
    /// Written for another offset, which is given: somebody has moved the group since.
    case otherBase(Int64)

    /// For a log line.
    package var description: String {
        switch self {
        case .foreign: "it is not ackpipe's"
        case .otherVersion: "it is of another version of its format"
        case .damaged: "it is damaged"
        case .otherIdentity: "it was written for another group, topic or isolation level"
        case .otherBase(let base): "it was written for offset \(base), and the group was moved since"
        }
    }
}
