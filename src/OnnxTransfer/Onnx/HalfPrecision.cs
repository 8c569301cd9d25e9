using OnnxTransfer.Onnx.Proto;

namespace OnnxTransfer.Onnx;

/// <summary>Converts float32 (and float64) networks to float16 inside.</summary>
public static class HalfPrecision
{
    /// <summary>
    /// Makes the weights and activations float16, half the size; inputs and outputs keep their types, with Casts in between.
    /// </summary>
    /// <remarks>
    /// float16 begins where a Conv, ConvTranspose, Gemm or MatMul multiplies; every other operator works in the type it is
    /// given, so that pixels are normalised in float32, and what follows an operator kept in float32 stays so until the next
    /// multiplication. Kept in float32 are softmaxes, exponentials, logarithms and powers, sums over places (Reduce*,
    /// GlobalAveragePool), normalisation layers that compute their statistics, random numbers, quantisation, operators of
    /// other domains, and sizes and scales of Resize. A BatchNormalization with constant statistics gets its variance moved
    /// into its scale, where neither it nor epsilon underflows. Weights beyond 65504, float16's largest number, become
    /// 65504; those below 3e-8 become zero. Activations beyond 65504 become infinite: hold the embeddings against
    /// float32's. Fold batch norms first (<see cref="BatchNormFolding"/>). What no output needs is left out, as by <see cref="Cut"/>.
    /// </remarks>
    /// <param name="model">The model; one without float32 or float64 multiplications is returned itself.</param>
    /// <exception cref="OnnxException">A node holds a graph of its own (If, Loop, Scan), or the operator set is older than 7.</exception>
    public static OnnxModel Convert(OnnxModel model)
    {
        if (model.Graph.Node.FirstOrDefault(n => n.HoldsGraphs()) is { } node)
        {
            throw new OnnxException($"{model.Source}: {ShortNames.Of(node)} holds a graph of its own; "
                + "expected a network without If, Loop and Scan for half precision: export it without control flow, or run it in float32");
        }

        var builder = GraphBuilder.Over(model);
        return new HalfConversion(builder).Run() ? Cut.At(builder.Build(), [.. model.Outputs.Select(o => o.Name)]) : model;
    }

    /// <summary>Whether the operator multiplies with weights: where float16 begins.</summary>
    internal static bool Begins(NodeProto node) => node.IsStandard("Conv", "ConvTranspose", "Gemm", "MatMul");

    /// <summary>Whether the operator needs more digits or range than float16 has, or is not defined for it.</summary>
    internal static bool NeedsMore(NodeProto node) => node.Domain is not ("" or "ai.onnx") || node.OpType.StartsWith("Reduce", StringComparison.Ordinal)
        || node.OpType is "GlobalAveragePool" or "GlobalLpPool" or "CumSum" or "Exp" or "Log" or "Pow"
            or "Softmax" or "LogSoftmax" or "Hardmax" or "LRN" or "LpNormalization" or "MeanVarianceNormalization"
            or "LayerNormalization" or "InstanceNormalization" or "GroupNormalization" or "RMSNormalization" or "BatchNormalization"
            or "RandomNormalLike" or "RandomUniformLike" or "Bernoulli" or "Multinomial" or "Range" or "IsInf"
            or "RNN" or "LSTM" or "GRU" or "NonMaxSuppression" or "RoiAlign" or "GridSample"
            or "QuantizeLinear" or "DequantizeLinear" or "DynamicQuantizeLinear" or "QLinearConv" or "QLinearMatMul";

    /// <summary>Whether ONNX defines an input as float32 whatever the type of the rest: scales and regions of Resize, the ratio of Dropout.</summary>
    internal static bool StaysFloat(NodeProto node, int input) => input > 0 && node.OpType is "Resize" or "Upsample" or "Dropout";
}
