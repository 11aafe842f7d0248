// What a mistyped word was probably meant to be.

/// The word that a mistyped one was probably meant to be.
///
/// - Parameters:
///   - word: What was typed, perhaps only the first letters.
///   - words: What could have been meant.
/// - Returns: The nearest word, or nil if even that is far away.
public func suggestion(for word: String, among words: [String]) -> String? {
  guard word.count <= 100 else { return nil }
  let limit = max(3, word.count / 3)
  let near = words.map { (word: $0, distance: editDistance(word, $0)) }
    .min { $0.distance < $1.distance }
  if let near, near.distance <= limit { return near.word }
  guard word.count >= 3 else { return nil }
  return words.filter { $0.hasPrefix(word) }.min { $0.count < $1.count }
}

/// The letters to insert, remove or exchange to make one word of another.
private func editDistance(_ first: String, _ second: String) -> Int {
  let second = Array(second)
  var row = Array(0...second.count)
  for (i, letter) in first.enumerated() {
    var diagonal = row[0]
    row[0] = i + 1
    for j in 0..<second.count {
      let exchange = diagonal + (letter == second[j] ? 0 : 1)
      diagonal = row[j + 1]
      row[j + 1] = min(exchange, diagonal + 1, row[j] + 1)
    }
  }
  return row[second.count]
}
