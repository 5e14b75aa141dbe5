import DESCatalog

/// A value of a row's key that is bound again exactly as it was read: a text stays a text even if it is not valid UTF-8,
/// since a blob would come after all texts.
struct KeyValue: Sendable {
    let value: CatalogValue
    private let isText: Bool

    init(_ value: CatalogValue) {
        self.value = value
        isText = false
    }

    init(_ cursor: StatementCursor, column: Int) {
        value = cursor.value(at: Int32(column))
        isText = cursor.isText(at: Int32(column))
    }

    func bind(to cursor: StatementCursor, at index: Int32) throws {
        if isText, case .blob(let bytes) = value {
            try cursor.bindText(bytes, at: index)
        } else {
            try cursor.bind(value, at: index)
        }
    }
}
