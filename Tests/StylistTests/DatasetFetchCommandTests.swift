// `stylist dataset fetch`: what is asked of people, what is said of servers, and what stays on disk.

import Foundation
import TestSupport
import Testing

@Suite("Fetching data sets at the command line")
struct DatasetFetchCommandTests {
  private func fetch(_ arguments: [String], in folder: String) async throws -> Outcome {
    try await stylist(["dataset", "fetch"] + arguments, in: folder)
  }

  @Test("without a name all are listed with their terms, also as JSON")
  func list() async throws {
    let listed = try await stylist(["dataset", "fetch"])
    #expect(listed.exitCode == 0, "\(listed.stderr)")
    #expect(listed.stdout.contains("cifar10: CIFAR-10, 170 MB, checked by SHA-256\n"))
    #expect(listed.stdout.contains("stl10: STL-10, 2640 MB, checked by MD5\n"))
    #expect(listed.stdout.contains("ffhq: FFHQ, not fetched, but given by its authors to who asks"))
    #expect(listed.stdout.contains("  terms: MIT, Zalando SE\n"))
    let json = try await stylist(["dataset", "fetch", "--json"])
    let all = try #require(
      try JSONSerialization.jsonObject(with: Data(json.stdout.utf8)) as? [[String: Any]])
    #expect(all.first?["name"] as? String == "cifar10")
  }

  @Test("nothing is fetched before its terms are accepted; a dry run shows them and asks nobody")
  func terms() async throws {
    try await withScratchFolder { folder in
      try await LocalServer.run { _ in
        .notFound
      } _: { server in
        let from = "--from=\(server.address)"
        expect(
          try await fetch(["mnist", from], in: folder), endsWith: 64,
          saying: "Creative Commons Attribution-Share Alike 3.0")
        let planned = try await fetch(["mnist", from, "-n"], in: folder)
        #expect(planned.exitCode == 0, "\(planned.stderr)")
        #expect(
          planned.stdout.hasPrefix(
            "mnist/train-images-idx3-ubyte.gz: 9.9 MB, would be fetched from \(server.address)/"
              + "train-images-idx3-ubyte.gz, SHA-256 440fcabf"))
        #expect(planned.stdout.contains("\nterms: Creative Commons"))
        #expect(
          planned.stdout.hasSuffix(
            "stylist dataset create --source=mnist --dest=FILE.zip\n"))
        #expect(server.requests.isEmpty)
        #expect(names(in: folder).isEmpty)
        let secret = try await fetch(
          ["mnist", "--from=http://me:secret@a.org/b", "-n", "--json"], in: folder)
        #expect(secret.stdout.contains("\"http://***@a.org/b/train-images"), "\(secret.stdout)")
        #expect(!secret.stdout.contains("secret"))
      }
    }
  }

  @Test("requests that cannot be met are one line, with what would do")
  func requests() async throws {
    try await withScratchFolder { folder in
      for (arguments, words) in [
        (["cifar"], "found cifar; did you mean cifar10?"),
        (["celeba", "--accept-licence"], "see https://mmlab.ie.cuhk.edu.hk"),
        (["mnist", "--accept-licence", "--from=ftp://a"], "--from: expected an address with http"),
        (["mnist", "--from=http://", "-n"], "--from: expected an address with the name of a host"),
        (["mnist", "--from=ftp://u:p@a"], "https://, found ftp://***@a"),
      ] {
        expect(try await fetch(arguments, in: folder), endsWith: 64, saying: words)
      }
      #expect(names(in: folder).isEmpty)
    }
  }

  @Test("an absent file ends with 69, other bytes or more with 65, and none leaves a file")
  func servers() async throws {
    try await withScratchFolder { folder in
      try await LocalServer.run { request in
        switch request.path.split(separator: "/").first {
        case "other": .whole([UInt8](repeating: 7, count: 9_912_422))
        case "short": .whole([7])
        default: .notFound
        }
      } _: { server in
        let absent = try await fetch(
          ["mnist", "--accept-license", "--from=\(server.address)"], in: folder)
        #expect(absent.exitCode == 69)
        #expect(absent.stdout.isEmpty)
        #expect(
          absent.words.last?.hasSuffix("expected the file, found 404 Not Found") == true,
          "\(absent.stderr)")
        #expect(names(in: "\(folder)/mnist").isEmpty)
        let other = try await fetch(
          ["mnist", "--accept-licence", "--from=\(server.address)/other/", "--dest=here"],
          in: folder)
        #expect(other.exitCode == 65)
        #expect(
          other.words.last?.contains("here/train-images-idx3-ubyte.gz: damaged: expected SHA-256")
            == true, "\(other.stderr)")
        #expect(other.stderr.contains("\"unit\":\"kB\""))
        #expect(names(in: "\(folder)/here").isEmpty)
        // Before the first byte nobody knows how fast it will be.
        let first = try #require(
          other.stderr.split(separator: "\n").first { $0.contains("\"done\":0,") })
        #expect(first.contains("\"per_second\":null") && first.contains("\"seconds_left\":null"))
        let short = try await fetch(
          ["mnist", "--accept-licence", "--from=\(server.address)/short", "--dest=here"],
          in: folder)
        #expect(short.exitCode == 65)
        #expect(short.words.last?.hasSuffix("expected 9912422 bytes, found 1") == true)
      }
    }
  }
}
