// Downloads that go on where they stopped, and are checked before they have their names.

import AsyncHTTPClient
import Formats
import Foundation
import NIOCore
import NIOHTTP1

/// The download of one file.
///
/// What was received stays beside the file's name when a connection breaks or the program ends, and
/// the next run asks for the rest. A file has its name only if its length and its hash are those that
/// were published.
public struct Download: Sendable {
  /// What came of it.
  public enum Outcome: String, Sendable, Encodable {
    /// It was received.
    case fetched
    /// It was there, with the hash that it should have.
    case wasThere = "was there"
  }

  /// The file.
  public let file: RemoteFile
  /// The name that it will have.
  public let path: String
  /// How often in a row a connection may break without a byte received.
  public var tries = 4
  /// The pause before the second try; each that follows is twice as long.
  public var pause: Duration = .seconds(1)
  /// For how long a server may say nothing.
  public var patience: Duration = .seconds(60)

  /// A download to a place.
  ///
  /// - Parameters:
  ///   - file: The file.
  ///   - path: The name that it will have.
  public init(_ file: RemoteFile, to path: String) { (self.file, self.path) = (file, path) }

  /// Bytes that are there already, whether finished or not.
  public var byteCountThere: Int {
    for place in [path, PartialFile.place(of: path)] {
      let size = try? FileManager.default.attributesOfItem(atPath: place)[.size] as? Int
      if let size { return min(size, file.byteCount) }
    }
    return 0
  }

  /// Receives what is not there yet.
  ///
  /// - Parameter progress: Is told how many bytes there are.
  /// - Returns: Whether anything had to be done.
  /// - Throws: `FetchError` for what servers do, also if their file has another length; `FileError` of
  ///   kind `damaged` if the whole has another hash, and is removed, of kind `doesNotFit` if another
  ///   file has the name, or for what the disk does; `CancellationError`.
  public func run(progress: @escaping @Sendable (Int) -> Void) async throws -> Outcome {
    if try isThere() {
      progress(file.byteCount)
      return .wasThere
    }
    let partial = try PartialFile(for: path, file.digest.algorithm)
    if partial.byteCount > file.byteCount { try partial.startAnew() }
    progress(partial.byteCount)
    if partial.byteCount < file.byteCount {
      let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
      do {
        try await receive(into: partial, from: client, progress)
      } catch {
        try? await client.shutdown()
        if partial.byteCount == 0 { partial.remove() }
        throw error
      }
      try await client.shutdown()
    }
    guard partial.digest == file.digest else {
      partial.remove()
      throw FileError(
        .damaged, file: path, expected: "\(file.digest) of \(RemoteFile.shown(file.url))",
        found: "\(partial.digest); what was received is removed, and can be fetched again")
    }
    try partial.finish()
    return .fetched
  }

  private var configuration: HTTPClient.Configuration {
    let silence = TimeAmount.milliseconds(Int64(patience / .milliseconds(1)))
    var configuration = HTTPClient.Configuration(
      timeout: .init(connect: .seconds(20), read: silence))
    // Who refuses a connection is not asked again and again until the time for it is over.
    configuration.connectionPool.retryConnectionEstablishment = false
    return configuration
  }

  /// Whether the file is there already.
  private func isThere() throws -> Bool {
    guard FileManager.default.fileExists(atPath: path) else { return false }
    let content = try ByteRegion(mapping: path)
    var running = RunningDigest(file.digest.algorithm)
    for start in stride(from: 0, to: content.count, by: 1 << 24) {
      try Task.checkCancellation()
      try content.slice(at: start, count: min(1 << 24, content.count - start))
        .withUnsafeBytes { running.update($0) }
    }
    guard running.digest == file.digest else {
      throw FileError(
        .doesNotFit, file: path, expected: "a free name, or the file with \(file.digest)",
        found: "a file with \(running.digest)")
    }
    return true
  }

  // MARK: - Receiving

