// Every published case: it passes, or its kind is still to come.

import Foundation
import ParityCases
import Testing

private let casesFolder =
  #filePath.split(separator: "/").dropLast().map { "/\($0)" }.joined() + "/Cases"

private let caseNames: [String] =
  ((try? FileManager.default.contentsOfDirectory(atPath: casesFolder)) ?? []).sorted()

// One after the other: some cases hold networks of a gigabyte.
@Suite(.serialized) struct PublishedCaseTests {
  @Test("passes, or is of a kind that nobody computes yet", arguments: caseNames)
  func passesOrIsPending(name: String) throws {
    let folder = "\(casesFolder)/\(name)"
    guard pendingCases.contains(name) else {
      #expect(ParityReport(folder: folder).failures == [])
      return
    }
    let pending = try ParityCase(folder: folder)
    #expect(
      ParityKind.named(pending.kind, of: pending.system) == nil,
      "\(name) can be computed now: take it off the list of pending cases")
  }

  @Test("the cases are there, and the list of pending ones names each at most once")
  func pendingCasesExist() {
    #expect(caseNames.count >= 145)
    #expect(Set(pendingCases).count == pendingCases.count)
    #expect(Set(pendingCases).subtracting(caseNames) == [])
  }
}
