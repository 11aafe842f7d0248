// The forms of files that hold networks: which program writes them, and under whose names.

/// Which program's files a checkpoint is one of.
public enum CheckpointForm: String, Hashable, Sendable, Encodable {
  /// What NVIDIA's TensorFlow programs write.
  case tensorFlowPickle = "pickle of NVIDIA's TensorFlow networks"
  /// What stylegan2-ada-pytorch and stylegan3 write.
  case torchPickle = "pickle of NVIDIA's PyTorch networks"
  /// State dictionaries as rosinality's program writes them.
  case rosinality = "torch file with rosinality's names"
  /// State dictionaries that NVIDIA's own classes load.
  case nvidiaStates = "torch file with NVIDIA's names"
  /// State dictionaries as the programs of StyleSwin and StyleNAT write them.
  case transformers = "torch file of StyleSwin or StyleNAT"
  /// State dictionaries of encoders, as the programs of pSp and Style Transformer write them.
  case encoders = "torch file of pSp or Style Transformer"
  /// State dictionaries of networks that edit codes, as Style Transformer's program writes them.
  case editors = "torch file of Style Transformer's editing"
  /// State dictionaries of networks whose features are compared.
  case features = "torch file of a feature network"
  /// Feature networks that NVIDIA published as programs, read as data.
  case torchScript = "TorchScript archive of a feature network"
  /// The three files of a detector of faces, as facenet-pytorch and pSp's scripts read them.
  case detector = "folder of MTCNN's networks"
  /// Our own form.
  case networkFile = "Stylist network file"
}
