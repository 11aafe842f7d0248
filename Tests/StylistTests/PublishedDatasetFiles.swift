// Small files in the layouts of the published data sets, under the names that they come with.

import Formats
import Foundation
import TestSupport

/// Writes a picture or two of each published data set that the documentation names.
///
/// - Parameter folder: Where the data sets will lie beside one another.
/// - Throws: What writing throws.
func writePublishedDatasets(in folder: String) throws {
  func write(_ bytes: [UInt8], to name: String) throws {
    let place = URL(filePath: "\(folder)/\(name)")
    try FileManager.default.createDirectory(
      at: place.deletingLastPathComponent(), withIntermediateDirectories: true)
    try put(bytes, at: place.path)
  }
  func picture(_ width: Int, _ height: Int) -> ByteImage {
    noise(width: width, height: height, channels: 3, seed: UInt32(width))
  }
  func png(_ side: Int) throws -> [UInt8] { try PNG(image: picture(side, side)).encoded() }
  func bytes(_ count: Int) -> [UInt8] { picture(count, 1).pixels.prefix(count) + [] }
  func index(_ shape: [Int]) -> [UInt8] {
    let lengths = shape.flatMap { Array(littleEndian(UInt32($0)).reversed()) }
    let elements = bytes(shape.reduce(1, *)).map { $0 % 10 }
    return [0, 0, 8, UInt8(shape.count)] + lengths + elements
  }
  func packed(_ entries: [TarAssembler.Entry]) -> [UInt8] {
    let archive = TarAssembler(entries).bytes
    return gzip(deflateStored(archive), of: archive)
  }

  // Faces, with a list of attributes each.
  for (pictures, list, name, width, height) in [
    ("img_align_celeba", "list_attr_celeba.txt", "000001.jpg", 178, 218),
    ("CelebA-HQ-img", "CelebAMask-HQ-attribute-anno.txt", "0.jpg", 64, 64),
  ] {
    try FileManager.default.createDirectory(
      atPath: "\(folder)/\(pictures)", withIntermediateDirectories: false)
    try picture(width, height).write(to: "\(folder)/\(pictures)/\(name)")
    try write(Array("1\r\nSmiling Male\r\n\(name)  1 -1\r\n".utf8), to: list)
  }

  // Folders of pictures, and a database.
  try write(png(64), to: "images1024x1024/00000/00000.png")
  for animal in ["cat", "dog", "wild"] { try write(png(32), to: "afhq/train/\(animal)/a.png") }
  let database = LMDBAssembler([("0a", try png(32)), ("1b", try png(64))])
  try write(database.bytes, to: "church_outdoor_train_lmdb/data.mdb")

  // Plain samples.
  try write(
    packed(
      (1...5).map { .init("cifar-10-batches-bin/data_batch_\($0).bin", [3] + bytes(3072)) }),
    to: "cifar-10-binary.tar.gz")
  try write(
    packed([
      .init("cifar-100-binary/train.bin", [1, 2] + bytes(3072)),
      .init(
        "cifar-100-binary/fine_label_names.txt",
        Array((0..<100).map { "class\($0)\n" }.joined().utf8)),
    ]), to: "cifar-100-binary.tar.gz")
  for (part, count) in [("train", 2), ("unlabeled", 3)] {
    try write(bytes(count * 3 * 96 * 96), to: "stl10_binary/\(part)_X.bin")
  }
  try write([1, 10], to: "stl10_binary/train_y.bin")
  try write(index([2, 28, 28]), to: "mnist/train-images-idx3-ubyte")
  try write(index([2]), to: "mnist/train-labels-idx1-ubyte")
}
