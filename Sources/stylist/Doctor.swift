// `stylist doctor`: whether this machine and this installation are right.

import ArgumentParser
import Foundation
import Workbench

/// Shows what was found of libtorch, the machine, threads, files, programs and operators.
struct Doctor: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Say whether this machine and this installation are right.",
    discussion: """
      EXAMPLES
        stylist doctor
        stylist doctor --json

      Looks at libtorch, the machine and its limits, threads, libraries, folders
      and programs, and at the way each operator takes here, which is tried on a
      tiny input beside a plain reference. A line for each:

        ok       as it should be
        note     worth knowing; the command that changes it stands below
        wrong    not as it should be; the command that mends it stands below

      Ends with 0 if nothing is wrong, else with 2. Nothing is left behind.
      """)

  @OptionGroup var output: OutputOptions

  func run() async throws {
    let report = try await interruptible { await DoctorJob().run() }
    try output.print(report, lines: output.json ? [] : Self.lines(report, Terminal.columns))
    let wrong = report.wrongSubjects
    guard wrong.isEmpty else {
      throw CheckFailure("not as it should be: \(wrong.joined(separator: ", "))")
    }
  }

  /// The report as lines for people.
  static func lines(_ report: DoctorReport, _ columns: Int?) -> [String] {
    let subjects = report.groups.flatMap { $0.checks.map(\.subject) } + report.operators.map(\.name)
    let width = subjects.map(\.count).max() ?? 0
    func heading(_ state: DoctorReport.State, _ subject: String) -> String {
      "  \(state.rawValue.filled(to: 6)) \(subject.filled(to: width))  "
    }
    var lines = ["Stylist \(report.version)"]
    for group in report.groups {
      lines += ["", group.name]
      for check in group.checks {
        let heading = heading(check.state, check.subject)
        lines += Terminal.lines(check.found, after: heading, columns: columns)
        if let remedy = check.remedy {
          lines.append(String(repeating: " ", count: heading.count) + "$ \(remedy)")
        }
      }
    }
    lines += ["", "operators"]
    let pathWidth = report.operators.map(\.path.count).max() ?? 0
    for one in report.operators {
      let heading = heading(one.state, one.name) + "\(one.path.filled(to: pathWidth))  "
      let isRight = one.state == .ok
      let verdict = isRight ? "right to rounding" : "differs from \(one.reference)"
      let difference = String(format: "%.0e", one.difference)
      lines += Terminal.lines(
        "\(one.reason); \(verdict), \(difference)", after: heading, columns: columns)
    }
    return lines + ["", conclusion(report)]
  }

  private static func conclusion(_ report: DoctorReport) -> String {
    switch report.state {
    case .ok: "All is as it should be."
    case .note: "Nothing is wrong; there are notes."
    case .wrong: "Something is wrong: look for the lines that say so."
    }
  }
}
