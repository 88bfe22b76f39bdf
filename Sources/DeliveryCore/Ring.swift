/// A first-in first-out queue over one reused block, whose elements are also reached by their distance from the head.
///
/// Every operation is O(1) (append is amortised); the block grows by doubling and is kept, so that a queue in its steady
/// state allocates nothing.
struct Ring<Element> {
    private var slots: [Element?]
    private var head = 0
    private(set) var count = 0

    init() { slots = [] }

    var isEmpty: Bool { count == 0 }

    var first: Element? { isEmpty ? nil : slots[head] }

    /// The element `distance` places behind the head, or nil where the ring is shorter.
    subscript(distance: Int) -> Element? {
        get { distance >= 0 && distance < count ? slots[place(distance)] : nil }
        set {
            guard distance >= 0, distance < count, let newValue else { return }
            slots[place(distance)] = newValue
        }
    }

    mutating func append(_ element: Element) {
        if count == slots.count { grow() }
        slots[place(count)] = element
        count += 1
    }

    @discardableResult
    mutating func popFirst() -> Element? {
        guard count > 0 else { return nil }
        let element = slots[head]
        slots[head] = nil
        head = (head + 1) & (slots.count - 1)
        count -= 1
        return element
    }

    /// Changes the element at `distance` in place; does nothing where the ring is shorter.
    mutating func update(_ distance: Int, _ change: (inout Element) -> Void) {
        guard distance >= 0, distance < count else { return }
        let index = place(distance)
        guard var element = slots[index] else { return }
        change(&element)
        slots[index] = element
    }

    private func place(_ distance: Int) -> Int { (head + distance) & (slots.count - 1) }

    private mutating func grow() {
        var larger: [Element?] = []
        larger.reserveCapacity(max(8, slots.count * 2))
        for distance in 0..<count { larger.append(slots[place(distance)]) }
        while larger.count < max(8, slots.count * 2) { larger.append(nil) }
        slots = larger
        head = 0
    }
}
