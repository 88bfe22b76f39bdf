import Testing

@testable import HandlerProtocol

@Suite struct DecimalTests {
    private func text(_ number: Int64) -> String {
        var buffer = OutboundBuffer()
        buffer.appendInteger(number)
        return String(decoding: pending(buffer), as: UTF8.self)
    }

    @Test func numbersAroundEveryPowerOfTenAreWrittenAsSwiftPrintsThem() {
        var power: Int64 = 1
        for _ in 0..<19 {
            for number in [power - 1, power, power + 1, -power, power / 2 * 3] {
                #expect(text(number) == String(number))
            }
            power = power.multipliedReportingOverflow(by: 10).partialValue
        }
    }

    @Test func randomNumbersAreWrittenAsSwiftPrintsThem() {
        let seed = SeededGenerator.seed(for: "decimal")
        var generator = SeededGenerator(state: seed)
        for _ in 0..<20_000 {
            let number =
                Int64.random(in: .min ... .max, using: &generator) >> Int64.random(in: 0...62, using: &generator)
            #expect(text(number) == String(number), "seed \(seed)")
        }
    }
}
