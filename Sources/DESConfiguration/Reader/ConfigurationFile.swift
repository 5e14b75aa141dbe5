import Foundation

/// Reads the text of a configuration file; pipes such as `/dev/stdin` can be read too.
enum ConfigurationFile {
    /// The text of the file at `path`, which must be UTF-8.
    static func text(at path: String) throws(ConfigurationError) -> String {
        func failure(_ message: String) -> ConfigurationError {
            ConfigurationError(fileName: path, problems: [ConfigurationProblem(message: message)])
        }
        var isDirectory: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) else {
            throw failure("cannot read the file: no such file")
        }
        if isDirectory.boolValue {
            throw failure("cannot read the file: it is a directory")
        }
        let data: Data
        do {
            let file = try FileHandle(forReadingFrom: URL(filePath: path))
            defer { try? file.close() }
            data = try file.readToEnd() ?? Data()
        } catch let error as CocoaError where error.code == .fileReadNoPermission {
            throw failure("cannot read the file: permission denied")
        } catch let error as CocoaError where error.code == .fileReadNoSuchFile {
            throw failure("cannot read the file: no such file")
        } catch {
            let cause = (error as NSError).userInfo[NSUnderlyingErrorKey] as? NSError
            let reason = cause.flatMap {
                $0.domain == NSPOSIXErrorDomain ? String(cString: strerror(Int32($0.code))) : nil
            }
            throw failure("cannot read the file: \(reason ?? error.localizedDescription)")
        }
        guard let text = String(validating: data, as: UTF8.self) else {
            throw failure("the file is not UTF-8 text")
        }
        return text
    }
}
