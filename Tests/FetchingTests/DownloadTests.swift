// Downloads from a server on this machine: whole, broken off, gone on with, and refused.

import Fetching
import Formats
import Foundation
import Synchronization
import TestSupport
import Testing

/// 300,000 bytes, and what is known of them.
private let content = noise(width: 1000, height: 100, channels: 3, seed: 4).pixels
private let hash = ContentDigest.sha256(
  "a8414c1510f968cf7e640b3ddd2adeaa2fd3c79a1629d82f365cd67f5eb341b9")

@Suite("Downloads")
struct DownloadTests {
  /// How a download ended, and the highest count that it reported.
  private func fetch(
    _ url: String, as digest: ContentDigest = hash, byteCount: Int = content.count,
    in folder: String
  ) async throws -> (outcome: Download.Outcome, counts: [Int]) {
    var download = Download(
      RemoteFile(url: url, byteCount: byteCount, digest: digest), to: "\(folder)/a.bin")
    download.pause = .zero
    let counts = Mutex<[Int]>([])
    let outcome = try await download.run { count in counts.withLock { $0.append(count) } }
    return (outcome, counts.withLock(\.self))
  }

  private func bytes(_ path: String) throws -> [UInt8] { try ByteRegion(mapping: path).copy() }

  private func expectRefusal<Failure: Error>(
    _ type: Failure.Type, saying words: String, exitCode: Int32? = nil,
    sourceLocation: SourceLocation = #_sourceLocation, from body: () async throws -> Void
  ) async {
    let error = await #expect(throws: type, sourceLocation: sourceLocation) { try await body() }
    let line = error.map { "\($0)" } ?? ""
    #expect(line.contains(words), "\(line)", sourceLocation: sourceLocation)
    #expect(!line.contains { $0.isNewline }, sourceLocation: sourceLocation)
    // The libraries' own words are for programmers.
    for name in ["NIO", "HTTPClientError", "HTTPParser", "IOError"] {
      #expect(!line.contains(name), "\(line)", sourceLocation: sourceLocation)
    }
    guard let exitCode else { return }
    #expect((error as? FetchError)?.exitCode == exitCode, sourceLocation: sourceLocation)
  }

  @Test("a file is received whole, reported on the way, and not received a second time")
  func whole() async throws {
    try await withScratchFolder { folder in
      try await LocalServer.run { _ in
        .whole(content)
      } _: { server in
        let url = "\(server.address)/sets/a.bin"
        let (outcome, counts) = try await fetch(url, in: folder)
        #expect(outcome == .fetched)
        #expect(counts.first == 0 && counts.last == content.count && counts == counts.sorted())
        #expect(try bytes("\(folder)/a.bin") == content)
        #expect(names(in: folder) == ["a.bin"])
        #expect(server.requests.map(\.path) == ["/sets/a.bin"])
        #expect(server.requests[0].headers["range"] == nil)

        let again = try await fetch(url, in: folder)
        #expect(again.outcome == .wasThere)
        #expect(again.counts == [content.count])
        #expect(server.requests.count == 1)
      }
    }
  }

  @Test("a connection that breaks is made again, for what was not kept")
  func broken() async throws {
    try await withScratchFolder { folder in
      let rounds = Mutex(0)
      let answer: @Sendable (LocalRequest) -> LocalReply = { request in
        let round = rounds.withLock { round in
          round += 1
          return round
        }
        return .rest(content, from: request.start, cut: round < 3 ? 100_000 : nil)
      }
      try await LocalServer.run(answer) { server in
        let (outcome, counts) = try await fetch("\(server.address)/a.bin", in: folder)
        #expect(outcome == .fetched)
        #expect(counts == counts.sorted())
        #expect(try bytes("\(folder)/a.bin") == content)
        // How much of a broken answer is kept is up to the system; it is never asked for again.
        let starts = server.requests.map(\.start)
        #expect(starts.count == 3)
        #expect(starts == starts.sorted() && Set(starts).isSubset(of: counts))
      }
    }
  }

