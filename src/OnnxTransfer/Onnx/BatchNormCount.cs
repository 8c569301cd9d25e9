namespace OnnxTransfer.Onnx;

/// <summary>What <see cref="BatchNormFolding"/> did.</summary>
/// <param name="Folded">Nodes that are gone: batch norms, and multiplications and additions per channel.</param>
/// <param name="Left">Batch norms that remain, since nothing before or after them can take them exactly.</param>
public readonly record struct BatchNormCount(int Folded, int Left);
