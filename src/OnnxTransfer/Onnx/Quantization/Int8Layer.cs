namespace OnnxTransfer.Onnx.Quantization;

/// <summary>A layer of a plan.</summary>
/// <param name="Name">The tensor it gives, by which it can be kept in float32.</param>
/// <param name="Operator">Conv, Gemm, MatMul or BatchNormalization.</param>
/// <param name="Stays">Why it stays in float32; null where it computes in int8.</param>
public sealed record Int8Layer(string Name, string Operator, string? Stays);
