/// A variable of a class that belongs to one thread: that no two accesses to it overlap is checked in debug builds, which
/// the tests run, and not in release builds.
///
/// Swift checks each access to a variable of a class at run time, twice some 40 instructions, and for a record that comes
/// alone the checks were a quarter of what the service does. Whoever holds such a variable must be sure that nothing that is
/// called during an access comes back to it; where it does, a debug build ends with Swift's message about overlapping accesses.
@propertyWrapper @safe
final class CheckedInDebug<Value: ~Copyable> {
    #if DEBUG
        var wrappedValue: Value

        init(wrappedValue: consuming Value) { self.wrappedValue = wrappedValue }
    #else
        private let memory: UnsafeMutablePointer<Value>

        init(wrappedValue: consuming Value) {
            unsafe memory = .allocate(capacity: 1)
            unsafe memory.initialize(to: wrappedValue)
        }

        deinit {
            unsafe memory.deinitialize(count: 1)
            unsafe memory.deallocate()
        }

        var wrappedValue: Value {
            @inline(__always) _read { yield unsafe memory.pointee }
            @inline(__always) _modify { yield unsafe &memory.pointee }
        }
    #endif
}
