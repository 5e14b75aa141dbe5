import DESBase
import DESCatalog
import DESRouting
import DESTelemetry
import Logging

/// Owns some of the open shards: appends files to them, one after the other, and decides when each has its last byte. Runs
/// on a thread of its own, because it writes to staging.
///
/// Several appenders share the keys; every batch comes to each of them.
actor AppendStage {
    private let context: SliceContext
    private let thread: DedicatedThread
    /// Which of the appenders this is, and how many there are.
    private let share: (number: Int, count: Int)
    private let writeback: BoundedStream<any StagingFile>
    private let makeName: @Sendable (ShardKey) -> String
    /// Mostly one shard a key; a further one for each repetition of a uid.
    private var open: [ShardKey: [GrowingShard]] = [:]
    private var keys: [Int: ShardKey] = [:]
    private var policy: SealPolicy
    private var watermark = DayWatermark()
    private var completeBefore = Int64.min
    private var lastNumber = 0
    /// Shards that have their last byte and are to be handed on.
    private var finished: [WrittenShard] = []

    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    /// - Parameters:
    ///   - number: which of the appenders this is, from 0.
    ///   - writeback: takes files whose new bytes the kernel may begin to write to the device.
    ///   - makeName: the name of a new shard of a key, different at each call.
    init(
        number: Int, context: SliceContext, writeback: BoundedStream<any StagingFile>,
        makeName: @escaping @Sendable (ShardKey) -> String
    ) {
        let plan = context.plan
        self.context = context
        thread = context.threads.appending[number]
        share = (number, plan.appenders)
        self.writeback = writeback
        self.makeName = makeName
        policy = SealPolicy(
            maximumCount: plan.openShards / share.count, maximumMemory: plan.openShardBytes / share.count
        )
    }

    private var cycle: CycleContext { context.cycle }
    private var staging: StagingFolder { context.staging }

    /// Ends when the input has ended and every shard is finished and handed on. The output is not finished, because it has
    /// other producers.
    func run(_ input: BoundedStream<CompressedBatch>, into output: BoundedStream<WrittenShard>) async throws {
        while let batch = try await input.next() {
            for file in batch.files where file.key.shardIndex % share.count == share.number {
                append(file, of: batch)
                // After each file, because a batch may begin as many shards as it has files, each an open file.
                sealForWantOfRoom()
                try await handOn(to: output)
            }
            batch.lease.done()
            sealCompleteDays(batch.part)
            try await handOn(to: output)
        }
        for key in open.keys.sorted() {
            finishAll(of: key)
            try await handOn(to: output)
        }
    }

    private func handOn(to output: BoundedStream<WrittenShard>) async throws {
        while !finished.isEmpty {
            let shard = finished.removeFirst()
            try await output.send(shard)
        }
    }

    private func append(_ file: CompressedFile, of batch: CompressedBatch) {
        let key = file.key
        var shard: GrowingShard?
        for candidate in open[key] ?? [] where !candidate.contains(uid: file.source.uid) {
            if candidate.hasRoom(for: file, limit: context.settings.maximumShardSize) {
                shard = candidate
                break
            }
            finish(candidate)
        }
        do {
            let target = try shard ?? newShard(key)
            do {
                try target.append(file, of: batch)
                policy.update(target.number, memoryInBytes: target.memoryInBytes)
                cycle.ledger.count(1, .packed)
                if let file = target.fileToWriteBack() { writeback.offer(file) }
            } catch {
                abandon(target, error)
                throw error
            }
        } catch {
            noteStagingFailure(error)
            cycle.ledger.failed(
                file.source.row.key, .staging, "cannot stage \(file.source.location): \(error); left unmarked"
            )
        }
    }

    private func newShard(_ key: ShardKey) throws(SystemError) -> GrowingShard {
        let name = makeName(key)
        lastNumber += 1
        let file = try staging.files.create(staging.openPath(name))
        let shard = GrowingShard(number: lastNumber, key: key, name: name, file: file)
        open[key, default: []].append(shard)
        keys[shard.number] = key
        if let others = open[key], others.count > 1 {
            cycle.ledger.logger.notice(
                "a uid occurs again on its day; it goes to a further shard", metadata: ["shard": "\(name)"])
        }
        return shard
    }

    private func sealForWantOfRoom() {
        for number in policy.shardsToSeal() {
            guard let key = keys[number], let shard = open[key]?.first(where: { $0.number == number }) else { continue }
            finish(shard)
        }
    }

    private func sealCompleteDays(_ part: BatchPart) {
        guard let day = watermark.received(part), day > completeBefore else { return }
        completeBefore = day
        for key in open.keys.filter({ $0.dayNumber < day }).sorted() { finishAll(of: key) }
    }

    private func finishAll(of key: ShardKey) {
        for shard in open[key] ?? [] { finish(shard) }
    }

    private func finish(_ shard: GrowingShard) {
        do {
            let result = try shard.finish()
            close(shard)
            finished.append(result)
        } catch {
            abandon(shard, error)
            noteStagingFailure(error)
        }
    }

    /// Nothing of the shard can be used: its files are in the books as failed, and stay where they are.
    private func abandon(_ shard: GrowingShard, _ error: any Error) {
        close(shard)
        try? staging.files.remove(staging.openPath(shard.name))
        cycle.ledger.failed(shard.rows, .staging, "cannot write the shard \(shard.name): \(error); left unmarked")
    }

    private func close(_ shard: GrowingShard) {
        policy.remove(shard.number)
        keys[shard.number] = nil
        open[shard.key]?.removeAll { $0 === shard }
        if open[shard.key]?.isEmpty == true { open[shard.key] = nil }
    }

    /// A full or read-only staging folder fails every further file too, so no more are fetched.
    private func noteStagingFailure(_ error: any Error) {
        guard let error = error as? SystemError else { return }
        if error.isUnwritable {
            cycle.control.stop(.fatal("cannot write to the staging folder: \(error)"))
        } else if error.isBeyondFileSize {
            cycle.control.stop(
                .fatal(
                    "a shard became larger than files may be in the staging folder: \(error); raise ulimit -f, or lower "
                        + "packer.max_shard_size"))
        }
    }
}
