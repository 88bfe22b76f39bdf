/// Finds what a user who made a typing mistake most likely meant.
enum NearestName {
    /// The candidate with the smallest edit distance to `name`, if it is near enough to be a likely meaning: at most a third of
    /// the name's length, and always at least 2. The first of equals wins, so the order of the table decides.
    static func find(_ name: String, among candidates: [String]) -> String? {
        // The distance costs the product of both lengths, and no name is half as long as this.
        guard name.utf8.count <= 64 else { return nil }
        let limit = max(2, name.count / 3)
        var best: (name: String, distance: Int)?
        for candidate in candidates {
            let distance = editDistance(name, candidate)
            // Two edits turn any two-letter word into any other: nothing in common is no likely meaning.
            guard distance <= limit, distance < max(name.count, candidate.count) else { continue }
            if distance < best?.distance ?? Int.max { best = (candidate, distance) }
        }
        return best?.name
    }

    /// `; did you mean X?`, or nothing. The candidates are written with `prefix`, the name is compared without it.
    static func question(_ name: String, among candidates: [String], prefix: String = "") -> String {
        guard let nearest = find(name, among: candidates) else { return "" }
        return "; did you mean \(prefix)\(nearest)?"
    }

    /// Insertions, deletions, substitutions and swaps of neighbours (optimal string alignment distance) between two short names.
    static func editDistance(_ first: String, _ second: String) -> Int {
        let a = Array(first)
        let b = Array(second)
        var beforeLast = [Int]()
        var last = Array(0...b.count)
        for i in a.indices {
            var row = [i + 1]
            for j in b.indices {
                let substituted = last[j] + (a[i] == b[j] ? 0 : 1)
                var cost = min(last[j + 1] + 1, row[j] + 1, substituted)
                if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { cost = min(cost, beforeLast[j - 1] + 1) }
                row.append(cost)
            }
            beforeLast = last
            last = row
        }
        return last[b.count]
    }
}
