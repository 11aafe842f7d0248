// The list of published data sets, and the fetching of all files of one.

import Fetching
import Formats
import Foundation
import Synchronization
import TestSupport
import Testing

@Suite("Published data sets to fetch")
struct FetchableDatasetTests {
  @Test("each has a name of its own, terms, a page, and files under different names")
  func list() {
    let all = FetchableDataset.all
    #expect(Set(all.map(\.name)).count == all.count)
    for dataset in all {
      #expect(FetchableDataset.named(dataset.name.uppercased()) == dataset)
      #expect(dataset.page.hasPrefix("http"))
      #expect(!dataset.terms.isEmpty)
      #expect(Set(dataset.files.map(\.name)).count == dataset.files.count)
      #expect(dataset.files.allSatisfy { $0.byteCount > 0 })
    }
    #expect(FetchableDataset.named("cifar") == nil)
    #expect(FetchableDataset.named("mnist")?.byteCount == 11_594_722)
  }

  private static func files(_ count: Int) -> [String: [UInt8]] {
    Dictionary(
      uniqueKeysWithValues: (0..<count).map {
        ("/part\($0).bin", noise(width: 1000, height: 1 + $0, channels: 1, seed: 3).pixels)
      })
  }

  @Test("all files come into one folder, in their order, and only those that are not there")
  func fetching() async throws {
    let files = Self.files(3)
    try await withScratchFolder { folder in
      try await LocalServer.run {
        files[$0.path].map { .whole($0) } ?? .notFound
      } _: { server in
        let dataset = FetchableDataset(
          name: "parts", title: "Parts", page: "https://example.org", terms: "none",
          files: [
            RemoteFile(
              url: "https://example.org/part0.bin", byteCount: 1000,
              digest: .md5("89199056497d2c397fbf94e4fb8dfd84")),
            RemoteFile(
              url: "https://example.org/part1.bin", byteCount: 2000,
              digest: .md5("8618e399ab03402ddd92647845f0019a")),
            RemoteFile(
              url: "https://example.org/part2.bin", byteCount: 3000,
              digest: .md5("0774c47f1c10ac68e63bea0fe830023c")),
          ], source: nil
        ).mirrored(at: server.address)
        let place = "\(folder)/new/parts"
        let fetch = DatasetFetch(dataset, to: place)
        #expect(fetch.plan.files.allSatisfy { $0.outcome == nil })
        #expect(names(in: folder).isEmpty && server.requests.isEmpty)

        let counts = Mutex<[Int]>([])
        let summary = try await fetch.run { done, before in
          #expect(before == 0)
          counts.withLock { $0.append(done) }
        }
        #expect(summary.files.map(\.outcome) == [.fetched, .fetched, .fetched])
        #expect(summary.source == place)
        #expect(counts.withLock { $0.first == 0 && $0.last == 6000 && $0 == $0.sorted() })
        #expect(names(in: place) == ["part0.bin", "part1.bin", "part2.bin"])
        #expect(server.requests.map(\.path) == ["/part0.bin", "/part1.bin", "/part2.bin"])

        try FileManager.default.removeItem(atPath: "\(place)/part1.bin")
        let again = try await fetch.run { done, before in
          #expect(before == 4000 && done >= 4000)
        }
        #expect(again.files.map(\.outcome) == [.wasThere, .fetched, .wasThere])
        #expect(server.requests.count == 4)
      }
    }
  }
}
