/// Headers of S3 that several requests or answers have.
enum S3HeaderName {
    static let checksum = "x-amz-checksum-crc32"
    static let date = "x-amz-date"
    static let requestID = "x-amz-request-id"
    static let securityToken = "x-amz-security-token"
    static let versionID = "x-amz-version-id"
}
