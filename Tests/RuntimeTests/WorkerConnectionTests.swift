import DeliveryCore
import Testing

@testable import Runtime

@Suite struct WriteMarksTests {
    @Test func aDeliveryIsWrittenWhenItsLastByteIs() {
        var marks = WriteMarks()
        marks.add(id: 1, end: 100)
        marks.add(id: 2, end: 250)
        marks.advance(to: 99)
        #expect(marks.writtenThrough == 0)
        marks.advance(to: 100)
        #expect(marks.writtenThrough == 1)
        marks.advance(to: 249)
        #expect(marks.writtenThrough == 1)
        marks.advance(to: 900)
        #expect(marks.writtenThrough == 2)
    }

    @Test func aBufferThatNeverEmptiesKeepsOnlyTheMarksThatAreAhead() {
        var marks = WriteMarks()
        marks.add(id: 1, end: 10)
        for id in UInt64(2)...100_000 {
            marks.add(id: id, end: id * 10)
            marks.advance(to: (id - 1) * 10)
        }
        #expect(marks.writtenThrough == 99_999)
        #expect(marks.count <= 2_100, "\(marks.count) marks for one unwritten delivery")
    }

    @Test func marksThatFollowAnEmptyBufferCountOn() {
        var marks = WriteMarks()
        marks.add(id: 1, end: 10)
        marks.advance(to: 10)
        marks.add(id: 2, end: 30)
        marks.advance(to: 20)
        #expect(marks.writtenThrough == 1)
        marks.advance(to: 30)
        #expect(marks.writtenThrough == 2)
    }
}

@Suite struct WorkerTokenTests {
    @Test(arguments: [0, 1, 63, 999], [UInt32(0), 1, .max])
    func aTokenNamesWorkerLifeAndChannel(_ worker: Int, _ life: UInt32) throws {
        let token = WorkerToken(WorkerIndex(worker), life: life, .log, log: 1)
        let read = try #require(WorkerToken(token: token.token))
        #expect(read == token)
        #expect(read.channel == WorkerToken.Channel.log.rawValue + 1)
    }

    @Test func aTokenOfTheServiceItselfIsNoWorkers() {
        #expect(WorkerToken(token: 1) == nil)
    }

    @Test func theSamePlaceHasAnotherTokenInItsNextLife() {
        let first = WorkerToken(WorkerIndex(3), life: 1, .output)
        let second = WorkerToken(WorkerIndex(3), life: 2, .output)
        #expect(first.token != second.token)
    }
}
