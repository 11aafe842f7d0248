// Whose pictures are learned from, and whose are held out.

package import Datasets
package import Networks

/// The pictures of a data set by the people whom they show, the last people held out.
package struct PeopleSplit {
  /// The fewest people that can be held out: two in each half of a verification.
  package static let fewestHeldOut = 4

  /// The pictures that are learned from.
  package let learned: [Int]
  /// The place of each of their people, from 0, by the number of the person.
  let places: [Int: Int]
  /// The pictures of each person held out.
  package let heldOut: [[Int]]

  /// Parts the people of a data set.
  ///
  /// - Parameters:
  ///   - dataset: The pictures; it says whom they show.
  ///   - count: How many of the last people are held out.
  /// - Throws: `ConfigurationError` if there are too few people, or the data set knows none.
  package init(_ dataset: any Dataset, heldOut count: Int) throws(ConfigurationError) {
    let people = try Self.people(of: dataset)
    let known = Set(people).sorted()
    guard count >= Self.fewestHeldOut, count <= known.count - 2 else {
      throw ConfigurationError(
        "heldOut: expected \(Self.fewestHeldOut) people or more, and all but 2 at most, "
          + "found \(count) of \(known.count)")
    }
    let first = known.count - count
    let rank = Dictionary(uniqueKeysWithValues: zip(known, 0...))
    var (learned, heldOut) = ([Int](), [[Int]](repeating: [], count: count))
    for (index, person) in people.enumerated() {
      guard let place = rank[person] else { continue }
      if place < first { learned.append(index) } else { heldOut[place - first].append(index) }
    }
    (self.learned, self.heldOut) = (learned, heldOut)
    places = rank.filter { $0.value < first }
  }

  /// How many people a data set shows.
  ///
  /// - Parameter dataset: The pictures.
  /// - Returns: The number of those of whom there is a picture.
  /// - Throws: `ConfigurationError` if it does not say whom pictures show.
  package static func count(of dataset: any Dataset) throws(ConfigurationError) -> Int {
    Set(try people(of: dataset)).count
  }

  /// Whom each picture shows.
  private static func people(of dataset: any Dataset) throws(ConfigurationError) -> [Int] {
    let people = (0..<dataset.count).compactMap { dataset.person(at: $0) }
    guard people.count == dataset.count else {
      throw ConfigurationError(
        "data: expected pictures of people, each with a class, found \(dataset.name) without them")
    }
    return people
  }
}
