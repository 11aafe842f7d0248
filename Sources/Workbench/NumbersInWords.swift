// Numbers as people read them.

import Foundation

/// So many things, such as `1 picture` or `2,000 pictures`.
func counted(_ number: Int, _ thing: String, _ plural: String? = nil) -> String {
  "\(grouped(number)) \(number == 1 ? thing : plural ?? thing + "s")"
}

/// Thousands of images, to the last one.
func kimgText(_ kimg: Double) -> String { wholeText(kimg) ?? "\(kimg)" }

/// A number as people see it in plans and may type it again.
func fourDigits(_ number: Double) -> String {
  wholeText(number) ?? String(format: "%.4g", number)
}

private func wholeText(_ number: Double) -> String? {
  Int(exactly: number).map { number < 1e12 ? grouped($0) : "\($0)" }
}

/// A number with its digits in groups of three.
func grouped(_ number: Int) -> String {
  var groups: [Substring] = []
  var digits = String(number)[...]
  while digits.count > 3 {
    groups.insert(digits.suffix(3), at: 0)
    digits = digits.dropLast(3)
  }
  return ([digits] + groups).joined(separator: ",")
}
