// The published data sets in small, as the tests assemble them: a few pictures of known noise.

import Formats
import TestSupport

/// The picture of a number, the same in every form.
func sample(_ number: Int, _ size: Int = 32, channels: Int = 3) -> ByteImage {
  noise(width: size, height: size, channels: channels, seed: UInt32(number + 1))
}

/// The samples channel by channel, each by rows or by columns.
func planes(_ image: ByteImage, byColumns: Bool = false) -> [UInt8] {
  (0..<image.channels).flatMap { channel in
    (0..<image.width * image.height).map { place in
      let (row, column) =
        byColumns
        ? (place % image.height, place / image.height) : (place / image.width, place % image.width)
      return image.pixels[(row * image.width + column) * image.channels + channel]
    }
  }
}

/// Records of CIFAR's: the bytes before the samples, then the samples.
func cifarRecords(_ pictures: [(number: Int, before: [UInt8])]) -> [UInt8] {
  pictures.flatMap { $0.before + planes(sample($0.number)) }
}

/// CIFAR-10 with two pictures in each of two batches, one in the others and one in the test batch:
/// picture n has the class 9 - n.
func cifar10() -> [(name: String, content: [UInt8])] {
  let names = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship"]
  return [
    ("data_batch_2.bin", cifarRecords([(2, [7]), (3, [6])])),
    ("data_batch_1.bin", cifarRecords([(0, [9]), (1, [8])])),
    ("test_batch.bin", cifarRecords([(7, [2])])),
    ("batches.meta.txt", Array((names + ["truck"]).joined(separator: "\n").utf8) + [10, 10]),
    ("readme.html", Array("<html>".utf8)),
    ("data_batch_3.bin", cifarRecords([(4, [5])])), ("data_batch_4.bin", cifarRecords([(5, [4])])),
    ("data_batch_5.bin", cifarRecords([(6, [3])])),
  ]
}

/// A batch as Python pickled it.
func cifarPickle(_ numbers: [Int], _ classes: [Int32], key: String = "labels") -> [UInt8] {
  let samples = numbers.flatMap { planes(sample($0)) }
  return PickleAssembler().ops("}(").text("batch_label").text("a batch")
    .text(key).ops("](").then { classes.reduce($0) { $0.int($1) } }.ops("e")
    .text("data").numPyArray(
      [Int32(numbers.count), 3072], type: { $0.numPyType("u1", order: "|") },
      elements: { $0.bytes(samples) }
    ).ops("u.").bytes
}

/// The names of classes as Python pickled them.
func classNamesPickle(_ names: [String], key: String) -> [UInt8] {
  PickleAssembler().ops("}").text(key).ops("](").then { names.reduce($0) { $0.text($1) } }
    .ops("es.").bytes
}

/// STL-10 with three pictures to train on, one to test on and two without classes.
func stl10() -> [(name: String, content: [UInt8])] {
  func samples(_ numbers: [Int]) -> [UInt8] {
    numbers.flatMap { planes(sample($0, 96), byColumns: true) }
  }
  return [
    ("train_X.bin", samples([0, 1, 2])), ("train_y.bin", [10, 1, 4]),
    ("test_X.bin", samples([3])), ("test_y.bin", [2]), ("unlabeled_X.bin", samples([4, 5])),
    (
      "class_names.txt",
      Array("airplane\nbird\ncar\ncat\ndeer\ndog\nhorse\nmonkey\nship\ntruck\n".utf8)
    ),
    ("fold_indices.txt", [1]),
  ]
}

/// An array as MNIST's files hold it.
func idx(_ shape: [Int], _ elements: [UInt8]) -> [UInt8] {
  [0, 0, 8, UInt8(shape.count)]
    + shape.flatMap { Array(littleEndian(UInt32($0)).reversed()) } + elements
}
