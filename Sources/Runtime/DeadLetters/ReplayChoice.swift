import Configuration
import Kafka

/// Which letters a replay puts back, and where. Pure.
struct ReplayChoice {
    /// What becomes of one letter.
    enum Verdict: Equatable {
        case putBack(topic: String, partition: Int32?)
        case leave(ReplaySummary.Left)
    }

    let settings: DeadLetterReplaySettings

    /// What becomes of a letter that no earlier run has put back.
    func verdict(on letter: DeadLetterRecord) -> Verdict {
        guard isChosen(letter) else { return .leave(.filtered) }
        if letter.isDamaged { return .leave(.damaged) }
        if let most = settings.maxReplays, letter.replays >= most { return .leave(.tooOften) }
        if let topic = settings.toTopic { return .putBack(topic: topic, partition: nil) }
        // A letter that names the dead-letter topic would come round again and again.
        guard let topic = letter.originalTopic, !topic.isEmpty, topic != settings.fromTopic else {
            return .leave(.withoutOrigin)
        }
        return .putBack(topic: topic, partition: letter.originalPartition)
    }

    private func isChosen(_ letter: DeadLetterRecord) -> Bool {
        if !settings.topics.isEmpty {
            guard let topic = letter.originalTopic, settings.topics.contains(topic) else { return false }
        }
        if let since = settings.since {
            guard let time = letter.time, time >= since else { return false }
        }
        if let until = settings.until {
            guard let time = letter.time, time < until else { return false }
        }
        guard let text = settings.error else { return true }
        return ([letter.error] + letter.causes).contains { ReplayChoice.contains($0, text) }
    }

    /// Byte by byte, as it is written: no case folding, no normal forms.
    private static func contains(_ text: String, _ part: String) -> Bool {
        let (bytes, wanted) = (Array(text.utf8), Array(part.utf8))
        guard bytes.count >= wanted.count else { return false }
        return (0...bytes.count - wanted.count).contains { bytes[$0...].starts(with: wanted) }
    }
}
