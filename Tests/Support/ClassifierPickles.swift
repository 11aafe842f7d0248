// Classifiers of one attribute, and the TensorFlow pickles in which such networks were published.

import Formats
import Layers
package import Networks
package import Tensors

/// A classifier of 8×8 pictures with random weights, whose logits differ from picture to picture.
///
/// - Parameters:
///   - attribute: What it tells.
///   - group: How many pictures it compares with each other.
///   - seed: The seed of the weights.
/// - Returns: The classifier.
package func smallStyleGAN1Classifier(
  _ attribute: String = "Male", group: Int = 1, seed: UInt64 = 1
) -> StyleGAN1Classifier {
  var body = StyleGAN1DiscriminatorConfiguration(resolution: 8)
  (body.featureBase, body.featureMax, body.mbstdGroupSize) = (16, 4, group)
  return StyleGAN1Classifier(
    StyleGAN1ClassifierConfiguration(attribute: attribute, body: body),
    Scope(ParameterStore(), generator: TorchGenerator(seed: seed)))
}

/// A classifier of our own kind for pictures of 8×8 pixels, with random weights.
///
/// - Parameter attributes: What it tells.
/// - Returns: The classifier.
package func smallAttributeClassifier(_ attributes: [String]) -> AttributeClassifier {
  var configuration = AttributeClassifierConfiguration(resolution: 8, attributes: attributes)
  (configuration.channelBase, configuration.channelMax) = (64, 8)
  return AttributeClassifier(
    configuration, Scope(ParameterStore(), generator: TorchGenerator(seed: 1)))
}

/// The pickle of a single network as NVIDIA's first programs wrote it.
///
/// - Parameters:
///   - variables: The network's variables, as they lie in our networks of that family.
///   - arguments: What it was built with; nil stands for Python's `None`.
///   - function: The function that built it.
///   - name: The network's own name.
/// - Returns: The bytes.
package func tensorFlowPickle(
  _ variables: [(name: String, value: Tensor)], arguments: [(name: String, value: Int?)],
  function: String = "D_basic", name: String = "D"
) -> [UInt8] {
  let pickle = PickleAssembler(protocol: 4).global("dnnlib.tflib.network", "Network").ops(")")
    .op(0x81).ops("}(").text("version").int(3).text("name").text(name)
    .text("static_kwargs").ops("}(").then {
      arguments.reduce($0) { pickle, argument in
        let pickle = pickle.text(argument.name)
        return argument.value.map { pickle.int(Int32($0)) } ?? pickle.ops("N")
      }
    }.ops("u").text("components").ops("}").text("build_module_src").text("")
    .text("build_func_name").text(function).text("variables").ops("](").then {
      variables.reduce($0) { pickle, variable in
        pickle.tuple {
          $0.text(variable.name)
            .numPyArray(variable.value.contiguous().values(), variable.value.shape.map(Int32.init))
        }
      }
    }.ops("e").ops("u").ops("b")
  return pickle.region.copy()
}

/// The pickle of a classifier, with what its sizes follow from as arguments.
package func tensorFlowPickle(of classifier: StyleGAN1Classifier) -> [UInt8] {
  let body = classifier.configuration.body
  return tensorFlowPickle(
    classifier.parameters.names(under: "").map { ($0, classifier.parameters[$0]) },
    arguments: [
      ("resolution", body.resolution), ("num_channels", body.imgChannels), ("label_size", 0),
      ("fmap_base", body.featureBase), ("fmap_max", body.featureMax),
      ("mbstd_group_size", body.mbstdGroupSize == 1 ? 0 : body.mbstdGroupSize),
    ])
}
