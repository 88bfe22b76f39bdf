import Observability
import Testing

@Suite struct LatencyHistogramTests {
    @Test("Nothing recorded has no percentile")
    func empty() {
        let histogram = LatencyHistogram()
        #expect(histogram.count == 0)
        #expect(histogram.maximum == 0)
        #expect(histogram.nanoseconds(atFraction: 0.5) == nil)
    }

    @Test("What is small is told exactly, and so is the largest of all")
    func exactValues() {
        var histogram = LatencyHistogram()
        for value in [5, 1, 31, 2, 4] as [Int64] { histogram.record(nanoseconds: value) }
        #expect(histogram.nanoseconds(atFraction: 0) == 1)
        #expect(histogram.nanoseconds(atFraction: 0.5) == 4)
        #expect(histogram.nanoseconds(atFraction: 1) == 31)
        histogram.record(nanoseconds: 123_456_789)
        #expect(histogram.nanoseconds(atFraction: 1) == 123_456_789)
        #expect(histogram.maximum == 123_456_789)
    }

    @Test("A percentile is at most 3.2 % above the value that stands there, and never below it")
    func accuracy() {
        var state: UInt64 = 42
        var values: [Int64] = []
        var histogram = LatencyHistogram()
        for _ in 0..<20_000 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            let value = Int64(state >> 33) >> Int64(state & 23)
            values.append(value)
            histogram.record(nanoseconds: value)
        }
        values.sort()
        for fraction in [0.01, 0.5, 0.9, 0.99, 0.999, 1] {
            let exact = values[max(0, Int((fraction * Double(values.count)).rounded(.up)) - 1)]
            let told = histogram.nanoseconds(atFraction: fraction) ?? -1
            #expect(told >= exact && Double(told) <= Double(exact) * 1.032 + 1, "\(fraction): \(told), not \(exact)")
        }
    }

    @Test("The bounds of every power of two, the largest number and one below zero have their bucket")
    func extremes() {
        for exponent in 0..<63 {
            for value in [(Int64(1) << exponent) - 1, Int64(1) << exponent, (Int64(1) << exponent) + 1] {
                var histogram = LatencyHistogram()
                histogram.record(nanoseconds: value)
                #expect(histogram.nanoseconds(atFraction: 0.5) == value)
            }
        }
        var histogram = LatencyHistogram()
        histogram.record(nanoseconds: .max)
        histogram.record(nanoseconds: -5)
        #expect(histogram.nanoseconds(atFraction: 0.5) == 0)
        #expect(histogram.nanoseconds(atFraction: 1) == .max)
    }

    @Test("Two that are merged are as one that saw everything")
    func merging() {
        var (all, left, right) = (LatencyHistogram(), LatencyHistogram(), LatencyHistogram())
        for value in stride(from: Int64(3), to: 5_000_000, by: 7_919) {
            all.record(nanoseconds: value)
            if value % 2 == 0 { left.record(nanoseconds: value) } else { right.record(nanoseconds: value) }
        }
        left.merge(right)
        #expect(left == all)
    }
}
