import DESBase
import Glibc
import Testing

@testable import DESStorage

/// What an error of the system means for a store in a directory.
@Suite struct DirectoryErrorTests {
    @Test(arguments: [EMFILE, ENFILE])
    func `That the program is out of descriptors passes, and is no refusal of the store`(code: Int32) {
        let error = StorageError(SystemError(code: code, operation: "open", subject: "/store/a.des"), key: "a.des")
        #expect(error.isTransient)
        #expect(error.code == .failed && !error.isStoreUnwritable)
    }

    @Test(arguments: [EACCES, EIO, ENOENT, EROFS, ENOSPC])
    func `What does not pass by itself is not taken for it`(code: Int32) {
        let error = StorageError(SystemError(code: code, operation: "open", subject: "/store/a.des"), key: "a.des")
        #expect(!error.isTransient)
    }
}
