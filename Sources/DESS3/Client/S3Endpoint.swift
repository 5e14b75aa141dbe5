import DESBase

/// Where an S3 service is, and how its buckets are addressed.
package struct S3Endpoint: Sendable, Hashable {
    package enum Style: String, Sendable, Hashable, CaseIterable {
        /// `https://host/bucket/key`
        case path
        /// `https://bucket.host/key`
        case virtualHost
        /// Virtual host for AWS, path elsewhere; always path for a bucket whose name cannot be part of a host name.
        case automatic
    }

    /// Where no region is said; services besides AWS take it for theirs.
    package static let standardRegion = "us-east-1"

    package let origin: HTTPOrigin
    package let region: String
    package let style: Style

    /// - Parameters:
    ///   - url: scheme, host and perhaps a port; nil: AWS in the region.
    /// - Returns: nil if the URL is anything else.
    package init?(url: String? = nil, region: String, style: Style = .automatic) {
        guard let origin = HTTPOrigin(url ?? "https://s3.\(region).amazonaws.com") else { return nil }
        self.init(origin: origin, region: region, style: style)
    }

    package init(origin: HTTPOrigin, region: String, style: Style) {
        self.origin = origin
        self.region = region
        self.style = style
    }

    /// The server and the encoded path of a bucket or an object. Nothing in a key is normalised: `//` and `..` stay.
    ///
    /// - Parameter key: nil for the bucket itself.
    package func address(bucket: String, key: String?) -> (origin: HTTPOrigin, path: String) {
        let object = key.map { "/" + PercentCoding.encode($0, keeping: "/") } ?? "/"
        if usesVirtualHost(for: bucket) { return (origin.named("\(bucket).\(origin.host)"), object) }
        let name = "/" + PercentCoding.encode(bucket)
        return (origin, key == nil ? name : name + object)
    }

    /// The same service in another region: AWS has a host for each, another service takes it for the signature only.
    func inRegion(_ region: String) -> S3Endpoint {
        let host = origin.host
        let isRegional =
            isAWS && (host == "s3.amazonaws.com" || host.split(separator: ".")[1...].contains(self.region[...]))
        let moved =
            isRegional && host == "s3.amazonaws.com"
            ? "s3.\(region).amazonaws.com"
            : isRegional ? host.replacing(".\(self.region).", with: ".\(region).") : host
        return S3Endpoint(origin: origin.named(moved), region: region, style: style)
    }

    private var isAWS: Bool {
        origin.host.hasByteSuffix(".amazonaws.com") || origin.host.hasByteSuffix(".amazonaws.com.cn")
    }

    private func usesVirtualHost(for bucket: String) -> Bool {
        guard style == .virtualHost || style == .automatic && isAWS else { return false }
        // A dot would need a certificate of its own.
        let isLabel =
            (3...63).contains(bucket.utf8.count)
            && bucket.utf8.allSatisfy { 97...122 ~= $0 || 48...57 ~= $0 || $0 == 45 || $0 == 46 && !origin.isSecure }
        return isLabel && bucket.first != "-" && bucket.last != "-" && bucket.first != "." && bucket.last != "."
            && !origin.host.hasBytePrefix("[") && !origin.host.allSatisfy { $0.isNumber || $0 == "." }
    }
}
