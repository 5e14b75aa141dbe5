import DESBase
import DESConfiguration
import DESHTTPFront
import NIOSSL

extension ServiceSettings {
    /// Reads how the service listens, and its limits.
    static func server(_ reader: inout EnvironmentReader) -> FileServerConfiguration {
        var server = FileServerConfiguration()
        // All addresses: in a container nobody could reach another one.
        server.host = reader.text("DES_HOST") ?? "0.0.0.0"
        server.port = port(&reader)
        server.tls = tls(&reader)
        server.maximumRequests = reader.integer("DES_MAX_REQUESTS", in: 1...1_000_000, default: server.maximumRequests)
        server.limits.maximumConnections = reader.integer(
            "DES_MAX_CONNECTIONS", in: 1...1_000_000, default: server.limits.maximumConnections)
        server.limits.idleTimeout = reader.seconds(
            "DES_IDLE_SECONDS", in: 1...86_400, default: server.limits.idleTimeout)
        server.limits.drainTimeout = reader.seconds(
            "DES_DRAIN_SECONDS", in: 0...3600, default: server.limits.drainTimeout)
        server.cors = cors(&reader)
        server.metricsAreOpen = reader.boolean("DES_METRICS_OPEN", default: true)
        return server
    }

    private static func port(_ reader: inout EnvironmentReader) -> Int {
        let variable = "DES_PORT"
        if let text = reader.text(variable), text.hasPrefix("tcp://") {
            reader.report(
                variable,
                "is not a port but what Kubernetes sets for a Service called des; set enableServiceLinks: false in the pod, "
                    + "or call the Service something else")
            return 0
        }
        return reader.integer(variable, in: 0...65_535, default: 8000)
    }

    private static func tls(_ reader: inout EnvironmentReader) -> HTTPFrontConfiguration.TLS? {
        let variables = ["DES_TLS_CERT", "DES_TLS_KEY"]
        let paths = variables.map { reader.text($0) }
        var areReadable = true
        for (variable, path) in zip(variables, paths) {
            guard let path else { continue }
            do throws(SystemError) {
                _ = try OpenFile(path)
            } catch {
                areReadable = false
                reader.report(variable, "expected a PEM file: \(error)")
            }
        }
        switch (paths[0], paths[1]) {
        case (let certificate?, let key?):
            let tls = HTTPFrontConfiguration.TLS(certificatePath: certificate, keyPath: key)
            if areReadable { check(tls, variables, &reader) }
            return tls
        case (nil, nil): return nil
        case (nil, _): reader.report(variables[0], "missing; \(variables[1]) is set, and they go together")
        case (_, nil): reader.report(variables[1], "missing; \(variables[0]) is set, and they go together")
        }
        return nil
    }

    /// Whether they are what they should be, and of each other.
    private static func check(
        _ tls: HTTPFrontConfiguration.TLS, _ variables: [String], _ reader: inout EnvironmentReader
    ) {
        if (try? NIOSSLCertificate.fromPEMFile(tls.certificatePath))?.isEmpty ?? true {
            reader.report(variables[0], "expected a PEM file of certificates; \(tls.certificatePath) is none")
        } else if (try? NIOSSLPrivateKey(file: tls.keyPath, format: .pem)) == nil {
            reader.report(
                variables[1], "expected a PEM file of a private key without a password; \(tls.keyPath) is none")
        } else if (try? tls.load()) == nil {
            reader.report(
                variables[1],
                "expected the key of the certificate in \(tls.certificatePath); \(tls.keyPath) is that of another one")
        }
    }

    private static func cors(_ reader: inout EnvironmentReader) -> CORSPolicy? {
        let expected = "* or origins such as https://app.example.com, separated by commas"
        let origins = reader.value("DES_CORS_ORIGINS", expected: expected) { text -> Set<String>? in
            let origins = text.split(separator: ",").map { $0.filter { $0 != " " } }
            return origins.allSatisfy { $0 == "*" || isOrigin($0) } ? Set(origins) : nil
        }
        return CORSPolicy(origins: origins ?? [])
    }

    /// Whether it is an origin as browsers write it: in lower case, and without a path.
    private static func isOrigin(_ text: String) -> Bool {
        guard let scheme = ["https://", "http://"].first(where: { text.hasPrefix($0) }) else { return false }
        let authority = text.dropFirst(scheme.count)
        return !authority.isEmpty && text == text.lowercased()
            && authority.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && !"/?#@,".utf8.contains($0) }
    }
}
