// Numbers as people read them.

import Foundation

/// A number with its digits in groups of three.
public func grouped(_ number: Int) -> String {
  var groups: [Substring] = []
  var digits = String(number)[...]
  while digits.count > 3 {
    groups.insert(digits.suffix(3), at: 0)
    digits = digits.dropLast(3)
  }
  return ([digits] + groups).joined(separator: ",")
}

/// A number with at most so many digits behind the point.
public func decimal(_ number: Double, _ digits: Int) -> String {
  var text = String(format: "%.\(digits)f", number)
  guard text.contains(".") else { return text }
  while text.hasSuffix("0") { text.removeLast() }
  return text.hasSuffix(".") ? String(text.dropLast()) : text
}

/// A number of bytes in the unit that people would take.
public func byteCount(_ bytes: Double) -> String {
  for (unit, size) in [("TB", 1e12), ("GB", 1e9), ("MB", 1e6), ("kB", 1e3)] where bytes >= size {
    return "\(decimal(bytes / size, bytes < 10 * size ? 1 : 0)) \(unit)"
  }
  return "\(Int(bytes)) bytes"
}

/// A time as a clock shows it: `3:07`, or `12:03:07` from an hour on.
public func clock(_ seconds: Double) -> String {
  let whole = Int(min(seconds.rounded(), 1e9))
  let (hours, minutes) = (whole / 3600, whole / 60 % 60)
  return hours > 0
    ? String(format: "%d:%02d:%02d", hours, minutes, whole % 60)
    : String(format: "%d:%02d", minutes, whole % 60)
}

/// So many things, such as `1 picture` or `2,000 pictures`.
public func counted(_ number: Int, _ thing: String, _ plural: String? = nil) -> String {
  "\(grouped(number)) \(number == 1 ? thing : plural ?? thing + "s")"
}

/// Thousands of images, to the last one.
func kimgText(_ kimg: Double) -> String { wholeText(kimg) ?? "\(kimg)" }

/// A number that was measured, in as many digits as say something.
func fewDigits(_ number: Double) -> String {
  String(format: number.magnitude >= 1000 ? "%.0f" : "%.4g", number)
}

/// A number as people see it in plans and may type it again.
func fourDigits(_ number: Double) -> String {
  wholeText(number) ?? String(format: "%.4g", number)
}

private func wholeText(_ number: Double) -> String? {
  Int(exactly: number).map { number < 1e12 ? grouped($0) : "\($0)" }
}
