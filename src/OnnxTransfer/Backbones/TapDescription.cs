using OnnxTransfer.Onnx;

namespace OnnxTransfer.Backbones;

/// <summary>A tensor that can be taken as embedding.</summary>
/// <param name="Name">What users call it.</param>
/// <param name="Tensor">Its name in the graph.</param>
/// <param name="Shape">[C, H, W] whatever the layout, or [D]; without the batch.</param>
/// <param name="Pooling">How it becomes a vector unless asked otherwise.</param>
/// <param name="Width">The length of that vector.</param>
/// <param name="Layout">Layout of the map in the graph; null: that of the input (graphs made from Keras may turn NHWC into NCHW inside).</param>
public sealed record TapDescription(string Name, string Tensor, IReadOnlyList<int> Shape, TapPooling Pooling, int Width, TensorLayout? Layout = null);
