import DESBase
import DESConfiguration
import DESRouting
import DESS3

extension ServiceSettings {
    private enum Kind: String {
        case local
        case s3
        case multiS3 = "multi_s3"
    }

    enum Variable {
        static let backend = "DES_BACKEND"
        static let folder = "DES_BASE_DIR"
        static let bits = "DES_N_BITS"
        static let bucket = "DES_S3_BUCKET"
        static let region = "DES_S3_REGION"
        static let endpoint = "DES_S3_ENDPOINT_URL"
        static let prefix = "DES_S3_PREFIX"
        static let zones = "DES_ZONES_CONFIG"
    }

    /// Reads where the shards are, and the bits they were written with. What it returns is of no use if there are problems.
    static func backend(_ reader: inout EnvironmentReader) -> (Backend, ShardBits) {
        // nil when it is wrong: then nothing can be said about the other variables.
        let kind: Kind? = reader.choice(
            Variable.backend, of: ["local": .local, "s3": .s3, "multi_s3": .multiS3],
            default: reader.contains(Variable.backend) ? nil : .local)
        let hasBits = reader.contains(Variable.bits)
        let bits = reader.shardBits(Variable.bits) ?? .standard
        let folder = reader.text(Variable.folder)
        let bucket = reader.text(Variable.bucket)
        let prefix = reader.text(Variable.prefix)
        let connection = connection(&reader)
        let zones = reader.text(Variable.zones)
        guard let kind else { return (.local(folder: ""), bits) }
        warnOfOthers(kind, &reader)
        switch kind {
        case .local:
            return (.local(folder: existing(folder, &reader)), bits)
        case .s3:
            if bucket == nil {
                reader.report(Variable.bucket, "missing; expected the name of a bucket, as \(Variable.backend) is s3")
            }
            return (.s3(S3StorageConfiguration(bucket: bucket, prefix: prefix, connection: connection)), bits)
        case .multiS3:
            guard let zones else {
                reader.report(Variable.zones, "missing; expected a file of zones, as \(Variable.backend) is multi_s3")
                return (.local(folder: ""), bits)
            }
            do throws(ConfigurationError) {
                let (configuration, warnings) = try ZonesConfiguration.load(
                    path: zones, environment: reader.environment, bits: hasBits ? bits : nil, connection: connection)
                for warning in warnings { reader.warn("\(Variable.zones): \(warning)") }
                return (.multiS3(configuration.storage), configuration.bits)
            } catch {
                reader.report(Variable.zones, error)
                return (.local(folder: ""), bits)
            }
        }
    }

    private static func connection(_ reader: inout EnvironmentReader) -> S3ConnectionConfiguration {
        let expected = "a URL such as https://s3.example.com:9000, without a path"
        return S3ConnectionConfiguration(
            regionName: reader.text(Variable.region),
            // Not shown, for it may hold a password.
            endpointURL: reader.value(Variable.endpoint, expected: expected, isSecret: true) { text in
                S3Endpoint(url: text, region: S3Endpoint.standardRegion) == nil ? nil : text
            })
    }

    /// Not there is a mistake; an empty folder would answer 404 for everything.
    private static func existing(_ folder: String?, _ reader: inout EnvironmentReader) -> String {
        let expected = "expected the folder of the shards, as \(Variable.backend) is local"
        guard let folder else {
            reader.report(Variable.folder, "missing; \(expected)")
            return ""
        }
        do throws(SystemError) {
            let kind = try FileSystem.existingStatus(folder).kind
            if kind != .directory { reader.report(Variable.folder, "\(expected), but \(folder) is a \(kind.rawValue)") }
        } catch {
            reader.report(Variable.folder, "\(expected): \(error)")
        }
        return folder
    }

    private static func warnOfOthers(_ kind: Kind, _ reader: inout EnvironmentReader) {
        let s3 = [Variable.bucket, Variable.prefix]
        let connection = [Variable.region, Variable.endpoint]
        let without: [String] =
            switch kind {
            case .local: s3 + connection + [Variable.zones]
            case .s3: [Variable.folder, Variable.zones]
            case .multiS3: s3 + [Variable.folder]
            }
        for variable in without where reader.contains(variable) {
            reader.warn("\(variable) has no meaning with \(Variable.backend) \(kind.rawValue) and is ignored")
        }
    }
}
