// Latin-1, the alphabet of PNG's keywords and of Python 2's strings in pickles.

/// The text of Latin-1 bytes; every byte is a character.
func latin1(_ bytes: UnsafeRawBufferPointer) -> String {
  // ASCII, nearly always, is the same in UTF-8.
  bytes.allSatisfy { $0 < 0x80 }
    ? String(decoding: bytes, as: UTF8.self)
    : String(String.UnicodeScalarView(bytes.map { Unicode.Scalar($0) }))
}

/// The text in Latin-1, or nil if it holds other characters.
func latin1Bytes(_ text: String) -> [UInt8]? {
  let bytes = text.unicodeScalars.compactMap { UInt8(exactly: $0.value) }
  return bytes.count == text.unicodeScalars.count ? bytes : nil
}
