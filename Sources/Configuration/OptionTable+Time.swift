extension OptionTable {
    private static let day = Duration.seconds(86_400)

    static let times: [Option] = [
        Option(
            .ackTimeout, "DURATION", .duration(.milliseconds(1)...day), default: "5m", .time,
            "how long a handler may work on a delivery",
            details: """
                The clock runs for deliveries that the handler works on, not for those that wait in its pipe. A handler that \
                takes longer is told to cancel, or is replaced; `extend` gives it more time.
                """),
        Option(
            .startTimeout, "DURATION", .duration(.milliseconds(1)...day), default: "30s", .time,
            "how long a handler may take to say ready"),
        Option(
            .drainTimeout, "DURATION", .duration(.zero...day), default: "20s", .time,
            "how long shutdown may take, all of it",
            details: """
                One deadline for everything after the first SIGTERM or SIGINT. Where it runs out, what is not settled is \
                delivered again after a restart, and the exit code is 75. Keep it below the grace period of what sends the \
                signal (30 s in Kubernetes).
                """),
        Option(
            .revokeTimeout, "DURATION", .duration(.zero...day), default: "10s", .time,
            "how long a revoked partition waits for verdicts",
            details: "At most half of `max.poll.interval.ms` (300000 unless set with -X)."),
        Option(
            .cancelGrace, "DURATION", .duration(.zero...day), default: "5s", .time,
            "how long a handler may take to stop after cancel, and after SIGTERM"),
        Option(
            .frameTimeout, "DURATION", .duration(.milliseconds(1)...day), default: "10s", .time,
            commands: [.run, .check],
            "how long a handler may take to finish a frame that it began"),
        Option(
            .commitInterval, "DURATION", .duration(.milliseconds(10)...day), default: "1s", .time,
            "how often offsets are committed"),
        Option(
            .stallTimeout, "DURATION", .duration(.zero...day), default: "2m", .time,
            "name a partition that has records and settles none for so long; 0 is never",
            details: "The log names the partition as an error, and says when it goes on."),
        Option(
            .connectTimeout, "DURATION", .duration(.zero...day), default: "0", .time,
            "give up when no broker is reached in this time; 0 waits for ever",
            details: "Exit code 69. While it waits, the log says so."),
    ]
}
