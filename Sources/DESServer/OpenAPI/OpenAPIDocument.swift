import DESBase

/// The description of the HTTP interface, OpenAPI 3.1, served under `/openapi.json`. A test provokes each answer that it
/// names, and holds that there are no others.
enum OpenAPIDocument {
    /// The document: `openapi.json` beside this file, with the version of the release. It is compiled in, as a program is one file
    /// that runs anywhere.
    static let json = String(decoding: PackageResources.openapi_json, as: UTF8.self)
        .replacing("$VERSION", with: Release.version)
}
