// Findings of metrics in the logs of trainings.

import Foundation
import Metrics
import Networks
import Training

extension MetricsGeneratorJob.Finding {
  /// The finding as the logs of trainings have it.
  var result: MetricResult {
    MetricResult(metric: metric, results: results, seconds: seconds)
  }
}

extension MetricsGeneratorJob {
  /// What would be done, a line for each metric.
  public var planLines: [String] {
    metrics.map { metric in
      let count = grouped(metric.generated)
      let work =
        switch metric.kind {
        case .pathLength: "\(count) paths"
        case .separability: "\(count) pictures, judged by each classifier"
        default: "\(count) generated pictures"
        }
      guard metric.needsData, let data else { return "\(metric): \(work)" }
      let real = metric.realLimit.map { "at most \(grouped($0))" } ?? "all"
      return "\(metric): \(work), against \(real) of \(data.source)"
    }
  }
}

extension MetricsGeneratorJob.Outcome {
  /// Adds the findings to the logs of the training that made the network.
  ///
  /// Logs have no place for how a number was made, so that only those of the published kind are
  /// added: as many pictures or paths as the name says, by the rules of stylegan2-ada-pytorch, and
  /// separability of as many attributes as CelebA has; and only what was compared with the data of the
  /// training.
  ///
  /// - Parameter network: The network's file; models that come with the program have no logs.
  /// - Returns: The logs, and what was not added to them, a line each; neither if the network lies
  ///   in no folder of a training.
  /// - Throws: `FileError` if a log cannot be written.
  public func addToLogs(of network: String) throws -> (logs: [String], remarks: [String]) {
    let folder = runFolder(of: network)
    guard (try? ShippedModels.file(network)) == network, let record = try? RunRecord(in: folder)
    else { return ([], []) }
    let own = MetricData(record.options)
    let name = URL(filePath: network).lastPathComponent
    var (logs, remarks): ([String], [String]) = ([], [])
    for finding in findings {
      if let objection = objection(to: finding, in: own) {
        remarks.append("\(finding.metric) is not added to the logs of \(folder): \(objection)")
      } else {
        logs.append(try finding.result.log(in: folder, network: name))
      }
    }
    return (logs, remarks)
  }

  /// Why a finding is not of the published kind; nil if it is.
  private func objection(
    to finding: MetricsGeneratorJob.Finding, in own: MetricData
  ) -> String? {
    let (usual, names) = (
      MetricRecipe(finding.metric)?.generated ?? finding.generated, CelebAAttributes.names.count
    )
    if rules.name != .legacy { return "it follows the rules of \(rules.name.rawValue)" }
    if truncation != 1 { return "its pictures are truncated" }
    if noise != .random { return "its noise is not drawn anew" }
    if finding.generated != usual {
      return "it takes \(grouped(finding.generated)) samples, not \(grouped(usual))"
    }
    if let recipe = MetricRecipe(finding.metric), recipe.needsData,
      comparedWith?.isSame(as: own, isFull: recipe.isFull) != true
    {
      return "it is compared with other data than that of the training"
        + (recipe.isFull ? "" : ", mirrored and chosen as there")
    }
    if let found = finding.attributes?.count, found != names {
      return "it is of \(found) attributes, not \(names)"
    }
    return nil
  }
}
