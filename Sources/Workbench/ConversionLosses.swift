// What a converted network does not keep of the one that it was made from.

import Checkpoints
import Formats
import Foundation
import Networks

/// What a network read from a new file does not share with its source.
struct ConversionLosses {
  /// What is lost, a line each.
  let remarks: [String]
  /// Whether the new file holds no mean of w, or that of another generator instead.
  let losesMean: Bool

  /// Compares every tensor and every value of the configuration.
  ///
  /// - Parameters:
  ///   - role: What the networks are in training.
  ///   - network: The source.
  ///   - converted: What the new file holds of it.
  ///   - keptMean: Which mean of w the form keeps.
  /// - Throws: `FileError` if a tensor cannot be read.
  init(
    of role: String, _ network: Checkpoint.Network, in converted: Checkpoint.Network,
    keptMean: ConvertJob.Form.KeptMean
  ) throws {
    var remarks: [String] = []
    var tensors = try network.changedNames(in: converted)
    let means: Set = ["mapping.w_avg", "style.w_avg"]
    losesMean = keptMean != .own && tensors.contains(where: means.contains)
    if losesMean {
      tensors.removeAll(where: means.contains)
      let room = keptMean == .ofAverage ? "one mean, that of G_ema" : "no mean"
      remarks.append(
        "\(role): its mean of w is not kept, since the form has \(room); its "
          + "content hash and its truncated pictures change, so it was compared without truncation")
    }
    if !tensors.isEmpty {
      remarks.append("\(role): \(shortened(tensors)) changed, and with that its content hash")
    }
    let values = try network.configuration.changedValues(in: converted.configuration)
    if !values.isEmpty {
      remarks.append("\(role): not kept: \(values.joined(separator: ", "))")
    }
    self.remarks = remarks
  }
}

extension NetworkConfiguration {
  /// The values that another configuration has otherwise, as in `convClamp 256, now the default`.
  fileprivate func changedValues(in other: any NetworkConfiguration) throws -> [String] {
    let (before, after) = (try values(), try other.values())
    return Set(before.keys).union(after.keys).sorted().compactMap { name in
      let (old, new) = (before[name] ?? "the default", after[name] ?? "the default")
      return old == new ? nil : "\(name) \(old), now \(new)"
    }
  }

  /// The values by name, as text; those that are nil are not there.
  fileprivate func values() throws -> [String: String] {
    func flat(_ object: Any, at path: String) -> [String: String] {
      guard let members = object as? [String: Any] else { return [path: "\(object)"] }
      var values: [String: String] = [:]
      for (name, value) in members {
        values.merge(flat(value, at: path.isEmpty ? name : "\(path).\(name)")) { $1 }
      }
      return values
    }
    return flat(try JSONSerialization.jsonObject(with: Data(canonicalJSON().utf8)), at: "")
  }
}
