/// What a catalog is opened for.
package enum CatalogAccess: Sendable {
    /// Statistics and dry runs: nothing can be marked; a standby will do.
    case readOnly
    case readWrite
}
