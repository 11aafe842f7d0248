// Which networks of a training are removed: never those that somebody may need.

import Formats
import Foundation
import TestSupport
import Testing
import Workbench

@Suite("Pruning runs") struct RunPruneTests {
  /// A folder with networks of so many kimg, and what else is given.
  private func run(
    _ folder: String, kimg: [Int], states: [Int] = [], logs: [String: String] = [:]
  ) throws -> String {
    let run = "\(folder)/00000-a"
    try FileManager.default.createDirectory(atPath: run, withIntermediateDirectories: true)
    for kimg in kimg { try put(Array("network".utf8), at: "\(run)/\(network(kimg))") }
    for kimg in states {
      try put([1], at: "\(run)/training-state-\(String(network(kimg).dropFirst(17)))")
    }
    for (name, text) in logs { try put(Array(text.utf8), at: "\(run)/\(name)") }
    for name in ["stats.jsonl", "fakes000020.png", "network-snapshot-000020.pkl"] {
      try put([1], at: "\(run)/\(name)")
    }
    let options = """
      {"command": "stylist train gan", "version": "0.1.0",
       "options": {"cfg": "auto", "changes": {}, "seed": 0, "threads": 1,
         "data": {"channels": 3, "count": 20, "label_dim": 0, "mirror": false, "name": "data",
           "resolution": 16, "source": "portraits"}},
       "schedule": {"kept_states": 2, "kimg": 1, "kimg_per_tick": 1, "ticks_per_snapshot": 2}}
      """
    try put(Array(options.utf8), at: "\(run)/training_options.json")
    return run
  }

  private func network(_ kimg: Int) -> String {
    "network-snapshot-" + String(repeating: "0", count: 6 - "\(kimg)".count) + "\(kimg).safetensors"
  }

  /// The kimg of networks that are left, and how many other files.
  private func left(in run: String) -> (kimg: [Int], others: Int) {
    let names = names(in: run)
    let kimg = names.compactMap {
      $0.wholeMatch(of: /network-snapshot-([0-9]+)\.safetensors/).flatMap { Int($0.1) }
    }
    return (kimg, names.count - kimg.count)
  }

  @Test("the newest stay, those of states, and as many more as a rule says")
  func rules() throws {
    try withScratchFolder { folder in
      let run = try run(folder, kimg: [0, 20, 40, 60, 80, 100, 120], states: [80, 100])
      var rule = PruningRule()
      (rule.newest, rule.everyKimg) = (2, 50)
      let plan = try RunPruneJob(rule).plan(run)
      #expect(left(in: run).kimg.count == 7)
      #expect(plan.removed.map(\.file) == ["\(run)/\(network(40))", "\(run)/\(network(20))"])
      #expect(plan.bytes == 14)
      let outcome = try RunPruneJob(rule).run(run)
      #expect(outcome.removed == plan.removed)
      #expect(
        outcome.kept.map(\.reasons) == [
          ["newest"], ["newest", "every 50 kimg", "state"], ["state"], ["every 50 kimg"],
          ["every 50 kimg"],
        ])
      // Four others, and two states.
      #expect(left(in: run) == ([0, 60, 80, 100, 120], 6))
      #expect(try RunPruneJob(rule).run(run).removed.isEmpty)
      _ = try RunPruneJob(PruningRule()).run(run)
      #expect(left(in: run) == ([80, 100, 120], 6))
    }
  }

  @Test("the best of every metric stays, whether less or more is better")
  func best() throws {
    try withScratchFolder { folder in
      func line(_ name: String, _ value: Double, _ kimg: Int) -> String {
        "{\"results\":{\"\(name)\":\(value)},\"snapshot_pkl\":\"\(network(kimg))\"}\n"
      }
      let run = try run(
        folder, kimg: [20, 40, 60, 80],
        logs: [
          "metric-fid1k.jsonl": line("fid1k", 9, 20) + line("fid1k", 5, 40) + line("fid1k", 7, 60),
          "metric-verification.jsonl": line("verification_auc", 0.9, 20)
            + line("verification_auc", 0.7, 40),
          "metric-attributes.jsonl": line("attribute_Bald", 0.9, 60),
        ])
      let outcome = try RunPruneJob(PruningRule()).run(run)
      #expect(
        outcome.kept.map(\.reasons) == [["newest"], ["best fid1k"], ["best verification_auc"]])
      #expect(left(in: run).kimg == [20, 40, 80])
    }
  }

  @Test("nothing is removed while a metric's log cannot be read, and no link ever")
  func refusals() throws {
    try withScratchFolder { folder in
      let run = try run(folder, kimg: [20, 40], logs: ["metric-fid1k.jsonl": "{}\n"])
      let error = #expect(throws: FileError.self) { try RunPruneJob(PruningRule()).run(run) }
      #expect(error?.kind == .damaged && "\(error as Any)".contains("in line 1"))
      #expect(left(in: run).kimg == [20, 40])
      try FileManager.default.removeItem(atPath: "\(run)/metric-fid1k.jsonl")
      try put([7], at: "\(folder)/elsewhere")
      try FileManager.default.createSymbolicLink(
        atPath: "\(run)/\(network(10))", withDestinationPath: "\(folder)/elsewhere")
      _ = try RunPruneJob(PruningRule()).run(run)
      #expect(left(in: run).kimg == [10, 40])
      // A folder of something else, and one whose options are cut off.
      for options in [nil, "{\"comm"] as [String?] {
        try FileManager.default.removeItem(atPath: "\(run)/training_options.json")
        if let options { try put(Array(options.utf8), at: "\(run)/training_options.json") }
        let error = #expect(throws: FileError.self) { try RunPruneJob(PruningRule()).run(run) }
        #expect(error?.kind == (options == nil ? .missing : .damaged))
        if options == nil { try put([], at: "\(run)/training_options.json") }
      }
      #expect(left(in: run).kimg == [10, 40])
      for (newest, every) in [(0, nil), (1, 0)] {
        var rule = PruningRule()
        (rule.newest, rule.everyKimg) = (newest, every)
        #expect(throws: RequestError.self) { try RunPruneJob(rule) }
      }
    }
  }
}
