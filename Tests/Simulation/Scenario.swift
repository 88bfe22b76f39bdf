import DeliveryCore

/// What a seed decides before anything happens: limits so small that they bind, policies, and who takes part.
struct Scenario {
    var limits = Limits()
    var policy = ServicePolicy()
    var daemons = 1
    var partitions = 1
    /// Every member gives up everything in each rebalance.
    var isEager = false
    /// A member that comes back within its session keeps its partitions.
    var isStatic = false
    /// The broker's `offset.metadata.max.bytes`.
    var metadataLimit = 4_096
    /// The metadata of commits is read, whether or not it is written.
    var readsMetadata = true
    /// `--out-of-range latest`, else `earliest`.
    var goesToLatest = false
    /// So many records in a hundred are trouble themselves.
    var badRecords = 0
    /// So many answers in a hundred are not plain acks.
    var badAnswers = 50
    var faultsUntil = Instant(nanoseconds: 0)

    init(_ random: inout Randomness) {
        chooseParts(&random)
        chooseBounds(&random)
        chooseTimes(&random)
        choosePolicy(&random)
    }

    private mutating func chooseParts(_ random: inout Randomness) {
        daemons = random.chance(50) ? 1 : random.among(2...3)
        partitions = random.among(1...5)
        isEager = random.chance(40)
        isStatic = random.chance(30)
        metadataLimit = random.chance(20) ? random.among(0...60) : 4_096
        readsMetadata = !random.chance(10)
        goesToLatest = random.chance(30)
        badRecords = random.chance(50) ? random.among(0...15) : 0
        badAnswers = random.chance(20) ? random.among(0...20) : random.among(20...70)
        faultsUntil = Instant(nanoseconds: 0) + .milliseconds(Int64(random.among(400...2_500)))
    }

    private mutating func chooseBounds(_ random: inout Randomness) {
        limits.workers = random.among(1...4)
        limits.maxInFlight = random.among(1...8)
        limits.maxTotalInFlight = random.among(4...60)
        limits.maxInFlightBytes = random.among(500...6_000)
        limits.laneWindow = random.chance(50) ? 1 : random.among(2...4)
        if random.chance(25) {
            limits.rate = RateLimit(perSecond: Double(random.among(20...400)), burst: random.among(1...20))
        }
        if random.chance(40) {
            limits.deadLetterRate = RateLimit(perSecond: Double(random.among(2...60)), burst: random.among(1...5))
        }
        limits.maxUnwrittenBytes = random.chance(50) ? random.among(100...1_000) : 64 * 1_024
    }

    private mutating func chooseTimes(_ random: inout Randomness) {
        limits.ackTimeout = .milliseconds(400)
        limits.maxExtend = .milliseconds(600)
        limits.startTimeout = .milliseconds(300)
        limits.cancelGrace = .milliseconds(150)
        limits.pingInterval = .milliseconds(200)
        limits.revokeTimeout = .milliseconds(300)
        limits.drainTimeout = .milliseconds(Int64(random.chance(50) ? 2_000 : random.among(400...2_000)))
        limits.commitInterval = .milliseconds(Int64(random.among(20...150)))
        limits.retryBackoffInitial = .milliseconds(20)
        limits.retryBackoffMaximum = .milliseconds(200)
        limits.maxRetryDelay = .milliseconds(300)
        limits.restartBackoffInitial = .milliseconds(10)
        limits.restartBackoffMaximum = .milliseconds(200)
        limits.exitGrace = .milliseconds(200)
        limits.terminateGrace = .milliseconds(100)
        limits.stuckAfter = .milliseconds(150)
        limits.stallTimeout = random.chance(10) ? .zero : .milliseconds(Int64(random.among(150...1_000)))
        limits.batchLinger = .milliseconds(Int64(random.among(0...20)))
    }

    private mutating func choosePolicy(_ random: inout Randomness) {
        policy.order = random.chance(30) ? .none : random.chance(50) ? .key : .partition
        policy.bisects = random.chance(40)
        policy.maxAttempts = random.chance(65) ? random.chance(40) ? 1 : random.among(1...4) : nil
        policy.hasDeadLetters = random.chance(65)
        policy.onExhausted =
            policy.hasDeadLetters && random.chance(75) ? .deadLetter : random.chance(50) ? .skip : .stop
        policy.commitsMetadata = random.chance(75)
        policy.isBatch = random.chance(50)
        limits.batchSize = policy.isBatch ? random.among(1...8) : 1
        limits.batchBytes = random.among(100...2_000)
        guard daemons == 1 else { return }
        switch random.among(0...19) {
        case 0: policy.exitAtEnd = true
        case 1: policy.maxMessages = random.among(1...30)
        case 2: policy.commits = false
        default: break
        }
    }
}