  @Test("what an earlier run received is gone on with, and nothing of it is asked for again")
  func earlierRun() async throws {
    try await withScratchFolder { folder in
      try put(Array(content[..<123_456]), at: "\(folder)/a.bin.part")
      try await LocalServer.run {
        .rest(content, from: $0.start)
      } _: { server in
        let (outcome, counts) = try await fetch("\(server.address)/a.bin", in: folder)
        #expect(outcome == .fetched)
        #expect(counts.first == 123_456)
        #expect(server.requests.map { $0.headers["range"] } == ["bytes=123456-"])
        #expect(try bytes("\(folder)/a.bin") == content)
        #expect(names(in: folder) == ["a.bin"])
      }
      // All of it may be there already, but for its name.
      try FileManager.default.moveItem(
        atPath: "\(folder)/a.bin", toPath: "\(folder)/a.bin.part")
      let nobody = "http://127.0.0.1:1/a.bin"
      let last = try await fetch(nobody, in: folder).outcome
      #expect(last == .fetched)
      #expect(names(in: folder) == ["a.bin"])
    }
  }

  @Test("a server that knows no ranges sends the whole, which takes the place of what was there")
  func withoutRanges() async throws {
    try await withScratchFolder { folder in
      try put([UInt8](repeating: 9, count: 5000), at: "\(folder)/a.bin.part")
      try await LocalServer.run { _ in
        .whole(content)
      } _: { server in
        let (outcome, _) = try await fetch("\(server.address)/a.bin", in: folder)
        #expect(outcome == .fetched)
        #expect(server.requests.map { $0.headers["range"] } == ["bytes=5000-"])
        #expect(try bytes("\(folder)/a.bin") == content)
      }
      // Nor is anything made of what is longer than the file.
      try FileManager.default.removeItem(atPath: "\(folder)/a.bin")
      try put([UInt8](repeating: 9, count: 400_000), at: "\(folder)/a.bin.part")
      try await LocalServer.run {
        .rest(content, from: $0.start)
      } _: { server in
        let last = try await fetch("\(server.address)/a.bin", in: folder).outcome
        #expect(last == .fetched)
        #expect(server.requests.map { $0.headers["range"] } == [nil])
      }
    }
  }

  @Test("another content than the published one is refused and removed")
  func wrongHash() async throws {
    try await withScratchFolder { folder in
      var other = content
      other[200_000] ^= 1
      let wrong = other
      try await LocalServer.run {
        .rest(wrong, from: $0.start)
      } _: { server in
        let url = "\(server.address)/a.bin"
        await expectRefusal(FileError.self, saying: "a.bin: damaged: expected SHA-256") {
          _ = try await fetch(url, in: folder)
        }
        #expect(names(in: folder).isEmpty)
        // With MD5, too.
        await expectRefusal(FileError.self, saying: "a.bin: damaged: expected MD5") {
          _ = try await fetch(url, as: .md5(String(repeating: "0", count: 32)), in: folder)
        }
        #expect(names(in: folder).isEmpty)
      }
    }
  }

  @Test("MD5 is as good where nothing else was published")
  func md5() async throws {
    try await withScratchFolder { folder in
      try await LocalServer.run { _ in
        .whole(content)
      } _: { server in
        let digest = ContentDigest.md5("1eeaf06828a8028857ace2fb35d579b4")
        let (outcome, _) = try await fetch("\(server.address)/a.bin", as: digest, in: folder)
        #expect(outcome == .fetched)
      }
    }
  }

