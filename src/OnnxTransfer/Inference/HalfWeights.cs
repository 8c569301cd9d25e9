using OnnxTransfer.Onnx;

namespace OnnxTransfer.Inference;

/// <summary>Whether a model computes in float16: then tensor cores round nothing further.</summary>
internal static class HalfWeights
{
    /// <summary>Whether all weights that convolutions and matrix products multiply by are float16.</summary>
    public static bool Only(OnnxModel model)
    {
        var types = model.Graph.Initializer.ToDictionary(tensor => tensor.Name, tensor => (ElementType)tensor.DataType, StringComparer.Ordinal);
        var factors = model.Graph.Node.Where(HalfPrecision.Begins).SelectMany(node => node.Input.Where(types.ContainsKey)).Select(name => types[name]).Distinct();
        return factors.SequenceEqual([ElementType.Float16]);
    }
}