  /// Asks for the rest as often as it takes.
  private func receive(
    into partial: PartialFile, from client: HTTPClient, _ progress: (Int) -> Void
  ) async throws {
    var (failures, isReached) = (0, false)
    while partial.byteCount < file.byteCount {
      let before = partial.byteCount
      do {
        try await receiveOnce(into: partial, from: client, &isReached, progress)
      } catch {
        try Task.checkCancellation()
        failures = partial.byteCount > before ? 1 : failures + 1
        let failure = try failure(error)
        // Who cannot be reached at all need not be asked again.
        guard failure.mayPass, isReached, failures < tries else {
          throw failure
        }
        try await Task.sleep(for: pause * (1 << (failures - 1)))
      }
    }
  }

  /// What a connection's end means; errors of files stay what they are.
  private func failure(_ error: any Error) throws -> FetchError {
    switch error {
    case let error as FetchError: return error
    case is FileError, is CancellationError: throw error
    default:
      return FetchError(
        file.url, expected: "its bytes", found: connectionTrouble(error, patience: patience),
        mayPass: true)
    }
  }

  /// Asks for the rest, and takes what comes; says whether anybody answered at all.
  private func receiveOnce(
    into partial: PartialFile, from client: HTTPClient, _ isReached: inout Bool,
    _ progress: (Int) -> Void
  ) async throws {
    var request = HTTPClientRequest(url: file.address.plain)
    if let asker = file.address.asker {
      request.setBasicAuth(username: asker.name, password: asker.password)
    }
    request.headers.add(name: "User-Agent", value: "stylist")
    request.headers.add(name: "Accept-Encoding", value: "identity")
    if partial.byteCount > 0 {
      request.headers.add(name: "Range", value: "bytes=\(partial.byteCount)-")
    }
    let response = try await client.execute(request, deadline: .distantFuture)
    isReached = true
    try check(response, partial)
    for try await piece in response.body {
      try Task.checkCancellation()
      guard partial.byteCount + piece.readableBytes <= file.byteCount else {
        // What came before may be as wrong, and is nothing to go on from.
        try partial.startAnew()
        throw FetchError.another(
          file.url, expected: "\(file.byteCount) bytes", found: "more")
      }
      try piece.withUnsafeReadableBytes { bytes in try partial.append(bytes) }
      progress(partial.byteCount)
    }
    guard partial.byteCount == file.byteCount else {
      throw FetchError(
        file.url, expected: "\(file.byteCount) bytes", found: "an end after \(partial.byteCount)",
        mayPass: true)
    }
  }

  /// Whether what comes is the rest, or the whole from its start on; what is there stays unless it is
  /// the whole, of the length that was published.
  private func check(_ response: HTTPClientResponse, _ partial: PartialFile) throws {
    let (status, start) = (response.status, partial.byteCount)
    switch status {
    case .ok: break
    case .partialContent where start > 0:
      try checkRange(response.headers.first(name: "Content-Range") ?? "no range", from: start)
    default:
      let mayPass = [408, 429].contains(status.code) || status.code >= 500
      throw FetchError(
        file.url, expected: "the file", found: "\(status.code) \(status.reasonPhrase)",
        mayPass: mayPass)
    }
    let rest = file.byteCount - (status == .ok ? 0 : start)
    if let text = response.headers.first(name: "Content-Length"), let length = Int(text),
      length != rest
    {
      throw FetchError.another(file.url, expected: "\(rest) bytes", found: "\(length)")
    }
    if status == .ok, start > 0 { try partial.startAnew() }
  }

  private func checkRange(_ range: String, from start: Int) throws(FetchError) {
    let expected = "bytes \(start)-\(file.byteCount - 1)/\(file.byteCount)"
    guard range != expected else { return }
    guard range.hasSuffix("/\(file.byteCount)") else {
      throw FetchError.another(file.url, expected: expected, found: range)
    }
    throw FetchError(file.url, expected: expected, found: range)
  }
}
