// The published data sets that can be fetched by name, and those that people must ask for.

/// A published data set: where it is, and under whose terms.
public struct FetchableDataset: Hashable, Sendable, Encodable {
  /// What people type.
  public let name: String
  /// What its authors call it.
  public let title: String
  /// The page of its authors.
  public let page: String
  /// What its authors, or those who spread it for them, say about its use.
  public let terms: String
  /// Its files; empty if its authors want people to fetch it themselves.
  public let files: [RemoteFile]
  /// What of the folder with the files `dataset create` reads; nil for the folder.
  public let source: String?

  /// A data set.
  ///
  /// - Parameters:
  ///   - name: What people type.
  ///   - title: What its authors call it.
  ///   - page: The page of its authors.
  ///   - terms: What is said about its use.
  ///   - files: Its files; empty if its authors want people to fetch it themselves.
  ///   - source: What of the folder with the files is read; nil for the folder.
  public init(
    name: String, title: String, page: String, terms: String, files: [RemoteFile],
    source: String?
  ) {
    (self.name, self.title, self.page, self.terms) = (name, title, page, terms)
    (self.files, self.source) = (files, source)
  }

  /// The bytes of all files.
  public var byteCount: Int { files.map(\.byteCount).reduce(0, +) }

  /// Finds a data set by its name.
  ///
  /// - Parameter name: One of the names in `all`, in small letters or large.
  /// - Returns: The data set, or nil if there is none.
  public static func named(_ name: String) -> FetchableDataset? {
    all.first { $0.name == name.lowercased() }
  }

  /// The same files at another place.
  ///
  /// - Parameter folder: The address of the folder that holds them.
  /// - Returns: The data set.
  public func mirrored(at folder: String) -> FetchableDataset {
    FetchableDataset(
      name: name, title: title, page: page, terms: terms,
      files: files.map { $0.mirrored(at: folder) }, source: source)
  }

  /// All data sets by name.
  ///
  /// - Source: CIFAR's and STL-10's MD5 from their authors' pages and programs; the SHA-256 of CIFAR's
  ///   binary versions and of MNIST as TensorFlow's and other collections of data sets check them;
  ///   Fashion-MNIST's MD5 from its repository.
  public static let all: [FetchableDataset] = [
    FetchableDataset(
      name: "cifar10", title: "CIFAR-10", page: "https://www.cs.toronto.edu/~kriz/cifar.html",
      terms: tinyImagesTerms,
      files: [
        RemoteFile(
          url: "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz", byteCount: 170_052_171,
          digest: .sha256("c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd"))
      ], source: "cifar-10-binary.tar.gz"),
    FetchableDataset(
      name: "cifar100", title: "CIFAR-100", page: "https://www.cs.toronto.edu/~kriz/cifar.html",
      terms: tinyImagesTerms,
      files: [
        RemoteFile(
          url: "https://www.cs.toronto.edu/~kriz/cifar-100-binary.tar.gz", byteCount: 168_513_733,
          digest: .sha256("58a81ae192c23a4be8b1804d68e518ed807d710a4eb253b1f2a199162a40d8ec"))
      ], source: "cifar-100-binary.tar.gz"),
    FetchableDataset(
      name: "stl10", title: "STL-10", page: "https://cs.stanford.edu/~acoates/stl10/",
      terms: "no licence is given; the pictures are from ImageNet; its authors ask to cite Coates, "
        + "Lee and Ng, An Analysis of Single Layer Networks in Unsupervised Feature Learning, 2011",
      files: [
        RemoteFile(
          url: "http://ai.stanford.edu/~acoates/stl10/stl10_binary.tar.gz",
          byteCount: 2_640_397_119, digest: .md5("91f7769df0f17e558f3565bffb0c7dfb"))
      ], source: "stl10_binary.tar.gz"),
    FetchableDataset(
      name: "mnist", title: "MNIST", page: "http://yann.lecun.com/exdb/mnist/",
      terms: "Creative Commons Attribution-Share Alike 3.0, Yann LeCun and Corinna Cortes",
      files: indexed(
        at: "https://ossci-datasets.s3.amazonaws.com/mnist",
        [9_912_422, 28_881, 1_648_877, 4_542],
        [
          .sha256("440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609"),
          .sha256("3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c"),
          .sha256("8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6"),
          .sha256("f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6"),
        ]), source: nil),
    FetchableDataset(
      name: "fashion-mnist", title: "Fashion-MNIST",
      page: "https://github.com/zalandoresearch/fashion-mnist", terms: "MIT, Zalando SE",
      files: indexed(
        at: "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com",
        [26_421_880, 29_515, 4_422_102, 5_148],
        [
          .md5("8d4fb7e6c68d591d4c3dfef9ec88bf0d"), .md5("25c81989df183df01b3e8a0aad5dffbe"),
          .md5("bef4ecab320f06d8554ea6380940ec79"), .md5("bb300cfdad3c16e7a12a480ee83cd310"),
        ]), source: nil),
    FetchableDataset(
      name: "celeba", title: "CelebA", page: "https://mmlab.ie.cuhk.edu.hk/projects/CelebA.html",
      terms: "for non-commercial research only, by its authors' agreement", files: [],
      source: "img_align_celeba"),
    FetchableDataset(
      name: "celebahq", title: "CelebA-HQ",
      page: "https://github.com/switchablenorms/CelebAMask-HQ",
      terms: "for non-commercial research and education only", files: [], source: "CelebA-HQ-img"),
    FetchableDataset(
      name: "ffhq", title: "FFHQ", page: "https://github.com/NVlabs/ffhq-dataset",
      terms: "Creative Commons BY-NC-SA 4.0, NVIDIA; each photograph has a licence of its own",
      files: [], source: "images1024x1024"),
    FetchableDataset(
      name: "lsun", title: "LSUN", page: "https://www.yf.io/p/lsun",
      terms: "no licence is given; its authors ask to cite Yu et al., LSUN, 2015", files: [],
      source: "church_outdoor_train_lmdb"),
  ]

  private static let tinyImagesTerms =
    "no licence is given; its author asks to cite Krizhevsky, Learning Multiple Layers of Features "
    + "from Tiny Images, 2009"

  /// The four files of a data set in the form of MNIST.
  private static func indexed(
    at folder: String, _ byteCounts: [Int], _ digests: [ContentDigest]
  ) -> [RemoteFile] {
    let names = [
      "train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz", "t10k-images-idx3-ubyte.gz",
      "t10k-labels-idx1-ubyte.gz",
    ]
    return zip(names, zip(byteCounts, digests)).map { name, rest in
      RemoteFile(url: "\(folder)/\(name)", byteCount: rest.0, digest: rest.1)
    }
  }
}
