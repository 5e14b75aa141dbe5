import Testing

@testable import DESMigration

@Suite struct PipelinePlanTests {
    private static let budgets = [16, 17, 24, 32, 48, 64, 104, 128, 256, 500, 1024, 3000, 8192].map { $0 << 20 }
    private static let thresholds: [UInt64] = [0, 1, 4096, 65_536, 1 << 20, 10_485_760, 100 << 20, 1 << 30]

    private func settings(_ budget: Int, _ threshold: UInt64) -> MigrationSettings {
        var settings = MigrationSettings()
        settings.memoryBudget = budget
        settings.bigFileThreshold = threshold
        return settings
    }

    /// The sum that the documentation of the plan describes, added up anew.
    private func sum(_ plan: PipelinePlan, threshold: UInt64) -> Int {
        let batch = plan.batchBytes + plan.largeFileBytes
        let reading = plan.readers * 2 * batch
        let compressing = plan.compressors * 3 * batch
        let sealing = plan.sealers * 2 * Int(threshold)
        return reading + compressing + sealing + plan.gateBytes + plan.openShardBytes + plan.rowStreamBytes * 4
            + plan.streamBytes * 2 + (plan.bigFiles + 1) * batch
    }

    @Test(arguments: budgets, thresholds) func `the sum of all that can be in flight stays below the budget`(
        budget: Int, threshold: UInt64
    ) throws {
        for processors in 1...64 {
            let plan: PipelinePlan
            do throws(PlanError) {
                plan = try PipelinePlan(settings(budget, threshold), processors: processors, fileDescriptors: 1024)
            } catch {
                // Then the one thing that cannot be made smaller does not fit.
                #expect(budget < Int(threshold) * 8 + (24 << 20))
                #expect(error == PlanError(bigFileThreshold: threshold, memoryBudget: budget))
                continue
            }
            #expect(sum(plan, threshold: threshold) <= plan.worstCaseBytes)
            #expect(plan.worstCaseBytes <= budget)
            // Nobody is left out, and nobody waits for ever.
            for count in [plan.readers, plan.compressors, plan.appenders, plan.sealers, plan.uploads, plan.batchFiles] {
                #expect(count >= 1)
            }
            #expect(plan.readers <= max(4, processors) && plan.compressors <= processors)
            #expect(plan.openShards / plan.appenders >= 1 && plan.openShardBytes / plan.appenders > 1 << 20)
            #expect(plan.streamBytes / plan.appenders >= 1 && plan.rowStreamBytes >= 1 && plan.batchBytes >= 65_536)
            // The largest file that is packed passes the gate, as read and as compressed.
            #expect(plan.gateBytes >= Int(threshold) * 2)
            #expect(plan.largeFileBytes <= Int(threshold))
        }
    }

    @Test(arguments: [1 << 30, 100 << 20, 10 << 20, 1 << 20, 0] as [UInt64])
    func `the budget that the error advises is enough`(threshold: UInt64) throws {
        let advised = Int(threshold) * 8 + (24 << 20)
        _ = try PipelinePlan(settings(advised, threshold), processors: 64, fileDescriptors: 1024)
    }

    @Test(
        arguments: [
            (16 << 20, 10_485_760), (0, 0), (-1, 0), (Int.min, 10_485_760), (8 << 30, UInt64.max), (1 << 20, 1 << 20),
        ] as [(Int, UInt64)])
    func `a budget too small for one file of the threshold is an error that names both`(
        budget: Int, threshold: UInt64
    ) throws {
        let error = #expect(throws: PlanError.self) {
            _ = try PipelinePlan(settings(budget, threshold), processors: 4, fileDescriptors: 1024)
        }
        let description = try #require(error?.description)
        #expect(description.contains("pipeline.memory_budget of \(budget) bytes"))
        #expect(description.contains("packer.big_file_threshold_bytes of \(threshold)"))
    }

    @Test func `the standard settings give every task that is wanted on a small machine`() throws {
        let plan = try PipelinePlan(MigrationSettings(), processors: 2, fileDescriptors: 1024)
        #expect(plan.readers == 4)
        #expect(plan.compressors == 2)
        #expect(plan.uploads == 2)
        #expect(plan.sealers >= 2)
    }

    @Test func `configured tasks are used as far as the budget goes, and at least one of each`() throws {
        var settings = settings(1 << 30, 1 << 20)
        settings.readers = 37
        settings.compressors = 5
        settings.uploads = 9
        let plan = try PipelinePlan(settings, processors: 2, fileDescriptors: 1024)
        #expect((plan.readers, plan.compressors, plan.uploads) == (37, 5, 9))

        settings.readers = 100_000
        settings.compressors = 100_000
        let full = try PipelinePlan(settings, processors: 2, fileDescriptors: 1024)
        #expect(full.worstCaseBytes <= 1 << 30 && full.readers > 37)

        settings.readers = 0
        settings.compressors = -1
        settings.uploads = 0
        let least = try PipelinePlan(settings, processors: 0, fileDescriptors: 0)
        #expect((least.readers, least.compressors, least.uploads, least.appenders) == (1, 1, 1, 1))
    }

    @Test(arguments: [(0, 16), (64, 32), (1024, 512), (65_536, 1024), (Int.max, 1024)])
    func `open shards leave half of the open files to everything else`(descriptors: Int, shards: Int) throws {
        let plan = try PipelinePlan(MigrationSettings(), processors: 2, fileDescriptors: descriptors)
        #expect(plan.openShards == shards)
    }
}
