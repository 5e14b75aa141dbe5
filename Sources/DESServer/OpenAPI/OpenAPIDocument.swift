import DESBase

/// The description of the HTTP interface, OpenAPI 3.1, served under `/openapi.json`. A test provokes each answer that it
/// names, and holds that there are no others.
enum OpenAPIDocument {
    /// The document.
    static let json = """
        \(head),
          "paths": \(paths),
          "components": \(components)
        }

        """

    private static let head = #"""
        {
          "openapi": "3.1.0",
          "info": {
            "title": "DES retriever",
            "version": "\#(Release.version)",
            "description": "Reads files that were packed into shards. A file is asked for by its uid and its \#
        time of creation, as they stand in the catalog. Files never change."
          },
          "security": [{}, {"bearer": []}, {"apiKey": []}]
        """#
}
