using OnnxTransfer.Onnx.Proto;

namespace OnnxTransfer.Onnx;

/// <summary>
/// A Conv, ConvTranspose or Gemm with constant weights, and what shall be done to the channels before and after it. The new
/// weights are computed in double from the old ones, so that a chain of changes is rounded once.
/// </summary>
internal sealed class LinearLayer
{
    private readonly NodeProto _node;
    private readonly TensorProto _weights;
    private readonly double[] _bias;
    private readonly int _group;
    private readonly bool _outputsFirst;
    private ChannelAffine _before;
    private ChannelAffine _after;

    private LinearLayer(NodeProto node, TensorProto weights, double[] bias, int inputs, int group, bool outputsFirst)
    {
        (_node, _weights, _bias, _group, _outputsFirst) = (node, weights, bias, group, outputsFirst);
        _before = ChannelAffine.Identity(inputs);
        _after = ChannelAffine.Identity(bias.Length);
    }

    /// <summary>float or double.</summary>
    public ElementType Type => (ElementType)_weights.DataType;

    public int InputChannels => _before.Scale.Length;

    public int OutputChannels => _bias.Length;

    /// <summary>Dimensions of input and output.</summary>
    public int Rank => _weights.Dims.Count;

    /// <summary>The layer a node is; null for other nodes, for weights that are computed, and for types other than float and double.</summary>
    public static LinearLayer? Of(NodeProto node, Constants constants)
    {
        if (!node.IsStandard("Conv", "ConvTranspose", "Gemm") || node.Input.Count < 2 || node.Output.Count != 1
            || constants[node.Input[1]] is not { Dims: [var rows, var columns, ..] } weights || !TensorData.HoldsWideReals(weights))
        {
            return null;
        }

        var group = node.OpType == "Gemm" ? 1 : node.Long("group", 1);
        var outputsFirst = node.OpType == "Conv" || node.Long("transB", 0) != 0;
        var (outputs, inputs) = outputsFirst ? (rows, columns) : (columns, rows);
        (outputs, inputs) = node.OpType == "ConvTranspose" ? (outputs * group, inputs) : (outputs, inputs * group);
        return group < 1 || rows % group != 0 || Bias(node, constants, weights.DataType, (int)outputs) is not { } bias
            ? null
            : new(node, weights, bias, (int)inputs, (int)group, outputsFirst);
    }

    /// <summary>Does <paramref name="affine"/> to the output too; false, with nothing changed, where weights would not be finite.</summary>
    public bool TakeAfter(ChannelAffine affine) => Take(_before, _after.Then(affine));

    /// <summary>
    /// Does <paramref name="affine"/> to the input first; false, with nothing changed, where the layer pads that input with
    /// zeros it would not leave alone, where channels are not the input's second dimension, or weights would not be finite.
    /// </summary>
    public bool TakeBefore(ChannelAffine affine)
    {
        var exact = _node.OpType switch
        {
            "Conv" => affine.KeepsZero || !Pads(),
            "Gemm" => _node.Long("transA", 0) == 0,
            _ => false,
        };
        return exact && Take(affine.Then(_before), _after);
    }

    /// <summary>Gives the node its new weights and bias.</summary>
    public void Write(GraphBuilder builder)
    {
        var (weights, bias) = Compute(_before, _after, TensorData.Doubles(_weights)!);
        var name = _node.Output[0];
        _node.Input[1] = builder.Reals($"{name}_weights", Type, weights, [.. _weights.Dims]);
        var newBias = builder.Reals($"{name}_bias", Type, bias, bias.Length);
        if (_node.Input.Count > 2)
        {
            _node.Input[2] = newBias;
        }
        else
        {
            _node.Input.Add(newBias);
        }

        // The factor of Gemm's bias is in the bias now; alpha stays.
        if (_node.Find("beta") is { } beta)
        {
            _node.Attribute.Remove(beta);
        }
    }

    private bool Take(ChannelAffine before, ChannelAffine after)
    {
        var limit = Type == ElementType.Float ? float.MaxValue : double.MaxValue;
        var (weights, bias) = Compute(before, after, TensorData.Doubles(_weights)!);
        if (!Array.TrueForAll(weights, v => Math.Abs(v) <= limit) || !Array.TrueForAll(bias, v => Math.Abs(v) <= limit))
        {
            return false;
        }

        (_before, _after) = (before, after);
        return true;
    }

    /// <summary>
    /// after(bias + W before(x)) as weights and bias. The weights are Conv [O, I / g, ...], ConvTranspose [I, O / g, ...],
    /// Gemm [I, O] or, transposed, [O, I]; the array given becomes the new ones.
    /// </summary>
    private (double[] Weights, double[] Bias) Compute(ChannelAffine before, ChannelAffine after, double[] weights)
    {
        var bias = (double[])_bias.Clone();
        double alpha = _node.OpType == "Gemm" ? _node.Float("alpha", 1) : 1;
        var (rows, columns) = ((int)_weights.Dims[0], (int)_weights.Dims[1]);
        var places = weights.Length / (rows * columns);
        var e = 0;
        for (var row = 0; row < rows; row++)
        {
            // The channels of the groups before this row's.
            var others = row / (rows / _group) * columns;
            for (var column = others; column < others + columns; column++)
            {
                var (output, input) = _outputsFirst ? (row, column) : (column, row);
                var (factor, shift) = (after.Scale[output] * before.Scale[input], alpha * before.Shift[input]);
                for (var end = e + places; e < end; e++)
                {
                    bias[output] += shift * weights[e];
                    weights[e] *= factor;
                }
            }
        }

        return (weights, [.. bias.Select((b, c) => (after.Scale[c] * b) + after.Shift[c])]);
    }

    private bool Pads() => _node.Text("auto_pad", "NOTSET") switch
    {
        "NOTSET" => _node.Longs("pads")?.Any(p => p != 0) == true,
        "VALID" => false,
        _ => _weights.Dims.Skip(2).Any(k => k != 1),
    };

    /// <summary>The bias of every output channel, Gemm's factor included; zeros where there is none, null where it is not one number a channel.</summary>
    private static double[]? Bias(NodeProto node, Constants constants, int type, int outputs)
    {
        if (node.Input.Count < 3 || node.Input[2].Length == 0)
        {
            return new double[outputs];
        }

        if (constants[node.Input[2]] is not { } tensor || tensor.DataType != type || TensorData.Doubles(tensor) is not { } values
            || (values.Length != outputs && values.Length != 1) || (tensor.Dims.Count > 0 && tensor.Dims[^1] != values.Length))
        {
            return null;
        }

        double beta = node.OpType == "Gemm" ? node.Float("beta", 1) : 1;
        return [.. Enumerable.Range(0, outputs).Select(c => beta * values[values.Length == 1 ? 0 : c])];
    }
}
