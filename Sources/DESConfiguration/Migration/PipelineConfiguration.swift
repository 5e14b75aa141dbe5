/// Section `pipeline`: how many tasks work at once and how much memory what is in flight may take.
package struct PipelineConfiguration: Sendable, Equatable {
    /// `readers`: tasks that read sources, 1…1024; nil: chosen from the machine.
    package var readers: Int?

    /// `compressors`: tasks that compress, 1…1024; nil: chosen from the machine.
    package var compressors: Int?

    /// `uploads`: shards published at once, 1…1024; nil: chosen from the machine.
    package var uploads: Int?

    /// `memory_budget`: bytes in flight, also written like `256MiB`, at least 1 MiB. Default 256 MiB.
    package var memoryBudgetInBytes: Int

    /// Makes a configuration with the defaults of the file.
    package init(
        readers: Int? = nil, compressors: Int? = nil, uploads: Int? = nil, memoryBudgetInBytes: Int = 256 << 20
    ) {
        self.readers = readers
        self.compressors = compressors
        self.uploads = uploads
        self.memoryBudgetInBytes = memoryBudgetInBytes
    }
}

extension PipelineConfiguration {
    /// Reads the section.
    init(_ section: ConfigurationSection) {
        self.init(
            readers: section.integer("readers", in: 1...1024),
            compressors: section.integer("compressors", in: 1...1024),
            uploads: section.integer("uploads", in: 1...1024),
            memoryBudgetInBytes: section.byteCount("memory_budget", in: (1 << 20)...Int.max, default: 256 << 20))
    }
}
