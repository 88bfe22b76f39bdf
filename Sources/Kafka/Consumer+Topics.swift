extension Consumer {
    /// How many partitions the topic has. Waits for a round trip, up to `milliseconds`: for a command that has nothing
    /// else to do, not for a service's thread.
    ///
    /// Throws where the topic does not exist, may not be seen, or no broker answers in time; the message names it.
    package func partitionCount(of topic: String, within milliseconds: Int32) throws(KafkaError) -> Int32 {
        let check = try unsafe TopicCheck(client: client())
        return try check.describe(topic, milliseconds)?.partitionCount ?? 0
    }
}
