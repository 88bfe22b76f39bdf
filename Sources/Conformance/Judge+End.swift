import HandlerProtocol

/// The end of a session.
extension Judge {
    /// The process ended. `wasAsked`: end of file or the check's own signal came before.
    package mutating func exited(_ exit: HandlerExit) {
        self.exit = exit
        endedUnasked = !inputIsClosed
        note(.note(isBroken && exit == .killed ? "the check ended the handler" : "the handler \(exit.description)"))
    }

    /// A program that the handler started, named by its command line, holds a protocol descriptor.
    package mutating func sawProgram(_ name: String, holdsProtocol: Bool) {
        exercise("L9")
        guard holdsProtocol else { return }
        note(.note("\(name) holds a pipe of the protocol"))
        find(
            "L9", "the program '\(name)', which the handler started, holds a protocol descriptor",
            expected:
                "private copies of the protocol's descriptors that are close-on-exec (FD_CLOEXEC), and nothing of the "
                + "protocol on descriptors 0 and 1")
    }

    /// The process ended, and somebody still holds the pipe that it wrote to.
    package mutating func outputOutlived() {
        exercise("L9")
        find(
            "L9", "the handler ended, and a program that it left behind still holds its protocol output",
            expected:
                "private copies of the protocol's descriptors that are close-on-exec (FD_CLOEXEC), and nothing of the "
                + "protocol on descriptors 0 and 1")
    }

    /// Judges the session as a whole. Once, when the process has ended and all that it wrote was read.
    package mutating func conclude() {
        guard !isConcluded else { return }
        isConcluded = true
        guard !isBroken, !sawInitError else { return }
        judgeEnd()
        judgePatience()
        guard gaveUp == nil, !endedUnasked || (wroteShutdown && outstanding.isEmpty) else { return }
        judgePings()
        judgeComparisons()
        if !findings.contains(where: { session.rules.contains($0.rule) }) { exercisedToTheEnd() }
    }

    /// A session that came to its end has put its own rules to the test.
    private mutating func exercisedToTheEnd() {
        let own = session.rules.filter { rule in
            switch rule {
            case "V10", "L4", "L8", "B1", "B2", "B5": false  // where there was something to judge
            case "F2": framing == .length
            case "F9", "F10": framing == .lines
            default: true
            }
        }
        exercised.formUnion(own)
        if session.isPlain { exercise("J7", "J9", "V1", "L1") }
    }

    // MARK: How it ended

    private mutating func judgeEnd() {
        if ready == nil, gaveUp == nil, endedUnasked {
            if exit == .exited(125) {
                obstacle = "the handler exited with 125 before \"ready\": it says that a restart cannot help"
            } else {
                find(
                    "H6", "the handler \(exit?.description ?? "ended") before it wrote \"ready\"",
                    expected: "\"ready\" as the answer to \"hello\"; init_error if it cannot start now")
            }
            return
        }
        if endedUnasked, gaveUp == nil {
            if wroteShutdown, outstanding.isEmpty { return judgeExitCode() }
            let left = outstanding.count
            let rule = wroteShutdown ? "L2" : session.rules[0]
            find(
                rule,
                "the handler \(exit?.description ?? "ended") by itself"
                    + (left > 0 ? ", \(left) \(left == 1 ? "delivery" : "deliveries") unanswered" : "")
                    + (session.isPlain ? "" : "; the session: \(session.title)"),
                expected: wroteShutdown
                    ? "verdicts for what was delivered before \"shutdown\", or to stay until end of file"
                    : "a handler that stays until end of file: a record that it cannot handle is a nack, not a crash")
            return
        }
        guard gaveUp == nil else { return }
        judgeExitCode()
    }

    private mutating func judgeExitCode() {
        exercise("L1")
        // Something was wrong: whether it says so by its code is its own affair.
        if issued.contains(where: { $0.value.isPartial }), exit != .killed { return }
        guard exit != .exited(0) else { return }
        find(
            "L1", "at end of file the handler \(exit?.description ?? "did not end")",
            expected: "to exit with 0 at end of file of its input, without waiting for anything else")
    }

