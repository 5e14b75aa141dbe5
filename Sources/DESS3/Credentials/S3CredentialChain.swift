package import DESBase
import Synchronization

/// The first of several places that has credentials; remembers them, and renews them before they end.
///
/// The place that had some is asked again when they are to be renewed; if that fails while the old ones still hold, those
/// are used on.
package final class S3CredentialChain: Sendable {
    /// Renewed so long before they end, in seconds.
    package static let renewalMargin: Int64 = 300
    /// After a failed renewal the next one is tried so much later, in seconds.
    private static let renewalPause: Int64 = 30

    private struct State {
        var current: S3Credentials?
        var renewal: Task<S3Credentials, any Error>?
        /// No renewal before.
        var notBefore: Timestamp?
    }

    private let providers: [any S3CredentialProvider]
    private let now: @Sendable () -> Timestamp
    private let state = Mutex(State())

    package init(_ providers: [any S3CredentialProvider], now: @escaping @Sendable () -> Timestamp = Timestamp.now) {
        self.providers = providers
        self.now = now
    }

    /// The places that AWS's own tools look at, in this order: environment, web identity token, profile, container, instance.
    package convenience init(profile: String? = nil, _ surroundings: S3Surroundings, http: any HTTPExchange) {
        let profiles = ProfileCredentials(profile: profile, surroundings, http: http)
        let others: [any S3CredentialProvider] = [
            EnvironmentCredentials(surroundings), WebIdentityCredentials(surroundings, http: http), profiles,
            ContainerCredentials(surroundings, http: http), InstanceCredentials(surroundings, http: http),
        ]
        // A profile that is asked for is the only place.
        self.init(profile == nil ? others : [profiles], now: surroundings.now)
    }

    /// Credentials that hold now. Callers at the same time share one search.
    ///
    /// - Throws: ``S3CredentialsError``.
    package func credentials() async throws -> S3Credentials {
        let time = now()
        enum Step {
            case use(S3Credentials)
            case wait(Task<S3Credentials, any Error>)
        }
        let step: Step = state.withLock { state in
            if let current = state.current, !Self.isToBeRenewed(current, at: time) || isPausing(state, at: time) {
                return .use(current)
            }
            if let renewal = state.renewal { return .wait(renewal) }
            // Not a child of the caller: others wait for it too when that one is cancelled.
            let renewal = Task { try await self.search() }
            state.renewal = renewal
            return .wait(renewal)
        }
        switch step {
        case .use(let credentials): return credentials
        case .wait(let renewal): return try await renewal.value
        }
    }

    /// The server says that they are over: they are not used again.
    package func discard(_ credentials: S3Credentials) {
        state.withLock { if $0.current == credentials { $0.current = nil } }
    }

    private static func isToBeRenewed(_ credentials: S3Credentials, at time: Timestamp) -> Bool {
        credentials.expiration.map { $0 < time.adding(seconds: renewalMargin) } ?? false
    }

    private func isPausing(_ state: State, at time: Timestamp) -> Bool {
        guard let notBefore = state.notBefore, let expiration = state.current?.expiration else { return false }
        return time < notBefore && time < expiration
    }

    private func search() async throws -> S3Credentials {
        do {
            let found = try await firstFound()
            state.withLock { $0 = State(current: found) }
            return found
        } catch {
            let time = now()
            let old: S3Credentials? = state.withLock { state in
                state.renewal = nil
                state.notBefore = time.adding(seconds: Self.renewalPause)
                guard let current = state.current, let expiration = current.expiration, time < expiration else {
                    state.current = nil
                    return nil
                }
                return current
            }
            guard let old else { throw error }
            return old
        }
    }

    private func firstFound() async throws -> S3Credentials {
        for provider in providers {
            if let found = try await provider.credentials() { return found }
        }
        throw S3CredentialsError("no credentials in \(providers.map(\.name).joined(separator: ", "))")
    }
}
