import DESBase
import DESS3

/// Whether what came is what the service has: the source may be deleted on the strength of it.
///
/// The entity tag of most objects is the MD5 of their content. Where it is not (parts, encryption with a key of the service's
/// own), TLS vouches for the transfer; without TLS the object is read a second time and compared.
struct TransferCheck: Sendable {
    enum Verdict: Hashable {
        case whole
        /// Only a second reading can tell.
        case unknown
    }

    let isSecure: Bool

    func judge(md5: [UInt8]?, etag: String) -> Verdict {
        guard let md5, md5.hexadecimal != etag.lowercased() else { return md5 == nil ? .unknown : .whole }
        return isSecure ? .whole : .unknown
    }
}
