import DESConfiguration
import Testing

struct StorageClassTests {
    private func read(_ name: String) throws -> MigrationConfiguration {
        try parse(minimalAnd: "storage: {type: s3, bucket: b, storage_class: \(name)}")
    }

    @Test(
        "a class whose files cannot be read at once is refused",
        arguments: ["GLACIER", "DEEP_ARCHIVE", "glacier", "Deep_Archive"])
    func archives(name: String) throws {
        let error = #expect(throws: ConfigurationError.self) { try read(name) }
        #expect("\(try #require(error))".contains("storage.storage_class: files in \(name) cannot be read before"))
    }

    @Test(
        "a class that is read at once is taken without a word",
        arguments: [
            "STANDARD", "STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING", "GLACIER_IR", "REDUCED_REDUNDANCY",
            "EXPRESS_ONEZONE", "OUTPOSTS", "SNOW", "null", "''",
        ])
    func classes(name: String) throws {
        #expect(try read(name).warnings == [])
    }

    @Test(
        "another name is warned of, with the known one that was probably meant",
        arguments: [
            ("STANDRAD_IA", "; did you mean STANDARD_IA?"), ("standard", "; did you mean STANDARD?"),
            ("GLACIERIR", "; did you mean GLACIER_IR?"), ("DEEP_ARCHVE", "; did you mean DEEP_ARCHIVE?"),
            ("COLD", "; the service must know it"), ("my-pool", "; the service must know it"),
        ])
    func others(name: String, hint: String) throws {
        #expect(
            try read(name).warnings == ["storage.storage_class: \(name) is no storage class of Amazon S3\(hint)"])
    }
}
