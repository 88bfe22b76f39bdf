import Glibc

/// What a subscription to a pattern takes in, found as librdkafka finds it: a POSIX extended regular expression (regcomp(3)).
package enum TopicPattern {
    /// False also for what is no regular expression: librdkafka says so when it is given the pattern.
    package static func matches(_ pattern: String, _ topic: String) -> Bool {
        var compiled = unsafe regex_t()
        guard unsafe regcomp(&compiled, pattern, REG_EXTENDED | REG_NOSUB) == 0 else { return false }
        defer { unsafe regfree(&compiled) }
        return unsafe regexec(&compiled, topic, 0, nil, 0) == 0
    }
}
