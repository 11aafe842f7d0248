// How often a classifier says of pictures what is true of them.

/// How often a classifier says of each attribute what is true.
///
/// Attributes that few pictures have are told well by saying no; the balanced accuracy, the mean of
/// the shares of those with and of those without that were told right, is ½ for guessing whatever
/// the shares are.
public struct AttributeAgreement: Hashable, Sendable {
  /// One attribute's part.
  public struct Attribute: Hashable, Sendable {
    /// Pictures with the attribute.
    public private(set) var positives = 0
    /// Pictures with the attribute of which it was told.
    public private(set) var truePositives = 0
    /// Pictures without the attribute.
    public private(set) var negatives = 0
    /// Pictures without the attribute of which that was told.
    public private(set) var trueNegatives = 0

    /// The share of pictures that were told right, 0 to 1.
    public var accuracy: Double {
      Double(truePositives + trueNegatives) / Double(positives + negatives)
    }

    /// The mean share of those with and of those without that were told right, 0 to 1; nil if all
    /// pictures are of one kind.
    public var balancedAccuracy: Double? {
      guard positives > 0, negatives > 0 else { return nil }
      let shares = [
        Double(truePositives) / Double(positives), Double(trueNegatives) / Double(negatives),
      ]
      return (shares[0] + shares[1]) / 2
    }

    /// Counts a picture.
    mutating func add(told: Bool, isTrue: Bool) {
      if isTrue {
        positives += 1
        truePositives += told ? 1 : 0
      } else {
        negatives += 1
        trueNegatives += told ? 0 : 1
      }
    }
  }

  /// The parts, in the order of the logits.
  public private(set) var attributes: [Attribute]

  /// No pictures yet.
  ///
  /// - Parameter count: How many attributes there are.
  public init(count: Int) { attributes = Array(repeating: Attribute(), count: count) }

  /// Counts pictures.
  ///
  /// - Shape: N pictures, K attributes, picture by picture.
  /// - Parameters:
  ///   - logits: What the classifier says, N · K numbers: yes where positive.
  ///   - labels: What is true, N · K numbers: yes where positive.
  public mutating func add(logits: [Float], labels: [Float]) {
    precondition(
      logits.count == labels.count && logits.count.isMultiple(of: attributes.count),
      "\(logits.count) logits for \(labels.count) labels of \(attributes.count) attributes")
    for (place, (logit, label)) in zip(logits, labels).enumerated() {
      attributes[place % attributes.count].add(told: logit > 0, isTrue: label > 0)
    }
  }

  /// The mean accuracy of all attributes.
  public var accuracy: Double {
    attributes.reduce(0) { $0 + $1.accuracy } / Double(attributes.count)
  }

  /// The mean balanced accuracy of the attributes of which there are both kinds; nil if there are
  /// none.
  public var balancedAccuracy: Double? {
    let shares = attributes.compactMap(\.balancedAccuracy)
    return shares.isEmpty ? nil : shares.reduce(0, +) / Double(shares.count)
  }
}
