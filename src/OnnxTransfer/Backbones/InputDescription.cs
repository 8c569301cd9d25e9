using OnnxTransfer.Onnx;

namespace OnnxTransfer.Backbones;

/// <summary>The network's own input: one tensor of images, float32, float16 or float64.</summary>
/// <param name="Tensor">Its name in the graph.</param>
/// <param name="Layout">NCHW or NHWC, of this tensor and of the feature maps that do not say their own.</param>
/// <param name="Height">Rows.</param>
/// <param name="Width">Columns.</param>
/// <param name="Channels">RGB or BGR.</param>
/// <param name="Batch">Images per run where the graph allows no other number; 0 where any fits.</param>
public sealed record InputDescription(string Tensor, TensorLayout Layout, int Height, int Width, ChannelOrder Channels, int Batch = 0);
