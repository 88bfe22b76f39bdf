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

    /// Lets go of the first element, where there is one.
    mutating func dropFirst() {
        guard count > 0 else { return }
        slots[head] = nil
        head = (head + 1) & (slots.count - 1)
        count -= 1
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

    /// Lets go of all elements; the block is kept.
    mutating func removeAll() {
        while count > 0 { dropFirst() }
    }

    /// Takes out the first element that fulfils the condition; the others keep their order. O(1) where it is the head.
    mutating func removeFirst(where condition: (Element) -> Bool) {
        var distance = 0
        while let element = self[distance], !condition(element) { distance += 1 }
        guard distance < count else { return }
        // What stands before it moves up by one place.
        while distance > 0 {
            slots[place(distance)] = slots[place(distance - 1)]
            distance -= 1
        }
        dropFirst()
    }

    /// Changes the element at `distance` in place; does nothing where the ring is shorter.
    @inline(__always)
    mutating func update(_ distance: Int, _ change: (inout Element) -> Void) {
        guard distance >= 0, distance < count else { return }
        let index = place(distance)
        if slots[index] == nil { return }
        // Proof: it was looked at in the line above. In place, for an element copied out and in costs more than its change.
        // swift-format-ignore: NeverForceUnwrap
        change(&slots[index]!)
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