    /// What was waited for in vain, and what came when the input was closed.
    private mutating func judgePatience() {
        if answersAfterPressing > 0, gaveUp == nil || !outstanding.isEmpty {
            find(
                "V11", "a delivery was answered only when the next one had arrived",
                expected:
                    "a verdict for each delivery as soon as it is handled; batches are the bridge's affair (--mode batch)"
            )
            return
        }
        guard let missing = missingWhenGivenUp else { return }
        if gaveUp == .slow {
            obstacle =
                "\(missing.verdicts.count) deliveries were unanswered when the session's time was over, and the handler was still at it: "
                + "give it more with --time-limit"
            return
        }
        let came =
            (missing.ready && ready != nil) || missing.verdicts.contains { issued[$0]?.answeredAt != nil }
            || missing.pongs.contains { pings[$0]?.answeredAt != nil }
        if came, !session.isPlain {
            // What is never flushed shows itself in the plain session.
            obstacle = "answers came only when the session's time was over: give it more with --time-limit"
        } else if came {
            find(
                "F6", "frames came only when the input had ended: they had been in a buffer",
                expected: "a flush after every frame, before the handler waits for anything")
        } else if missing.ready {
            find(
                "H6", "no \"ready\" within the session's time",
                expected: "\"ready\" as the answer to \"hello\", within ready_timeout_ms")
        } else if !missing.verdicts.isEmpty {
            reportUnanswered(missing.verdicts)
        } else if !missing.pongs.isEmpty {
            reportMissingPongs()
        } else if session.isPlain || !inputWasClosedBySession {
            find("L1", "the handler did not end", expected: "to exit with 0 at end of file of its input")
        }
    }

    private var inputWasClosedBySession: Bool { gaveUp == nil && inputIsClosed }

    private mutating func reportUnanswered(_ ids: Set<UInt64>) {
        let list = ids.sorted().prefix(5).map(String.init).joined(separator: ", ") + (ids.count > 5 ? ", .." : "")
        let onlyCancelled = ids.allSatisfy { issued[$0]?.isCancelled == true }
        let rule = onlyCancelled ? "V10" : session.rules[0] == "V10" ? "V1" : session.rules[0]
        find(
            rule,
            "no verdict for \(ids.count) of \(issued.count) deliveries (\(list))"
                + (session.isPlain ? "" : "; the session: \(session.title)"),
            expected: "one verdict for each id, "
                + (onlyCancelled ? "a cancelled one too" : "also for a record that fails: a nack"))
    }

    // MARK: Pings

    private mutating func judgePings() {
        guard !pings.isEmpty else { return }
        if pings.contains(where: { $0.value.answeredAt == nil }) { return reportMissingPongs() }
        exercise("L4")
        for ping in pings.values {
            guard let answered = ping.answeredAt, ping.outstandingBefore > 0 else { continue }
            let seconds = Double(answered - ping.sentAt) / 1e9
            if ping.outstandingAfter > 0 {
                exercise("L8")
            } else if seconds > 1 {
                find(
                    "L8",
                    "a pong came only when all \(ping.outstandingBefore) deliveries before it had been worked off",
                    expected:
                        "a reader that goes on while deliveries are worked on, and answers pings itself; a handler that reads "
                        + "and works in one thread chooses neither \"ping\" nor \"cancel\"")
            }
        }
    }

    private mutating func reportMissingPongs() {
        find(
            "L4", "a ping has no pong with its nonce",
            expected:
                "for each ping one pong with the same \"nonce\", also while deliveries are worked on; or not to choose \"ping\""
        )
    }

    // MARK: Comparisons

    private mutating func judgeComparisons() {
        let plain = issued.values.filter { $0.comparison == .plain }
        guard !plain.isEmpty, plain.allSatisfy(\.isAcknowledged) else { return }
        for (id, issue) in issued.sorted(by: { $0.key < $1.key }) {
            guard case .strange(let rule, let what)? = issue.comparison else { continue }
            exercise(rule)
            guard issue.answeredAt != nil, !issue.isAcknowledged else { continue }
            find(
                rule,
                "delivery \(id) failed \(what); the same records in plain form, before and after it, were acknowledged",
                expected: "the same verdict: it says the same")
        }
    }
}