  @Test("what a server says is said, asked again only if it may pass, and never taken for a file")
  func statuses() async throws {
    try await withScratchFolder { folder in
      try await LocalServer.run { request in
        switch request.path {
        case "/busy.bin": LocalReply(status: "503 Service Unavailable")
        case "/short.bin": .whole(Array(content[..<1000]))
        case "/long.bin": .whole(content + [0])
        default: .notFound
        }
      } _: { server in
        for (name, words, count, exitCode) in [
          ("absent.bin", "expected the file, found 404 Not Found", 1, 69),
          ("busy.bin", "found 503 Service Unavailable", 4, 69),
          ("short.bin", "expected 300000 bytes, found 1000", 1, 65),
          ("long.bin", "expected 300000 bytes, found 300001", 1, 65),
        ] as [(String, String, Int, Int32)] {
          let before = server.requests.count
          await expectRefusal(FetchError.self, saying: words, exitCode: exitCode) {
            _ = try await fetch("\(server.address)/\(name)", in: folder)
          }
          #expect(server.requests.count - before == count, "\(name)")
          #expect(!names(in: folder).contains("a.bin"))
        }
      }
    }
  }

  @Test("a body without a length ends where the file does, not where the server likes")
  func endless() async throws {
    try await withScratchFolder { folder in
      let head = Array("61A80\r\n".utf8)  // 400,000 bytes follow.
      try await LocalServer.run { _ in
        LocalReply(
          headers: [("Transfer-Encoding", "chunked")], withoutLength: true,
          body: head + content + [UInt8](repeating: 0, count: 100_000)
            + Array("\r\n0\r\n\r\n".utf8))
      } _: { server in
        await expectRefusal(
          FetchError.self, saying: "expected 300000 bytes, found more", exitCode: 65
        ) {
          _ = try await fetch("\(server.address)/a.bin", in: folder)
        }
        // Nothing of it is gone on with.
        #expect(names(in: folder).isEmpty)
        try put(Array(content[..<100_000]), at: "\(folder)/a.bin.part")
        await expectRefusal(FetchError.self, saying: "found more", exitCode: 65) {
          _ = try await fetch("\(server.address)/a.bin", in: folder)
        }
        #expect(names(in: folder).isEmpty)
      }
    }
  }

  @Test("a name and a password in the address are told to the server, and to nobody else")
  func password() async throws {
    try await withScratchFolder { folder in
      try await LocalServer.run { request in
        request.headers["authorization"] == "Basic dTpwOnc=" ? .whole(content) : .notFound
      } _: { server in
        let (start, host) = ("http://", server.address.dropFirst(7))
        let outcome = try await fetch("\(start)u:p%3Aw@\(host)/a.bin", in: folder).outcome
        #expect(outcome == .fetched)
        try await withScratchFolder { other in
          await expectRefusal(
            FetchError.self, saying: "http://***@\(host)/a.bin: expected the file, found 404"
          ) {
            _ = try await fetch("\(start)u:secret@\(host)/a.bin", in: other)
          }
          await expectRefusal(FileError.self, saying: " of http://***@\(host)/a.bin, found") {
            _ = try await fetch(
              "\(start)u:p%3Aw@\(host)/a.bin", as: .md5(String(repeating: "0", count: 32)),
              in: other)
          }
        }
      }
    }
    for (address, shown) in [
      ("https://a.org/b@c/d", "https://a.org/b@c/d"),
      ("https://key@a.org/b", "https://***@a.org/b"),
      ("http://u:p@q@a.org:80/b", "http://***@a.org:80/b"), ("u:p@a.org", "***@a.org"),
      ("http://u:p/q@a.org/b", "http://***@a.org/b"), ("http://[::1]:80/b", "http://[::1]:80/b"),
    ] {
      #expect(RemoteFile.shown(address) == shown)
    }
  }

  @Test("a connection that always breaks is said in words")
  func alwaysBroken() async throws {
    try await withScratchFolder { folder in
      for cut in [0, 10] {
        try await LocalServer.run { _ in
          .whole(content, cut: cut)
        } _: { server in
          var download = Download(
            RemoteFile(
              url: "\(server.address)/a.bin", byteCount: content.count,
              digest: .md5(String(repeating: "0", count: 32))), to: "\(folder)/a.bin")
          (download.pause, download.tries) = (.zero, 2)
          let ready = download
          await expectRefusal(FetchError.self, saying: "expected its bytes, found a", exitCode: 69)
          {
            _ = try await ready.run { _ in }
          }
        }
      }
    }
  }

