// What the HTTP library throws, in words of an error line: it speaks to programmers.

import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
import SystemPackage

/// What was found instead of bytes.
///
/// - Parameters:
///   - error: What the HTTP library threw.
///   - patience: For how long a server may say nothing.
/// - Returns: Words that stand behind "found".
func connectionTrouble(_ error: any Error, patience: Duration) -> String {
  switch error {
  case let error as HTTPClientError: words(of: error, patience)
  case let error as NIOConnectionError: words(of: error)
  // An address without a name is called at once.
  case let error as IOError
  where [ECONNREFUSED, EHOSTUNREACH, ENETUNREACH].contains(error.errnoCode):
    "no server: \(words(of: error))"
  case let error as IOError: "a connection that broke: \(words(of: error))"
  case is HTTPParserError: "an answer that is not HTTP, or stops in the middle"
  // These are many, and their library is not used otherwise.
  case _ where String(reflecting: type(of: error)).hasPrefix("NIOSSL."):
    "no connection that is safe: the certificate or the handshake failed"
  default: "a connection that broke"
  }
}

private func words(of error: HTTPClientError, _ patience: Duration) -> String {
  switch error {
  case .connectTimeout: "no answer to the first call"
  case .readTimeout, .writeTimeout, .deadlineExceeded:
    "silence for \(patience.components.seconds) seconds"
  case .tlsHandshakeTimeout: "no answer to the TLS handshake"
  case .remoteConnectionClosed, .uncleanShutdown, .bodyLengthMismatch:
    "a connection that the server closed"
  case .redirectLimitReached, .redirectCycleDetected: "redirections without an end"
  case .invalidURL, .emptyHost, .emptyScheme, .missingSocketPath: "an address that has no host"
  // What a proxy or a redirection leads to, and what else cannot be understood.
  default: "an answer that cannot be used"
  }
}

private func words(of error: NIOConnectionError) -> String {
  let place = "\(error.host):\(error.port)"
  guard let failure = error.connectionErrors.first else {
    return "no address for the name \(error.host)"
  }
  switch failure.error {
  case let error as IOError: return "no server at \(place): \(words(of: error))"
  default: return "no server at \(place)"
  }
}

/// The system's own words, such as `connection refused`.
private func words(of error: IOError) -> String {
  Errno(rawValue: error.errnoCode).description.lowercased()
}
