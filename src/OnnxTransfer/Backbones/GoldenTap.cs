using OnnxTransfer.Onnx;

namespace OnnxTransfer.Backbones;

/// <summary>One tap's embedding of the golden image, held against the golden one.</summary>
/// <param name="Name">The tap.</param>
/// <param name="Pooling">How it became a vector.</param>
/// <param name="Width">The length of that vector.</param>
/// <param name="Difference">The largest difference, relative to the largest golden value of the tap; NaN where a number is not finite.</param>
/// <param name="Cosine">Between the two vectors; NaN likewise.</param>
public sealed record GoldenTap(string Name, TapPooling Pooling, int Width, double Difference, double Cosine);