  @Test("another part than the one that was asked for is refused, and what was there stays")
  func wrongRange() async throws {
    try await withScratchFolder { folder in
      let start = Array(content[..<1000])
      try put(start, at: "\(folder)/a.bin.part")
      try await LocalServer.run { _ in
        .rest(content, from: 2000)
      } _: { server in
        await expectRefusal(
          FetchError.self,
          saying: "expected bytes 1000-299999/300000, found bytes 2000-299999/300000"
        ) {
          _ = try await fetch("\(server.address)/a.bin", in: folder)
        }
      }
      #expect(try bytes("\(folder)/a.bin.part") == start)
      // Nor is it given up for a whole that is another's, such as a page that asks to log in.
      try await LocalServer.run { _ in
        .whole([1, 2, 3])
      } _: { server in
        await expectRefusal(
          FetchError.self, saying: "expected 300000 bytes, found 3", exitCode: 65
        ) {
          _ = try await fetch("\(server.address)/a.bin", in: folder)
        }
      }
      #expect(try bytes("\(folder)/a.bin.part") == start)
    }
  }

  @Test("redirections are followed, and the rest is asked for behind them too")
  func redirected() async throws {
    try await withScratchFolder { folder in
      try put(Array(content[..<70_000]), at: "\(folder)/a.bin.part")
      try await LocalServer.run { request in
        request.path == "/old/a.bin"
          ? .redirect(to: "/new/a.bin") : .rest(content, from: request.start)
      } _: { server in
        let last = try await fetch("\(server.address)/old/a.bin", in: folder).outcome
        #expect(last == .fetched)
        #expect(server.requests.map(\.path) == ["/old/a.bin", "/new/a.bin"])
        #expect(server.requests.last?.headers["range"] == "bytes=70000-")
      }
    }
  }

  @Test("a file of another content, a folder or a link in the way is left as it is")
  func occupied() async throws {
    try await withScratchFolder { folder in
      let nobody = "http://127.0.0.1:1/a.bin"
      try put([1, 2, 3], at: "\(folder)/a.bin")
      await expectRefusal(FileError.self, saying: "does not fit: expected a free name, or the file")
      {
        _ = try await fetch(nobody, in: folder)
      }
      #expect(try bytes("\(folder)/a.bin") == [1, 2, 3])

      try FileManager.default.removeItem(atPath: "\(folder)/a.bin")
      try FileManager.default.createSymbolicLink(
        atPath: "\(folder)/a.bin.part", withDestinationPath: "\(folder)/elsewhere")
      await expectRefusal(FileError.self, saying: "a.bin.part: cannot be created") {
        _ = try await fetch(nobody, in: folder)
      }
      #expect(names(in: folder) == ["a.bin.part"])
    }
  }

  @Test("a server that is not there is said at once")
  func nobody() async throws {
    try await withScratchFolder { folder in
      let refused =
        "http://127.0.0.1:1/a.bin: expected its bytes, found no server: connection refused"
      await expectRefusal(FetchError.self, saying: refused) {
        _ = try await fetch("http://127.0.0.1:1/a.bin", in: folder)
      }
      #expect(!names(in: folder).contains("a.bin"))
    }
  }

  @Test("a download that is cancelled leaves what it received, and the next goes on")
  func cancelled() async throws {
    try await withScratchFolder { folder in
      try await LocalServer.run {
        .rest(content, from: $0.start)
      } _: { server in
        let file = RemoteFile(
          url: "\(server.address)/a.bin", byteCount: content.count, digest: hash)
        let download = Download(file, to: "\(folder)/a.bin")
        let task = Task {
          try await download.run { count in
            if count > 0 { withUnsafeCurrentTask { $0?.cancel() } }
          }
        }
        await #expect(throws: (any Error).self) { try await task.value }
        let received = try bytes("\(folder)/a.bin.part")
        #expect(!received.isEmpty && content.starts(with: received))
        let last = try await fetch(file.url, in: folder).outcome
        #expect(last == .fetched)
        #expect(try bytes("\(folder)/a.bin") == content)
      }
    }
  }
}
