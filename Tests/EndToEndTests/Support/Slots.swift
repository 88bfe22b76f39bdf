/// Lets a few end-to-end tests run at a time: each starts processes, and a machine of two cores that runs sixty of them
/// at once measures nothing but its scheduler.
actor Slots {
    static let shared = Slots(6)

    private var free: Int
    private var waiting: [(weight: Int, resume: CheckedContinuation<Void, Never>)] = []

    init(_ count: Int) { free = count }

    /// Runs `body` when `weight` slots are free.
    nonisolated func run<T>(weight: Int = 1, _ body: () async throws -> T) async throws -> T {
        await take(weight)
        do {
            let result = try await body()
            await giveBack(weight)
            return result
        } catch {
            await giveBack(weight)
            throw error
        }
    }

    private func take(_ weight: Int) async {
        if waiting.isEmpty, free >= weight {
            free -= weight
            return
        }
        await withCheckedContinuation { waiting.append((weight, $0)) }
    }

    private func giveBack(_ weight: Int) {
        free += weight
        while let first = waiting.first, free >= first.weight {
            waiting.removeFirst()
            free -= first.weight
            first.resume.resume()
        }
    }
}
