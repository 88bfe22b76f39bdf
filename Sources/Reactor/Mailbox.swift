import Synchronization

/// Messages from any thread to the one that owns the mailbox, in the order in which they were sent.
///
/// Unbounded: senders send what the receiver asked for, or a few control messages.
package final class Mailbox<Message: Sendable>: Sendable {
    private let waiting = Mutex<[Message]>([])
    private let wake: WakeUp

    /// A mailbox whose owner waits for `wake`; several mailboxes may share one.
    package init(wake: WakeUp) { self.wake = wake }

    /// Adds a message, and wakes the owner. Any thread; never waits for the owner.
    package func send(_ message: Message) {
        let wasEmpty = waiting.withLock { messages in
            messages.append(message)
            return messages.count == 1
        }
        // While messages wait, their owner has been woken and has not looked yet.
        if wasEmpty { wake.signal() }
    }

    /// Takes every message, oldest first. The owner's thread, after `WakeUp.drain`.
    package func takeAll() -> [Message] {
        waiting.withLock { messages in
            let taken = messages
            messages = []
            return taken
        }
    }
}
