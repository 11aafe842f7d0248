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

extension MetricsGeneratorJob.Outcome {
  /// Adds the findings to the logs of the training that made the network.
  ///
  /// Logs have no place for how a number was made, so that only those of the published kind are
  /// added: as many pictures or paths as the name says, by the rules of stylegan2-ada-pytorch, and
  /// separability of as many attributes as CelebA has.
  ///
  /// - Parameter network: The network's file.
  /// - Returns: The logs; none if the network lies in no folder of a training.
  /// - Throws: `FileError` if a log cannot be written.
  public func addToLogs(of network: String) throws -> [String] {
    let folder = runFolder(of: network)
    guard RunFolder.isRun(folder) else { return [] }
    guard rules.name == .legacy, truncation == 1, noise == .random else { return [] }
    let name = URL(filePath: network).lastPathComponent
    let published = findings.filter { finding in
      MetricRecipe(finding.metric)?.generated == finding.generated
        && finding.attributes?.count ?? CelebAAttributes.names.count == CelebAAttributes.names.count
    }
    return try published.map { try $0.result.log(in: folder, network: name) }
  }
}
