// What `stylist doctor` prints, and how it ends.

import Foundation
import TestSupport
import Testing

@Suite("Doctor command")
struct DoctorCommandTests {
  @Test("says what it found, in groups of lines that fit the terminal")
  func lines() async throws {
    try await withScratchFolder { folder in
      let outcome = try await stylist(["doctor"], in: folder)
      #expect(outcome.exitCode == 0, "\(outcome.stdout)\(outcome.stderr)")
      let lines = outcome.stdout.split(separator: "\n")
      for group in ["libtorch", "machine", "threads", "files", "programs", "operators"] {
        #expect(lines.contains { $0 == group })
      }
      for line in [
        "ok     version", "ok     upfirdn2d", "ok     conv2d, float32", "ok     pictures",
      ] {
        #expect(lines.contains { $0.hasPrefix("  \(line)") }, "\(line)")
      }
      // Commands and paths are not broken.
      #expect(lines.filter { $0.count > 80 }.allSatisfy { $0.contains("/") || $0.contains("$ ") })
      #expect(names(in: folder).isEmpty)
    }
  }

  @Test("the same is there as JSON")
  func json() async throws {
    let report = try await stylist(["doctor", "--json"]).json()
    #expect(Set(report.keys) == ["version", "state", "groups", "operators"])
    let groups = try #require(report["groups"] as? [[String: Any]])
    let check = try #require((groups.first?["checks"] as? [[String: Any]])?.first)
    #expect(check["subject"] as? String == "version" && check["state"] as? String == "ok")
    let operators = try #require(report["operators"] as? [[String: Any]])
    #expect(
      Set(operators[0].keys) == [
        "name", "path", "reason", "reference", "difference", "tolerance", "state",
      ])
  }

  @Test("2: something is wrong, which stderr names on one line")
  func wrong() async throws {
    let outcome = try await stylist(["doctor"], after: "export TMPDIR=/proc/none", in: "/")
    #expect(outcome.exitCode == 2)
    #expect(outcome.stderr == "stylist: not as it should be: temporary folder\n")
    #expect(outcome.stdout.contains("  wrong  temporary folder"))
    #expect(outcome.stdout.contains("$ export TMPDIR="))
  }
}
