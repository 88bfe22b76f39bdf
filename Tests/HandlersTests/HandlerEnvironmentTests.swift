import Handlers
import Testing

@Suite struct HandlerEnvironmentTests {
    @Test("Everything that begins with ACKPIPE_ is removed, and nothing else")
    func scrub() {
        let scrubbed = HandlerEnvironment.scrubbed(
            ["HOME=/root", "ACKPIPE_SECRET=x", "ACKPIPE_=y", "ACKPIPE=z", "MY_ACKPIPE_A=1", "EMPTY="], setting: [:])
        #expect(scrubbed == ["HOME=/root", "ACKPIPE=z", "MY_ACKPIPE_A=1", "EMPTY="])
    }

    @Test("What is set replaces what was inherited, and comes in the order of the names")
    func setting() {
        let scrubbed = HandlerEnvironment.scrubbed(
            ["A=old", "B=kept", "A=older"], setting: ["Z": "1", "A": "new", "ACKPIPE_FRAMING": "lines"])
        #expect(scrubbed == ["B=kept", "A=new", "ACKPIPE_FRAMING=lines", "Z=1"])
    }

    @Test("An entry without an equals sign is dropped")
    func malformed() {
        #expect(
            HandlerEnvironment.scrubbed(["KAFKA_PASSWORD=s", "A=1"], hiding: ["KAFKA_PASSWORD"], setting: [:]) == [
                "A=1"
            ])
        #expect(HandlerEnvironment.scrubbed(["ACKPIPE_ODD", "ODD", "A=1"], setting: [:]) == ["A=1"])
    }

    @Test("The first of several values counts, and a name is not taken for the beginning of another")
    func value() {
        let environment = ["PATHS=/x", "PATH=/a:/b=c", "PATH=/d"]
        #expect(HandlerEnvironment.value(of: "PATH", in: environment) == "/a:/b=c")
        #expect(HandlerEnvironment.value(of: "PAT", in: environment) == nil)
    }
}
