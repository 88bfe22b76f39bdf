/// A partition in `assigned` or `revoked`.
package struct AnnouncedPartition: Sendable {
    package var topic: QuotedTopic
    package var partition: Int32
    /// The next offset to be delivered; not written in `revoked`.
    package var offset: Int64?

    /// The partition of the topic, with the next offset to be delivered if it is known.
    package init(topic: QuotedTopic, partition: Int32, offset: Int64?) {
        self.topic = topic
        self.partition = partition
        self.offset = offset
    }
}

extension FrameEncoder {
    /// Writes `assigned`: these partitions have come, all with one assignment epoch. More than fit one frame come in
    /// several.
    package mutating func assigned(
        epoch: UInt32, _ partitions: [AnnouncedPartition], into buffer: inout OutboundBuffer
    ) {
        for part in parts(of: partitions) {
            openFrame(into: &buffer)
            buffer.append("{\"type\":\"assigned\"")
            write(epoch, part, withOffsets: true, into: &buffer)
            closeControlFrame(into: &buffer)
        }
    }

    /// Writes `revoked`: these partitions go; verdicts count for `deadlineMilliseconds` more, from receipt, none where they
    /// are `lost`.
    package mutating func revoked(
        epoch: UInt32, _ partitions: [AnnouncedPartition], lost: Bool, deadlineMilliseconds: Int64,
        into buffer: inout OutboundBuffer
    ) {
        for part in parts(of: partitions) {
            openFrame(into: &buffer)
            buffer.append("{\"type\":\"revoked\"")
            write(epoch, part, withOffsets: false, into: &buffer)
            buffer.append(lost ? ",\"lost\":true" : ",\"lost\":false")
            buffer.append(",\"deadline_ms\":")
            buffer.appendInteger(deadlineMilliseconds)
            closeControlFrame(into: &buffer)
        }
    }

    /// The partitions in runs that fit a frame each, even the smallest that is allowed.
    private func parts(of partitions: [AnnouncedPartition]) -> [ArraySlice<AnnouncedPartition>] {
        // What stands around the list, and around a topic within it, with the longest numbers.
        let (frame, entry) = (160, 64)
        var parts: [ArraySlice<AnnouncedPartition>] = []
        var start = 0
        var bytes = frame
        for (place, partition) in partitions.enumerated() {
            let size = partition.topic.json.count + entry
            if place > start, bytes + size > maxFrameBytes {
                parts.append(partitions[start..<place])
                start = place
                bytes = frame
            }
            bytes += size
        }
        if start < partitions.count { parts.append(partitions[start...]) }
        return parts
    }

    private func write(
        _ epoch: UInt32, _ partitions: ArraySlice<AnnouncedPartition>, withOffsets: Bool,
        into buffer: inout OutboundBuffer
    ) {
        buffer.append(",\"epoch\":")
        buffer.appendInteger(Int64(epoch))
        buffer.append(",\"partitions\":[")
        var isFirst = true
        for partition in partitions {
            buffer.append(isFirst ? "{\"topic\":" : ",{\"topic\":")
            isFirst = false
            buffer.append(partition.topic.json.span)
            buffer.append(",\"partition\":")
            buffer.appendInteger(Int64(partition.partition))
            if withOffsets {
                buffer.append(",\"offset\":")
                if let offset = partition.offset { buffer.appendInteger(offset) } else { buffer.append("null") }
            }
            buffer.append(UInt8(ascii: "}"))
        }
        buffer.append(UInt8(ascii: "]"))
    }
}
