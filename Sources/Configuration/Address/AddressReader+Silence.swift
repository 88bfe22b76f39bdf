extension AddressReader {
    /// Where the address is silent: tRPC-Go's default where it loses no record, else ackpipe's, and what an operator should know
    /// of it.
    mutating func addSilence() {
        if let group = text["group"], text["clientid"] == nil || text["clientid"] == "trpcgo" {
            imply(property: "client.id", group)
        }
        if text["retryInterval"] == nil {
            imply(.retryBackoff, "3000ms..3000ms")
            imply(.retryJitter, "0")
        }
        if text["batchFlush"] == nil, let size = text["batch"].flatMap({ Int($0) }), size > 0 {
            imply(.batchLinger, "2000ms")
        }
        if text["metadataRefreshFrequency"] == nil {
            imply(property: "topic.metadata.refresh.interval.ms", "120000")
        }
        tellDifferences()
        takeSilentProtocol()
    }

    private mutating func tellDifferences() {
        if text["initial"] == nil {
            tell(
                .warning, about: .option(.from),
                "initial is not given: without a committed offset reading begins at the earliest record, where tRPC-Go would "
                    + "skip what is there; initial=newest or --from latest skips it")
        }
        if text["isolationLevel"] == nil {
            tell(
                .information, about: .property("isolation.level"),
                "isolationLevel is not given: records of aborted transactions are not delivered, where tRPC-Go would deliver "
                    + "them; isolationLevel=ReadUncommitted does so")
        }
        if text["strategy"] == nil || text["strategy"] == "sticky" {
            tell(
                .warning, about: .property("partition.assignment.strategy"),
                "strategy sticky is cooperative-sticky here: stop every tRPC-Go member of the group first, or move with "
                    + "strategy=range on both sides")
        }
    }

    /// tRPC-Go signs in without encryption where `protocol` is not exactly `SASL_SSL`, and says nothing.
    private mutating func takeSilentProtocol() {
        guard text["protocol"] == nil, signsIn else { return }
        imply(property: "security.protocol", "sasl_plaintext")
        let password = text["mechanism"]?.uppercased() == "PLAIN" ? "the password and " : ""
        tell(
            .warning, about: .property("security.protocol"),
            "protocol is not given: as in tRPC-Go \(password)every record crosses the network unencrypted; protocol=SASL_SSL "
                + "encrypts, protocol=SASL_PLAINTEXT says that it is meant so")
    }

    /// True where the address asks for SASL.
    var signsIn: Bool {
        text["user"] != nil || text["password"] != nil || text["mechanism"] != nil
            || text["protocol"]?.lowercased().hasPrefix("sasl_") == true
    }
}
