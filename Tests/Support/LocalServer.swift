// A little web server on this machine whose answers a test spells out, whole or broken off.

import Foundation
import Synchronization

/// A request as it came.
package struct LocalRequest: Sendable {
  /// What stands behind the method, such as `/a.bin`.
  package let path: String
  /// The values of the headers, by their names in small letters.
  package let headers: [String: String]

  fileprivate init?(_ text: String) {
    let lines = text.split(separator: "\r\n")
    let words = lines.first?.split(separator: " ") ?? []
    guard words.count == 3 else { return nil }
    path = String(words[1])
    headers = Dictionary(
      lines.dropFirst().compactMap { line in
        let parts = line.split(separator: ":", maxSplits: 1)
        guard parts.count == 2 else { return nil }
        return (parts[0].lowercased(), parts[1].trimmingCharacters(in: .whitespaces))
      }, uniquingKeysWith: { $1 })
  }

  /// The first byte that is asked for; 0 for all of them.
  package var start: Int {
    guard let range = headers["range"], range.hasPrefix("bytes="), range.hasSuffix("-") else {
      return 0
    }
    return Int(range.dropFirst(6).dropLast()) ?? 0
  }
}

/// What the server answers before it closes the connection.
package struct LocalReply: Sendable {
  /// The code and its words.
  package var status: String
  /// The headers beside that of the length.
  package var headers: [(String, String)]
  /// Whether nothing is said of the body's length.
  package var withoutLength: Bool
  /// The body.
  package var body: [UInt8]
  /// How many bytes of the body are sent; nil for all.
  package var cut: Int?

  /// An answer; whatever is not given is as it usually is.
  package init(
    status: String = "200 OK", headers: [(String, String)] = [], withoutLength: Bool = false,
    body: [UInt8] = [], cut: Int? = nil
  ) {
    (self.status, self.headers, self.withoutLength) = (status, headers, withoutLength)
    (self.body, self.cut) = (body, cut)
  }

  /// The whole of a file, whatever part was asked for.
  package static func whole(_ content: [UInt8], cut: Int? = nil) -> LocalReply {
    LocalReply(body: content, cut: cut)
  }

  /// The rest of a file from a byte on, as servers that know ranges give it.
  package static func rest(
    _ content: [UInt8], from start: Int, cut: Int? = nil
  ) -> LocalReply {
    guard start > 0 else { return whole(content, cut: cut) }
    return LocalReply(
      status: "206 Partial Content",
      headers: [("Content-Range", "bytes \(start)-\(content.count - 1)/\(content.count)")],
      body: Array(content[start...]), cut: cut)
  }

  /// No file.
  package static let notFound = LocalReply(status: "404 Not Found")

  /// Another address.
  package static func redirect(to place: String) -> LocalReply {
    LocalReply(status: "302 Found", headers: [("Location", place)])
  }

  fileprivate var bytes: [UInt8] {
    var lines = ["HTTP/1.1 \(status)", "Connection: close"]
    if !withoutLength { lines.append("Content-Length: \(body.count)") }
    lines += headers.map { "\($0.0): \($0.1)" }
    return Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8)
      + body.prefix(cut ?? body.count)
  }
}

/// A server at a free port of this machine.
package final class LocalServer: Sendable {
  /// Where it listens: `http://127.0.0.1:` and the port.
  package let address: String
  private let listener: Int32
  private let seen = Mutex<[LocalRequest]>([])

  /// The requests so far, in their order.
  package var requests: [LocalRequest] { seen.withLock(\.self) }

  /// Runs `body` with a server.
  ///
  /// - Parameters:
  ///   - answer: What it answers to a request; requests come one at a time.
  ///   - body: What asks.
  /// - Returns: What `body` returns.
  /// - Throws: What `body` throws, or the system's reason why there can be no server.
  package static func run<Result>(
    _ answer: @escaping @Sendable (LocalRequest) -> LocalReply,
    _ body: (LocalServer) async throws -> Result
  ) async throws -> Result {
    let server = try LocalServer()
    let thread = Thread { server.serve(answer) }
    thread.start()
    // A listener that is shut down wakes the thread that waits for it.
    defer { shutdown(server.listener, 2) }
    return try await body(server)
  }

  private init() throws {
    #if canImport(Darwin)
      listener = socket(AF_INET, SOCK_STREAM, 0)
    #else
      listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    #endif
    var place = sockaddr_in()
    place.sin_family = sa_family_t(AF_INET)
    place.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let listener = listener
    let isListening = withUnsafeMutablePointer(to: &place) { place in
      place.withMemoryRebound(to: sockaddr.self, capacity: 1) { place in
        bind(listener, place, length) == 0 && listen(listener, 8) == 0
          && getsockname(listener, place, &length) == 0
      }
    }
    guard isListening else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
    address = "http://127.0.0.1:\(UInt16(bigEndian: place.sin_port))"
  }

  private func serve(_ answer: (LocalRequest) -> LocalReply) {
    while true {
      let connection = accept(listener, nil, nil)
      guard connection >= 0 else { break }
      if let request = Self.request(from: connection) {
        seen.withLock { $0.append(request) }
        Self.send(answer(request).bytes, to: connection)
      }
      close(connection)
    }
    close(listener)
  }

  /// Reads up to the empty line.
  private static func request(from connection: Int32) -> LocalRequest? {
    var (bytes, buffer) = ([UInt8](), [UInt8](repeating: 0, count: 4096))
    while !bytes.suffix(4).elementsEqual([13, 10, 13, 10]) {
      let count = recv(connection, &buffer, buffer.count, 0)
      guard count > 0 else { return nil }
      bytes += buffer[..<count]
    }
    return LocalRequest(String(decoding: bytes, as: UTF8.self))
  }

  private static func send(_ bytes: [UInt8], to connection: Int32) {
    #if canImport(Darwin)
      let quietly: Int32 = 0
    #else
      let quietly = Int32(MSG_NOSIGNAL)
    #endif
    var sent = 0
    while sent < bytes.count {
      let count = bytes[sent...].withUnsafeBytes {
        Foundation.send(connection, $0.baseAddress, $0.count, quietly)
      }
      guard count > 0 else { return }
      sent += count
    }
  }
}
