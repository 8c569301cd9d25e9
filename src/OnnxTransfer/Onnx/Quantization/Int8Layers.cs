using OnnxTransfer.Onnx.Proto;

namespace OnnxTransfer.Onnx.Quantization;

/// <summary>Which single nodes ONNX Runtime has 8-bit kernels for.</summary>
internal static class Int8Layers
{
    /// <summary>Whether the operator multiplies activations by weights.</summary>
    public static bool Multiplies(NodeProto node) => node.IsStandard("Conv", "Gemm", "MatMul");

    /// <summary>Why a node that multiplies cannot do so in 8 bits; null where it can.</summary>
    public static string? WhyNot(NodeProto node, Constants constants)
    {
        if (node.Input.Count < 2 || constants[node.Input[1]] is not { } weights)
        {
            return "its weights are computed";
        }

        if ((ElementType)weights.DataType != ElementType.Float || TensorData.Floats(weights) is not { Length: > 0 } values)
        {
            return $"its weights are {((ElementType)weights.DataType).ToString().ToLowerInvariant()}, not float32";
        }

        if (!Array.TrueForAll(values, float.IsFinite))
        {
            return "its weights are not all finite";
        }

        var fits = node.OpType switch
        {
            "Conv" => weights.Dims.Count is 3 or 4 or 5,
            "Gemm" => weights.Dims.Count == 2 && node.Long("transA", 0) == 0 && node.Float("alpha", 1) == 1 && node.Float("beta", 1) == 1,
            _ => weights.Dims.Count == 2,
        };
        return !fits ? "its form has no 8-bit kernel"
            : node.Input.Count > 2 && node.Input[2].Length > 0 && Bias(node, constants) is null ? "its bias is not one constant a channel"
            : null;
    }

    /// <summary>Output channels, and how far they lie apart in the weights.</summary>
    public static (int Channels, int Stride, int Axis) Channels(NodeProto node, TensorProto weights)
    {
        var outputsFirst = node.OpType == "Conv" || (node.OpType == "Gemm" && node.Long("transB", 0) != 0);
        var (channels, axis) = outputsFirst ? ((int)weights.Dims[0], 0) : ((int)weights.Dims[1], 1);
        return (channels, outputsFirst ? (int)(TensorData.Count(weights) / channels) : 1, axis);
    }

    /// <summary>The bias, one number an output channel; empty where there is none, null where it is anything else.</summary>
    public static double[]? Bias(NodeProto node, Constants constants)
    {
        if (node.Input.Count < 3 || node.Input[2].Length == 0)
        {
            return [];
        }

        var channels = Channels(node, constants[node.Input[1]]!).Channels;
        return constants[node.Input[2]] is { } bias && (ElementType)bias.DataType == ElementType.Float && bias.Dims.Count > 0 && bias.Dims[^1] == channels
            && TensorData.Doubles(bias) is { } values && values.Length == channels && Array.TrueForAll(values, double.IsFinite) ? values : null;
    }

    /// <summary>Whether the operator only picks or moves values of its first input, whatever their type, the rest being constants.</summary>
    public static bool Moves(NodeProto node, Constants constants) =>
        (node.IsStandard("Flatten", "Reshape", "Squeeze", "Unsqueeze", "Transpose", "Slice", "Identity") || IsMaximum(node) || PadsWithZero(node, constants))
        && node.Input.Skip(1).All(name => name.Length == 0 || constants[name] is not null);

    /// <summary>Whether it is a ReLU, or a Clip whose lower bound is 0.</summary>
    public static bool IsRectifier(NodeProto node, Constants constants) => node.IsStandard("Relu")
        || (node.IsStandard("Clip") && node.Input.Count > 1 && constants[node.Input[1]] is { } low && TensorData.Doubles(low) is [0]
            && (node.Input.Count < 3 || node.Input[2].Length == 0 || constants[node.Input[2]] is not null));

    private static bool IsMaximum(NodeProto node) => node.IsStandard("MaxPool") && node.Output.Count == 1 && node.Longs("dilations")?.All(d => d == 1) != false;

    private static bool PadsWithZero(NodeProto node, Constants constants) => node.IsStandard("Pad") && node.Text("mode", "constant") == "constant"
        && (node.Input.Count < 3 || node.Input[2].Length == 0 || (constants[node.Input[2]] is { } value && TensorData.Doubles(value) is [0]));
}
